"""Which snapshot each gateway process enforces: it says so with each poll for the next.

A poll comes as soon as another snapshot is in force at a process, so the list tells how far a revocation has come,
within a moment. The catalog's answers wait for none of this, and go on where the store does not answer.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from catalog.clock import DAY, Clock
from catalog.storage.engine import Store
from catalog.storage.tables.security import gateway_polls

log = structlog.get_logger("catalog")

SILENT_SECONDS: Final = 90
"""After which a process that polls every half a minute is taken for silent."""
REMEMBERED_SECONDS: Final = DAY
"""For which a silent one is shown; one that was replaced has another name."""

_AGAIN_SECONDS: Final = 20
"""Before which a poll that tells nothing new is not written."""

_columns = gateway_polls.c


@dataclass(frozen=True, slots=True)
class Follower:
    """A gateway process and the manifest (`sha256:…`, empty for none) that it enforces; times in Unix seconds."""

    gateway: str
    manifest: str
    since: int
    seen_at: int

    def silent(self, now: float) -> bool:
        """Whether it should have polled again since."""
        return now - self.seen_at > SILENT_SECONDS


class Followers:
    """Keeps what polls tell. `clock` gives Unix seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, Follower] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def heard(self, gateway: str, manifest: str) -> None:
        """A process polls, and enforces this. It is written beside the poll."""
        now, known = int(self._clock()), self._known.get(gateway)
        same = known is not None and known.manifest == manifest
        if known is not None and same and now - known.seen_at < _AGAIN_SECONDS:
            return
        since = known.since if known is not None and same else now
        self._known[gateway] = made = Follower(gateway, manifest, since, now)
        task = asyncio.create_task(self._write(made))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def settled(self) -> None:
        """Returns when all that was heard is written, or could not be."""
        while self._writing:
            await asyncio.wait(self._writing)

    async def list(self) -> tuple[Follower, ...]:
        """Those that polled in the last day, by name. Raises SQLAlchemyError."""
        await self.settled()
        lately = _columns.seen_at >= int(self._clock()) - REMEMBERED_SECONDS
        rows = await self._store.all(sa.select(gateway_polls).where(lately).order_by(_columns.gateway))
        return tuple(Follower(row.gateway, row.manifest, row.since, row.seen_at) for row in rows)

    async def _write(self, heard: Follower) -> None:
        mine = _columns.gateway == heard.gateway
        try:
            async with self._store.write() as connection:
                gone = _columns.seen_at < heard.seen_at - REMEMBERED_SECONDS
                await connection.execute(sa.delete(gateway_polls).where(gone))
                known = (await connection.execute(sa.select(gateway_polls).where(mine))).one_or_none()
                values = {"manifest": heard.manifest, "since": heard.since, "seen_at": heard.seen_at}
                if known is None:
                    await connection.execute(sa.insert(gateway_polls).values(gateway=heard.gateway, **values))
                elif known.seen_at <= heard.seen_at:
                    if known.manifest == heard.manifest:  # heard of by another catalog on the same store, too
                        values["since"] = min(known.since, heard.since)
                    await connection.execute(sa.update(gateway_polls).where(mine).values(**values))
        except SQLAlchemyError as error:
            self._known.pop(heard.gateway, None)  # the next poll tells it again
            log.warning("a gateway's poll was not noted", gateway=heard.gateway, error=type(error).__name__)
