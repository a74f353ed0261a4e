"""From one snapshot to the next: built beside the one in force, swapped in, and the old one taken apart."""

import asyncio
import gc
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from contracts.packed import Steps
from contracts.snapshot import PackedSnapshot, SnapshotError
from gateway.collector import keep_what_is_there, without_full_collections
from gateway.runtime import Runtime, RuntimeBuilder, dismantle
from gateway.slices import in_slices
from gateway.telemetry.counting import Counting

log = structlog.get_logger()

_LARGE: Final = 2_000
"""Operations from which on a collection that looks at all of them is felt."""


class Serving(Protocol):
    """Where the runtime in force is, and how many requests are open."""

    runtime: Runtime | None
    open: int


class Changeover:
    """Puts snapshots in force. All ways raise what `RuntimeBuilder.steps` raises; what is in force then stays."""

    def __init__(self, builder: RuntimeBuilder, serving: Serving, counting: Counting) -> None:
        self._builder = builder
        self._serving = serving
        self._counting = counting
        self._turn = asyncio.Lock()

    def at_once(self, snapshot: PackedSnapshot) -> None:
        """For a process that does not serve yet: what it stored when that was in force."""
        with without_full_collections():
            self._swap(self._builder.build(snapshot, self._serving.runtime, stored=True))
        gc.collect()
        keep_what_is_there()

    async def in_background(self, snapshot: PackedSnapshot) -> None:
        """While requests go on. One call at a time."""
        async with self._turn:
            await self._change(self._builder.steps(snapshot, self._serving.runtime))

    async def renew(self, load: Callable[[], PackedSnapshot | None]) -> None:
        """The upstreams' secrets have changed: takes up what `load` finds on disk once more, if it is what is in
        force. `load` may block. Raises OSError too."""
        async with self._turn:
            current = self._serving.runtime
            stored = await asyncio.to_thread(load)
            if current is None or stored is None or stored.manifest.contracts != current.manifest.contracts:
                raise SnapshotError("what is in force is not what is on disk; the next snapshot will take them up")
            assert stored.contracts is not None
            await self._change(self._builder.renewed(stored.contracts, current))

    async def _change(self, steps: Steps[Runtime]) -> None:
        serving = self._serving

        def busy() -> int:
            return serving.open

        with without_full_collections():
            runtime = await in_slices(steps, busy)
            previous = serving.runtime
            if runtime is previous:
                return
            self._swap(runtime)
            if previous is not None:
                await in_slices(dismantle(previous, runtime), busy)
        if runtime.size >= _LARGE and (previous is None or previous.router is not runtime.router):
            keep_what_is_there()

    def _swap(self, runtime: Runtime) -> None:
        previous, self._serving.runtime = self._serving.runtime, runtime
        self._builder.adopt(runtime, previous)
        self._counting.keep(runtime.serves, runtime.versions)
        log.info(
            "snapshot in force",
            serial=runtime.manifest.serial,
            operations=runtime.size,
            rejected=dict(runtime.rejected),
        )
