"""Grants: what a member gave to a client by one authorisation, and all tokens that come of it.

The refresh tokens of a grant are a family: they end together, and with them the access tokens, which name their
grant (`grant_id`, as in Grant Management for OAuth 2.0). The functions raise SQLAlchemyError.
"""

import secrets
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import DAY
from catalog.oauth.wire.rows import struct_of, values_of
from catalog.storage.tables.oauth import authorization_codes, grants

IDLE: Final = 14 * DAY
"""Seconds after which a grant is over that nobody refreshed."""

GrantState = Literal["active", "ended", "idle", "expired"]

_columns = grants.c


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One grant. Times are Unix seconds.

    No `resources` are all. `bound_to` names the key without which its refresh tokens are worth nothing. Refresh
    tokens of `generation` are good; what came before was exchanged. `consent` is what it was given by, and it ends
    no later than that.
    """

    id: str
    client_id: str
    member: str
    consent: str
    authenticated_at: int
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    bound_to: str
    created_at: int
    expires_at: int
    last_used_at: int
    generation: int = 0
    ended_at: int | None = None
    ended_by: str = ""
    ended_reason: str = ""

    def state(self, now: float) -> GrantState:
        if self.ended_at is not None:
            return "ended"
        if self.expires_at <= now:
            return "expired"
        return "idle" if self.last_used_at + IDLE <= now else "active"


def new_grant_id() -> str:
    """An id that nobody can guess, though it is no secret."""
    return f"gr{secrets.token_hex(11)}"


async def find_grant(connection: AsyncConnection, grant_id: str) -> Grant | None:
    """By its id."""
    row = (await connection.execute(sa.select(grants).where(_columns.id == grant_id))).one_or_none()
    return None if row is None else grant_of(row)


async def add_grant(connection: AsyncConnection, grant: Grant) -> None:
    """Writes a new one."""
    await connection.execute(sa.insert(grants).values(**values_of(grant)))


async def replace_grant(connection: AsyncConnection, grant: Grant) -> None:
    """Writes what it has become."""
    await connection.execute(sa.update(grants).where(_columns.id == grant.id).values(**values_of(grant)))


def grant_of(row: sa.Row[*tuple[Any, ...]]) -> Grant:
    """A row as a value."""
    return struct_of(Grant, row._mapping)


async def forget_old_grants(connection: AsyncConnection, now: int) -> int:
    """Removes grants that have been over for long, with their refresh tokens, and codes; how many grants.

    Until then a second use of a code, or of a refresh token, is recognised as one.
    """
    before = now - 90 * DAY
    await connection.execute(sa.delete(authorization_codes).where(authorization_codes.c.expires_at < now - DAY))
    over = sa.or_(_columns.expires_at < before, _columns.ended_at < before, _columns.last_used_at < before - IDLE)
    gone = await connection.execute(sa.delete(grants).where(over))
    return gone.rowcount
