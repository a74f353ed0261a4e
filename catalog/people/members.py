"""The members of the estate's teams, and who has which role: a view of `teams.yaml`, without I/O.

A member's key is its name in the whole estate: who is in two teams stands in both under the same key, with the
roles that it has in each (`contracts.estate.rules` refuses one key for two people).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.estate_files import TeamsFile
from contracts.estate_words import Role


@dataclass(frozen=True, slots=True)
class Member:
    """One person. `name` is the key in `teams.yaml`, `title` how they are called, `memberships` roles by team."""

    name: str
    title: str
    email: str
    memberships: Mapping[str, frozenset[Role]]

    def has(self, role: Role, team: str | None = None) -> bool:
        """Whether it has the role of its own, in any team or in this one."""
        if team is not None:
            return role in self.memberships.get(team, ())
        return any(role in roles for roles in self.memberships.values())


@dataclass(frozen=True, slots=True)
class Members:
    """All members by name."""

    teams: TeamsFile
    by_name: Mapping[str, Member] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[str, Member] = {}
        for team, entry in self.teams.teams.items():
            for name, member in entry.members.items():
                before = found[name].memberships if name in found else {}
                memberships = {**before, team: frozenset(member.roles)}
                found[name] = Member(name, member.name, member.email, memberships)
        object.__setattr__(self, "by_name", found)

    def holders(self, role: Role, team: str | None = None) -> tuple[Member, ...]:
        """Who has a role of its own, in any team or in this one, by name."""
        return tuple(each for _, each in sorted(self.by_name.items()) if each.has(role, team))
