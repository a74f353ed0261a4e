"""Pushed authorisation requests (RFC 9126), kept until their client has its answer.

A request URI has to come to us within `LIFE`, once. Who comes with it may then take their time to log in: it stays
theirs, by a cookie of their browser, and is nobody else's (RFC 9126 §7.3). With the answer it is over.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.oauth.wire.parameters import Parameters, parameters_of
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import pushed_requests

LIFE: Final = 90
"""Seconds within which a request URI has to be used."""
OPEN: Final = 900
"""Seconds that a person then has to log in and to decide."""
PREFIX: Final = "urn:ietf:params:oauth:request_uri:"

_columns = pushed_requests.c


@dataclass(frozen=True, slots=True)
class Opened:
    """A pushed request in a browser. `cookie` is what that browser is known by, and `at` (Unix seconds) when it
    came first."""

    parameters: Parameters
    at: int
    cookie: str = field(repr=False)


class PushedRequests:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def push(self, client_id: str, parameters: Parameters) -> str:
        """The request URI of a request that was found to be good."""
        uri, now = PREFIX + secrets.token_urlsafe(32), int(self._clock())
        async with self._store.write() as connection:
            await connection.execute(
                sa.insert(pushed_requests).values(
                    digest=_digest(uri),
                    client_id=client_id,
                    parameters=msgspec.json.encode(parameters.pairs()).decode(),
                    created_at=now,
                    expires_at=now + LIFE,
                )
            )
        return uri

    async def open(self, uri: str, client_id: str, cookie: str | None) -> Opened | None:
        """The request for the browser that came with it first; None for everybody else, and when it is over."""
        now = int(self._clock())
        async with self._store.write() as connection:
            row = (await connection.execute(_by(uri))).one_or_none()
            if row is None or row.client_id != client_id or row.answered_at is not None or row.expires_at <= now:
                return None
            parameters = parameters_of(msgspec.json.decode(row.parameters, type=list[tuple[str, str]]))
            if row.opened_at is not None:
                same = cookie is not None and hmac.compare_digest(row.browser, _digest(cookie))
                return Opened(parameters, row.opened_at, cookie or "") if same else None
            fresh = cookie or secrets.token_urlsafe(32)
            await connection.execute(
                sa.update(pushed_requests)
                .where(_columns.digest == row.digest)
                .values(opened_at=now, browser=_digest(fresh), expires_at=now + OPEN)
            )
            return Opened(parameters, now, fresh)

    async def answered(self, connection: AsyncConnection, uri: str) -> bool:
        """Notes that the client gets its answer, in the caller's transaction; False where it got one before."""
        changed = await connection.execute(
            sa.update(pushed_requests)
            .where(_columns.digest == _digest(uri), _columns.answered_at.is_(None))
            .values(answered_at=int(self._clock()))
        )
        return changed.rowcount == 1

    async def forget(self, connection: AsyncConnection) -> None:
        """Removes those that are over."""
        await connection.execute(sa.delete(pushed_requests).where(_columns.expires_at <= int(self._clock())))


def _by(uri: str) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(pushed_requests).where(_columns.digest == _digest(uri))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
