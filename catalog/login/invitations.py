"""Invitations: a code by which a member sets its password, the first or a new one.

A guard issues it and gives it to the member by a way of theirs: it is shown once, is good once, and ends. It
does not stand in an address: the member types or pastes it, so that no log, history or preview of a link has it.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.login.keys import LoginKeys
from catalog.storage.tables.login import invitations

DEFAULT_HOURS: Final = 72
MAX_HOURS: Final = 168

_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH: Final = 30  # of 31 characters: 148 bits


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new invitation. `code` exists nowhere else; `expires_at` in Unix seconds."""

    member: str
    expires_at: int
    code: str = field(repr=False)


class Invitations:
    """Makes and takes them. `clock` gives Unix seconds."""

    def __init__(self, keys: LoginKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def make(
        self, connection: AsyncConnection, member: str, hours: int, actor: str, *, resets_factors: bool
    ) -> Invitation:
        """A new one in place of one before. In the caller's transaction."""
        now = int(self._clock())
        text = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        made = Invitation(member, now + hours * 3600, "-".join(re.findall(".....", text)))
        await self.drop(connection, member)
        await connection.execute(
            sa.insert(invitations).values(
                member=member,
                digest=self._digest(member, made.code),
                resets_factors=resets_factors,
                issued_by=actor,
                issued_at=now,
                expires_at=made.expires_at,
            )
        )
        return made

    async def fits(self, connection: AsyncConnection, member: str, code: str) -> bool:
        """Whether the code is the member's, now."""
        return await self._row(connection, member, code) is not None

    async def take(self, connection: AsyncConnection, member: str, code: str) -> bool | None:
        """Uses one up: whether the second factors end with it; None for a code that is wrong or too old."""
        row = await self._row(connection, member, code)
        if row is None:
            return None
        await self.drop(connection, member)
        return bool(row.resets_factors)

    async def drop(self, connection: AsyncConnection, member: str) -> None:
        """Ends the member's, if there is one."""
        await connection.execute(sa.delete(invitations).where(invitations.c.member == member))

    async def _row(self, connection: AsyncConnection, member: str, code: str) -> sa.Row[*tuple[Any, ...]] | None:
        columns = invitations.c
        query = sa.select(invitations).where(
            columns.member == member, columns.digest == self._digest(member, code)
        )
        row = (await connection.execute(query)).one_or_none()
        return None if row is None or row.expires_at <= int(self._clock()) else row

    def _digest(self, member: str, code: str) -> bytes:
        return self._keys.digest("invitation", f"{member}/{re.sub(r'[^0-9a-z]', '', code.lower())}")
