"""Previews: the estate in force with an open change on top, for a gateway that was started to show it.

A preview is signed as what it is. No other gateway takes it up, and it has no approval for what nobody approved;
so only a gateway that was told to show this change serves it. Nothing of it is stored.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from cachetools import LRUCache

from catalog.publication import Publisher
from catalog.publishing.planning import Plan
from catalog.refusal import Refusal
from contracts.snapshot import (
    FORMAT,
    Manifest,
    SignedManifest,
    digest_of,
    encode_part,
    sign,
)

Proposed: TypeAlias = Callable[[int], Awaitable[tuple[str, str | None] | None]]
"""The unit and the revision of an open change by its number; None where there is no such change."""

_KEPT: Final = 4
"""Previews that are held in memory, those asked for last."""
_LOOK_SECONDS: Final = 1.0
"""Between two looks at whether a change was pushed to again."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A signed manifest, the digest of its bytes, and the parts that it names by digest."""

    signed: SignedManifest
    digest: str
    parts: dict[str, bytes]


class Previews:
    """Makes previews of open changes, and keeps the last ones."""

    def __init__(self, publisher: Publisher, proposed: Proposed) -> None:
        self._publisher = publisher
        self._proposed = proposed
        self._made: LRUCache[tuple[str, str, str | None], Preview] = LRUCache(_KEPT)
        self._serial = 0

    async def of(self, change: int) -> Preview | Refusal:
        """The preview of a change as it is now. Raises AlteredError, SQLAlchemyError."""
        found = await self._proposed(change)
        current = self._publisher.current
        if found is None or current is None:
            return Refusal("resource-not-found", f"There is no open change {change}.")
        key = (current.digest, *found)
        known = self._made.get(key)
        if known is not None:
            return known
        unit, revision = found
        plan = await self._publisher.plan({unit: revision}, None)
        if isinstance(plan, Refusal):
            return plan
        made = self._made[key] = await self._make(change, plan)
        return made

    async def wait(self, change: int, known: str, seconds: float) -> Preview | Refusal | None:
        """The preview as soon as its digest is not `known`; None when `seconds` pass before that."""
        waited = 0.0
        while True:
            made = await self.of(change)
            if isinstance(made, Refusal) or made.digest != known:
                return made
            current = self._publisher.current
            if waited >= seconds or current is None or self._publisher.closed:
                return None
            step = min(_LOOK_SECONDS, seconds - waited)
            await self._publisher.wait(current.digest, step)
            waited += step

    def part(self, digest: str) -> bytes | None:
        """The bytes of a part of a preview that is held."""
        return next((each.parts[digest] for each in self._made.values() if digest in each.parts), None)

    async def _make(self, change: int, plan: Plan) -> Preview:
        publisher = self._publisher
        # What would be attested if it were published is not attested now.
        fresh = set(plan.attested.fresh)
        approvals = tuple(each for each in plan.contracts.approvals if each not in fresh)
        contracts = encode_part(msgspec.structs.replace(plan.contracts, approvals=approvals))
        async with publisher.store.snapshot() as connection:
            amended = await publisher.amend(connection, plan.access(publisher.issuer))
        access = encode_part(amended)
        now = int(publisher.clock())
        self._serial = max(now, self._serial + 1)
        manifest = Manifest(FORMAT, self._serial, now, contracts[0], access[0], preview=str(change))
        signed = sign(manifest, publisher.keys.snapshot)
        return Preview(signed, digest_of(signed.manifest), dict([contracts, access]))
