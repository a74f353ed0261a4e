"""When the linter looks at what is in force: after each publication."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.changes.waiver_table import WaiverTable
from catalog.clock import Clock
from catalog.governance.look_table import Look, LookTable, keep
from catalog.governance.looking import look
from catalog.revisions.revision import BadRevision
from catalog.revisions.store import RevisionStore
from catalog.revisions.stored import read_units
from catalog.revisions.units import ESTATE_UNIT, BadPath
from catalog.storage.engine import Store

log = structlog.get_logger("catalog.governance")

EVERY: Final = 5.0
"""Seconds between two rounds."""
_REST: Final = 20.0
"""How many times as long as a look took there is none after it: a large estate that is published all day costs at
most a twentieth of a core."""


class Looks:
    """Looks at what is in force where nobody has yet, in this process or another."""

    def __init__(self, store: Store, key: Ed25519PublicKey, clock: Clock) -> None:
        """`key` is the catalog's snapshot key, by which pointers are proved."""
        self._store = store
        self._table = LookTable(store)
        self._revisions = RevisionStore(store)
        self._waivers = WaiverTable(store)
        self._key = key
        self._clock = clock
        self._not_before = 0.0
        self._given_up: int | None = None  # a publication that cannot be looked at

    async def round(self) -> bool:
        """Whether it looked. Raises SQLAlchemyError."""
        if time.monotonic() < self._not_before:
            return False
        publication = await self._table.waiting()
        if publication is None or publication == self._given_up:
            return False
        units = await read_units(self._revisions, await self._revisions.pointers(), self._key, {})
        if ESTATE_UNIT not in units.files:
            return False
        now = self._clock()
        today = datetime.fromtimestamp(now, UTC).date()
        waived = {(each.unit, each.fingerprint) for each in await self._waivers.granted() if each.holds(today)}
        began = time.monotonic()
        try:
            looked = await asyncio.to_thread(look, units.files, waived, today)
        except (BadRevision, BadPath, OSError) as error:
            log.error("what is in force could not be linted", reason=str(error))
            self._given_up = publication
            return False
        self._not_before = time.monotonic() + _REST * (time.monotonic() - began)
        made = Look(
            publication=publication,
            at=int(now),
            apis=sum(unit != ESTATE_UNIT for unit in units.files),
            errors=looked.total("error"),
            warnings=looked.total("warning"),
            infos=looked.total("info"),
            waived=looked.waived,
        )
        async with self._store.write() as connection:
            return await keep(connection, made, looked.counted)
