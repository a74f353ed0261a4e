"""A member's second factors together: which there are, and how each comes and goes."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.login.passkeys import PasskeyEntry, Passkeys
from catalog.login.recovery import RecoveryCodes
from catalog.login.totp import Totp
from catalog.storage.engine import Store
from catalog.storage.tables.login import totp_secrets


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a member has beside a password."""

    totp: bool
    passkeys: tuple[PasskeyEntry, ...]
    recovery_codes: int

    @property
    def any(self) -> bool:
        """Whether there is a second factor. Recovery codes are none: they stand in for one."""
        return self.totp or bool(self.passkeys)

    @property
    def number(self) -> int:
        return int(self.totp) + len(self.passkeys)


class Factors:
    """Finds, adds and removes. Whatever changes stands in the audit log, without anything that opens."""

    def __init__(
        self, store: Store, audit: AuditLog, totp: Totp, recovery: RecoveryCodes, passkeys: Passkeys
    ) -> None:
        self._store = store
        self._audit = audit
        self.totp = totp
        self.recovery = recovery
        self.passkeys = passkeys

    async def of(self, member: str) -> Enrolled:
        """What the member has. Raises SQLAlchemyError."""
        async with self._store.snapshot() as connection:
            return await self.read(connection, member)

    async def read(self, connection: AsyncConnection, member: str) -> Enrolled:
        """The same within a transaction."""
        query = sa.select(sa.func.count()).select_from(totp_secrets).where(totp_secrets.c.member == member)
        return Enrolled(
            bool(await connection.scalar(query)),
            await self.passkeys.of(connection, member),
            await self.recovery.left(connection, member),
        )

    async def added(self, connection: AsyncConnection, member: str, kind: str, request_id: str) -> tuple[str, ...]:
        """Tells of a factor that was just added. With the first one come recovery codes, else none."""
        await self.tell(connection, "added", member, kind, member, "", request_id)
        if await self.recovery.left(connection, member):
            return ()
        return await self.recovery.make(connection, member)

    async def drop_all(
        self, connection: AsyncConnection, member: str, actor: str, reason: str, request_id: str
    ) -> None:
        """Ends all of them, and the recovery codes."""
        had = await self.read(connection, member)
        await self.totp.drop(connection, member)
        await self.passkeys.drop(connection, member)
        await self.recovery.drop(connection, member)
        if had.any:
            await self.tell(connection, "removed", member, "all", actor, reason, request_id)

    async def tell(
        self,
        connection: AsyncConnection,
        action: str,
        member: str,
        kind: str,
        actor: str,
        reason: str,
        request_id: str,
    ) -> None:
        """An entry of the audit log about a second factor."""
        event = Event(
            subject="second-factor",
            action=action,
            object=f"{member}/{kind}",
            actor=actor,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)
