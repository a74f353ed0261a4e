"""Upstream credentials that change while the gateway runs: their files are looked at, and taken up when changed.

Only files change: the environment of a process does not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from contracts.snapshot import SnapshotError
from gateway.secrets import UpstreamSecrets

log = structlog.get_logger()

LOOK_EVERY: Final = 1.0
"""Seconds between two looks. What two of them see alike is written to the end."""


class SecretWatch:
    """Calls `renew` when the files have changed, and changed no more. `every` is in seconds."""

    def __init__(
        self, secrets: UpstreamSecrets, renew: Callable[[], Awaitable[None]], *, every: float = LOOK_EVERY
    ) -> None:
        self._secrets = secrets
        self._renew = renew
        self._every = every
        self._taken_up = secrets.state()

    async def run(self) -> None:
        """Until it is cancelled."""
        last = self._taken_up
        while True:
            await asyncio.sleep(self._every)
            before, last = last, self._secrets.state()
            if last is None or last == self._taken_up or last != before:
                continue
            self._taken_up = last
            try:
                await self._renew()
            except (SnapshotError, OSError) as error:
                log.error("upstream secrets not taken up", reason=str(error))
