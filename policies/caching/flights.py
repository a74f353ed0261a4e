"""Requests that would ask an upstream the same thing at the same time: one asks, the others wait for its answer.

Who waits does so for a bounded time. An answer that may not be stored helps nobody else, so that all go on by
themselves; one that never came fails only who asked: the next in line asks again.
"""

import asyncio
from enum import Enum

from policies.exchange import Exchange


class Landing(Enum):
    """What became of the one that asked."""

    STORED = "stored"
    NOT_STORED = "not-stored"
    FAILED = "failed"
    LATE = "late"
    """It is not back in time."""


class Flight:
    """One request that asks for others too."""

    __slots__ = ("_exchange", "_landed")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._landed: asyncio.Future[Landing] | None = None

    async def wait(self, seconds: float) -> Landing:
        if self._landed is None:
            self._landed = asyncio.get_running_loop().create_future()
            # Others count on its answer: it is no longer its client's alone.
            self._exchange.outlives = True
        landed = self._landed
        done, _ = await asyncio.wait({landed}, timeout=seconds)
        return landed.result() if done else Landing.LATE

    def land(self, landing: Landing) -> None:
        if self._landed is not None and not self._landed.done():
            self._landed.set_result(landing)


class Flights:
    """Those that are under way, by the key of what they ask for."""

    def __init__(self) -> None:
        self._by_key: dict[str, Flight] = {}

    def find(self, key: str) -> Flight | None:
        return self._by_key.get(key)

    def begin(self, key: str, exchange: Exchange) -> Flight:
        flight = self._by_key[key] = Flight(exchange)
        return flight

    def end(self, key: str, flight: Flight, landing: Landing) -> None:
        """Ended already is fine."""
        if self._by_key.get(key) is flight:
            del self._by_key[key]
        flight.land(landing)

    def __len__(self) -> int:
        return len(self._by_key)
