"""Local accounts: a member's password, and whether the member may log in at all.

Who the members are, the estate says. An account is made when it is first needed, and says nothing about roles.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.login.passwords import Passwords
from catalog.storage.engine import Store
from catalog.storage.tables.login import accounts, invitations


@dataclass(frozen=True, slots=True)
class Account:
    """A member's account. Times are Unix seconds; `invited_until` is that of an invitation that was not used
    yet."""

    member: str
    password_set_at: int | None = None
    disabled_at: int | None = None
    disabled_reason: str = ""
    invited_until: int | None = None
    hashed: str = field(default="", repr=False)


class Accounts:
    """Reads and changes accounts. `clock` gives Unix seconds."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock, passwords: Passwords) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._passwords = passwords

    async def of(self, member: str) -> Account:
        """The member's account, which may hold nothing yet. Raises SQLAlchemyError."""
        row = await self._store.one(_QUERY.where(accounts.c.member == member))
        return Account(member) if row is None else _account(row)

    async def all(self) -> dict[str, Account]:
        """Every account that there is, by member. Raises SQLAlchemyError."""
        found = {row.member: _account(row) for row in await self._store.all(_QUERY)}
        return dict(sorted(found.items()))

    async def proves(self, member: str | None, password: str) -> bool:
        """Whether the password is the member's, and the account is not disabled. For None, a name that is
        nobody's, it takes as long. A hash of another strength is made anew. Raises SQLAlchemyError."""
        account = await self.of(member or "")
        same = await self._passwords.same(account.hashed, password)
        if not same or account.disabled_at is not None:
            return False
        if self._passwords.is_dated(account.hashed):
            hashed = await self._passwords.hash(password)
            async with self._store.write() as connection:
                columns = accounts.c
                await connection.execute(
                    sa.update(accounts)
                    .where(columns.member == member, columns.password == account.hashed)
                    .values(password=hashed)
                )
        return True

    async def hash(self, password: str) -> str:
        """The hash of a new password: before the transaction that stores it, which nobody shall wait for."""
        return await self._passwords.hash(password)

    async def put(self, connection: AsyncConnection, member: str, hashed: str, request_id: str) -> None:
        """The member's new password, in the caller's transaction."""
        await self.make(connection, member)
        now = int(self._clock())
        await connection.execute(
            sa.update(accounts).where(accounts.c.member == member).values(password=hashed, password_set_at=now)
        )
        await self.tell(connection, "password-set", member, member, "", request_id)

    async def make(self, connection: AsyncConnection, member: str) -> None:
        """Makes the account where there is none."""
        if await connection.scalar(sa.select(accounts.c.member).where(accounts.c.member == member)) is None:
            await connection.execute(
                sa.insert(accounts).values(
                    member=member, password="", created_at=int(self._clock()), disabled_reason=""
                )
            )

    async def set_disabled(self, connection: AsyncConnection, member: str, at: int | None, reason: str) -> None:
        """Shuts the account since a time, or opens it again with None."""
        await self.make(connection, member)
        await connection.execute(
            sa.update(accounts)
            .where(accounts.c.member == member)
            .values(disabled_at=at, disabled_reason=reason if at is not None else "")
        )

    async def tell(
        self, connection: AsyncConnection, action: str, member: str, actor: str, reason: str, request_id: str
    ) -> None:
        """An entry of the audit log about an account."""
        event = Event(
            subject="account", action=action, object=member, actor=actor, reason=reason, request_id=request_id
        )
        await self._audit.append(connection, event)


_COLUMNS: Final = (
    accounts.c.member,
    accounts.c.password,
    accounts.c.password_set_at,
    accounts.c.disabled_at,
    accounts.c.disabled_reason,
    invitations.c.expires_at,
)
_QUERY: Final = sa.select(*_COLUMNS).select_from(
    accounts.outerjoin(invitations, accounts.c.member == invitations.c.member)
)


def _account(row: sa.Row[*tuple[Any, ...]]) -> Account:
    return Account(
        row.member, row.password_set_at, row.disabled_at, row.disabled_reason, row.expires_at, row.password
    )
