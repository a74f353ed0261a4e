"""Which roles members would have again, if an earlier `teams.yaml` came back into force. No I/O."""

from collections.abc import Iterator

import msgspec

from contracts.estate_files import TeamsFile
from contracts.estate_words import Role


class Regained(msgspec.Struct, frozen=True, order=True):
    """A role that a member had in a team, and has no more."""

    member: str
    team: str
    role: Role

    @property
    def words(self) -> str:
        """`ines is architect of sales`."""
        return f"{self.member} is {self.role} of {self.team}"


def regained_roles(there: TeamsFile, back: TeamsFile) -> tuple[Regained, ...]:
    """What `back` gives that `there` does not, by member."""
    return tuple(sorted(set(_roles(back)) - set(_roles(there))))


def _roles(teams: TeamsFile) -> Iterator[Regained]:
    for team, entry in teams.teams.items():
        for name, member in entry.members.items():
            for role in member.roles:
                yield Regained(name, team, role)
