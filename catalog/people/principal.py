"""Who acts, and by which right: a member of the estate's teams, or the catalog itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.estate.people_rules import RESERVED_MEMBER
from contracts.estate_words import Role

CATALOG: Final = RESERVED_MEMBER
"""The name under which the process acts of itself; no member can be called so."""


@dataclass(frozen=True, slots=True)
class Delegated:
    """A role that another member handed over. `giver_teams` are those in which the giver has the role; `until` in
    Unix seconds, checked when the principal was made."""

    role: Role
    giver: str
    giver_teams: frozenset[str]
    until: int


@dataclass(frozen=True, slots=True)
class Right:
    """By which right a principal acts in a role: its own, or the `giver`'s who delegated it."""

    role: Role
    giver: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """One who acts. `name` is the member's key in `teams.yaml`; `credential` is the public id of the token.

    `memberships` are the member's roles by team: who is an architect in one team and a partner developer in
    another is no architect of the other's.
    """

    name: str
    memberships: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    delegated: tuple[Delegated, ...] = ()
    credential: str = field(default="")

    @property
    def teams(self) -> frozenset[str]:
        """Every team that the member is in."""
        return frozenset(self.memberships)

    @property
    def roles(self) -> frozenset[Role]:
        """Every role that the member has of its own, in whichever team."""
        return frozenset().union(*self.memberships.values())

    def right(self, role: Role, *, team: str | None = None, without: frozenset[str] = frozenset()) -> Right | None:
        """The right to act in `role`: for a `team`'s matter only by who has it in that team, where one is named.

        Nobody in `without` counts, neither as the one who acts nor as the one who delegated: an author's right
        does not become another's by being handed over.
        """
        if self.name in without:
            return None
        if role in (self.roles if team is None else self.memberships.get(team, ())):
            return Right(role)
        for each in self.delegated:
            if each.role == role and each.giver not in without and (team is None or team in each.giver_teams):
                return Right(role, each.giver)
        return None
