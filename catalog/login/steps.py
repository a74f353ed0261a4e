"""A log-in that has begun: what was proved so far, and what the step in hand has to remember.

It is a row of its own under a cookie of its own, for ten minutes, and opens nothing: a session begins only when
all is proved. What it remembers (a secret that is being enrolled, a challenge) is sealed.
"""

from dataclasses import dataclass, field
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from catalog.clock import Clock
from catalog.login import cookies
from catalog.login.keys import LoginKeys, random_token
from catalog.storage.engine import Store
from catalog.storage.tables.login import log_ins

SECONDS: Final = 600


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a step remembers. `totp` is a secret that is being enrolled, `challenge` what a passkey has to sign;
    `state`, `nonce` and `verifier` are of a log-in through an external provider."""

    totp: str = ""
    challenge: bytes = b""
    state: str = ""
    nonce: str = ""
    verifier: str = ""

    def __repr__(self) -> str:
        return "Memory(…)"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a log-in stands. `member` is empty until it is known; `methods` is what was proved (RFC 8176)."""

    member: str
    methods: tuple[str, ...]
    return_to: str
    memory: Memory = field(default_factory=Memory)


class Steps:
    """Keeps the log-ins that have begun. `clock` gives Unix seconds."""

    def __init__(self, store: Store, keys: LoginKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def of(self, request: Request) -> Step | None:
        """The log-in that the browser has begun; None for none, or one that took too long. Raises
        SQLAlchemyError."""
        value = cookies.read(request, cookies.LOG_IN)
        if value is None:
            return None
        digest = self._keys.digest("log-in", value)
        row = await self._store.one(sa.select(log_ins).where(log_ins.c.digest == digest))
        if row is None or row.expires_at <= int(self._clock()):
            return None
        sealed = self._keys.unseal("step", row.sealed, digest.hex())
        if sealed is None:
            return None
        memory = msgspec.json.decode(sealed, type=Memory)
        return Step(row.member, tuple(msgspec.json.decode(row.methods)), row.return_to, memory)

    async def begin(self, connection: AsyncConnection, step: Step, request: Request) -> str:
        """Begins or goes on with a log-in, under a new value: the cookie's. The one before opens nothing more."""
        now = int(self._clock())
        await connection.execute(sa.delete(log_ins).where(log_ins.c.expires_at <= now))
        await self.end(connection, request)
        value = random_token()
        digest = self._keys.digest("log-in", value)
        await connection.execute(
            sa.insert(log_ins).values(
                digest=digest,
                member=step.member,
                methods=msgspec.json.encode(step.methods).decode(),
                return_to=step.return_to,
                sealed=self._keys.seal("step", msgspec.json.encode(step.memory), digest.hex()),
                expires_at=now + SECONDS,
            )
        )
        return value

    async def remember(self, request: Request, memory: Memory) -> None:
        """Changes what the log-in in hand remembers. Raises SQLAlchemyError."""
        digest = self._keys.digest("log-in", cookies.read(request, cookies.LOG_IN) or "")
        sealed = self._keys.seal("step", msgspec.json.encode(memory), digest.hex())
        async with self._store.write() as connection:
            await connection.execute(sa.update(log_ins).where(log_ins.c.digest == digest).values(sealed=sealed))

    async def end(self, connection: AsyncConnection, request: Request) -> bool:
        """Ends it; whether there was one. Of two requests that end the same log-in one is the first."""
        digest = self._keys.digest("log-in", cookies.read(request, cookies.LOG_IN) or "")
        return bool((await connection.execute(sa.delete(log_ins).where(log_ins.c.digest == digest))).rowcount)
