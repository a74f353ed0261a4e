"""Who may ask for a client: whoever holds an initial access token, and members by their own tokens.

Nobody registers anonymously, and so each registration has somebody who answers for it.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.credentials.secrets import Secret, parse
from catalog.oauth.registration.initial_access import InitialAccess
from catalog.people.directory import Directory
from catalog.people.tokens import MemberTokens
from catalog.storage.tables.oauth import registrations

AN_HOUR: Final = 10
"""New registrations that one member answers for, in an hour at most."""
WINDOW: Final = 3600
"""Seconds."""

_columns = registrations.c


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who answers for what is registered, and by which credential it is: its public id. `initial` is the initial
    access token itself, which is yet to be spent. `consumer` is whose application it is to be, where that is
    said."""

    team: str
    owner: str
    credential: str
    initial: Secret | None = None
    consumer: str = ""


class TooMany(Exception):
    """A member answers for so many new registrations that the next has to wait."""


class Admission:
    """Every method raises SQLAlchemyError."""

    def __init__(self, initial: InitialAccess, tokens: MemberTokens, directory: Directory, clock: Clock) -> None:
        self._initial = initial
        self._tokens = tokens
        self._directory = directory
        self._clock = clock

    async def admit(self, text: str) -> Admitted | None:
        """Whose token it is; None for nobody's. It is not spent by that."""
        secret = parse(text)
        if secret is None:
            return None
        entry = await self._tokens.verify(text)
        if entry is not None:
            return self._of_member(entry.member, entry.key_id, None)
        found = await self._initial.find(secret)
        return None if found is None else self._of_member(found.owner, found.key_id, secret, found.team)

    async def enter(self, connection: AsyncConnection, admitted: Admitted) -> bool:
        """Spends the token, in the caller's transaction; False where it cannot be any more. Raises TooMany."""
        since = int(self._clock()) - WINDOW
        query = sa.select(sa.func.count()).where(_columns.owner == admitted.owner, _columns.created_at > since)
        if (await connection.scalar(query) or 0) >= AN_HOUR:
            raise TooMany
        return admitted.initial is None or await self._initial.spend(connection, admitted.initial)

    def _of_member(
        self, name: str, credential: str, initial: Secret | None, team: str | None = None
    ) -> Admitted | None:
        member = self._directory.members.by_name.get(name)
        if member is None or (team is not None and team not in member.memberships):
            return None  # who left is answered for by nobody
        return Admitted(team or min(member.memberships), name, credential, initial)
