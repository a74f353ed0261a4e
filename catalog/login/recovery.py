"""Recovery codes: ten of them, each good once in place of a second factor that was lost.

80 random bits cannot be guessed, so a keyed digest is stored and no slow hash.
"""

import re
import secrets
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.login.keys import LoginKeys
from catalog.storage.tables.login import recovery_codes

NUMBER: Final = 10
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # without what looks like something else
_LENGTH: Final = 16


def new_code() -> str:
    """A random code, in groups of four."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(re.findall("....", text))


class RecoveryCodes:
    """Members' codes. `clock` gives Unix seconds."""

    def __init__(self, keys: LoginKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def make(self, connection: AsyncConnection, member: str) -> tuple[str, ...]:
        """New codes, in place of those before; they exist nowhere else."""
        await self.drop(connection, member)
        codes = tuple(new_code() for _ in range(NUMBER))
        now = int(self._clock())
        rows = [{"digest": self._digest(member, code), "member": member, "created_at": now} for code in codes]
        await connection.execute(sa.insert(recovery_codes), rows)
        return codes

    async def take(self, connection: AsyncConnection, member: str, code: str) -> bool:
        """Whether the code is one of the member's, which it is no more afterwards."""
        digest = self._digest(member, code)
        gone = await connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.digest == digest))
        return bool(gone.rowcount)

    async def left(self, connection: AsyncConnection, member: str) -> int:
        """How many are left."""
        query = sa.select(sa.func.count()).select_from(recovery_codes).where(recovery_codes.c.member == member)
        return int(await connection.scalar(query) or 0)

    async def drop(self, connection: AsyncConnection, member: str) -> None:
        """Ends all of them."""
        await connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.member == member))

    def _digest(self, member: str, code: str) -> bytes:
        plain = re.sub(r"[\s-]", "", code).lower()
        return self._keys.digest("recovery-code", f"{member}/{plain}")
