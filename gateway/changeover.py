"""From one snapshot to the next: built beside the one in force, swapped in, and the old one taken apart."""

import gc
from typing import Final, Protocol

import structlog

from contracts.snapshot import PackedSnapshot
from gateway.runtime import Runtime, RuntimeBuilder, dismantle
from gateway.slices import in_slices, keep_what_is_there, without_full_collections
from gateway.telemetry.counting import Counting

log = structlog.get_logger()

_LARGE: Final = 2_000
"""Operations from which on a collection that looks at all of them is felt."""


class Serving(Protocol):
    """Where the runtime in force is, and how many requests are open."""

    runtime: Runtime | None
    open: int


class Changeover:
    """Puts snapshots in force. Both ways raise what `RuntimeBuilder.steps` raises; what is in force then stays."""

    def __init__(self, builder: RuntimeBuilder, serving: Serving, counting: Counting) -> None:
        self._builder = builder
        self._serving = serving
        self._counting = counting

    def at_once(self, snapshot: PackedSnapshot) -> None:
        """For a process that does not serve yet: what it stored when that was in force."""
        with without_full_collections():
            self._swap(self._builder.build(snapshot, self._serving.runtime, stored=True))
        gc.collect()
        keep_what_is_there()

    async def in_background(self, snapshot: PackedSnapshot) -> None:
        """While requests go on. One call at a time."""
        serving = self._serving

        def busy() -> int:
            return serving.open

        with without_full_collections():
            runtime = await in_slices(self._builder.steps(snapshot, serving.runtime), busy)
            previous = serving.runtime
            self._swap(runtime)
            if previous is not None:
                await in_slices(dismantle(previous, runtime), busy)
        if len(runtime.router) >= _LARGE and (previous is None or previous.router is not runtime.router):
            keep_what_is_there()

    def _swap(self, runtime: Runtime) -> None:
        previous, self._serving.runtime = self._serving.runtime, runtime
        self._builder.adopt(runtime, previous)
        self._counting.keep(runtime.serves, runtime.versions)
        log.info(
            "snapshot in force",
            serial=runtime.manifest.serial,
            operations=len(runtime.router),
            rejected=dict(runtime.rejected),
        )
