"""The directory: from a member's name to the principal that acts, by the teams in force and what was delegated."""

from collections.abc import Callable

from catalog.clock import Clock
from catalog.people.delegations import Delegation, Delegations
from catalog.people.members import Members
from catalog.people.principal import Delegated, Principal
from contracts.estate_files import TeamsFile

CurrentTeams = Callable[[], TeamsFile | None]
"""The teams of the estate in force; None while there is no estate."""

_NOBODY = TeamsFile({})


class Directory:
    """Who is who, now. Teams are read from the estate in force each time: who left them acts no more."""

    def __init__(self, teams: CurrentTeams, delegations: Delegations, clock: Clock) -> None:
        self._teams = teams
        self._delegations = delegations
        self._clock = clock
        self._seen: tuple[TeamsFile, Members] | None = None

    @property
    def members(self) -> Members:
        """The members of the estate in force."""
        teams = self._teams() or _NOBODY
        if self._seen is None or self._seen[0] is not teams:
            self._seen = (teams, Members(teams))
        return self._seen[1]

    async def principal(self, name: str, credential: str = "") -> Principal | None:
        """The member as one who acts; None for a name that is in no team. Raises SQLAlchemyError.

        Of what was delegated to it, that counts which its giver could still do, now.
        """
        members = self.members
        member = members.by_name.get(name)
        if member is None:
            return None
        given = await self._delegations.in_force(int(self._clock()), receiver=name)
        delegated = tuple(each for each in (_delegated(members, one) for one in given) if each is not None)
        return Principal(name, member.memberships, delegated, credential)


def _delegated(members: Members, delegation: Delegation) -> Delegated | None:
    giver = members.by_name.get(delegation.giver)
    if giver is None or not giver.has(delegation.role):
        return None
    teams = frozenset(team for team in giver.memberships if giver.has(delegation.role, team))
    return Delegated(delegation.role, giver.name, teams, int(delegation.until.timestamp()))
