"""Usage on its way to the catalog: gathered every few seconds, kept until the catalog has taken it.

Batches are sent in order and one at a time, so that the catalog knows a repetition by its number. While it does
not answer they wait in memory, one for each hour, up to a bound; beyond it the oldest is given up, and later ones
tell that it is lost. What waits in a process that is killed is lost with it. No request waits for any of this.
"""

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import aiohttp
import structlog

from contracts.usage import batch
from contracts.usage.batch import Batch, CredentialUsed, Lost, Row
from gateway.collector import keep_what_is_there
from gateway.slices import in_slices
from gateway.usage.counting import UsageCounting
from gateway.usage.credentials import CredentialUses, told
from gateway.usage.packing import batch_of, rows_of
from gateway.usage.posting import Post

log = structlog.get_logger()

_HOUR: Final = 3600
_LAST_SECONDS: Final = 3.0
"""In which a process that ends may still tell what it knows."""
GROWN: Final = 10_000
"""Things counted that are new, from which on the garbage collector is spared all of them: they are kept and have
no cycles, and to look at 250,000 takes it 40 ms."""
_REFUSED_FOR_GOOD: Final = frozenset({400, 413, 415, 422})


class _Packed:
    """A batch as it will be sent, and how many calls it tells of."""

    __slots__ = ("calls", "data")

    def __init__(self, data: bytes, calls: int) -> None:
        self.data = data
        self.calls = calls


class UsageReporter:
    """Sends what `counting` counted, and which `credentials` were used. `gateway` is the process's name,
    `interval` in seconds, and `room` the bytes that may wait. `clock` gives Unix seconds, `monotonic` those by
    which exchanges are timed."""

    def __init__(
        self,
        counting: UsageCounting,
        catalog_url: str,
        token: str,
        *,
        credentials: CredentialUses,
        gateway: str,
        session: aiohttp.ClientSession,
        interval: float,
        room: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counting = counting
        self._credentials = credentials
        self._post = Post(session, catalog_url, "/gateway/usage", token)
        self._gateway = gateway
        self._boot = secrets.token_hex(16)
        self._interval = interval
        self._room = room
        self._clock = clock
        self._monotonic = monotonic
        self._sequence = 0
        self._began = int(clock())
        self._waiting: deque[_Packed] = deque()
        self._sending: _Packed | None = None
        self._news = asyncio.Event()
        self._settled = asyncio.Event()  # a batch was sent, or was not
        self._stopping = asyncio.Event()
        self._gathering: asyncio.Task[None]
        self._posting: asyncio.Task[None]
        self._lost_calls = 0  # in batches that were given up
        self._failing = ""
        self.sent = 0
        """Batches that the catalog took."""
        self.dropped = 0
        """Batches that were given up."""
        self.waiting_bytes = 0

    @property
    def lost_calls(self) -> int:
        """Calls that the catalog will not know of."""
        return self._lost_calls + self._counting.overflowed

    def start(self) -> None:
        """Gathers and sends from now on, until `close`."""
        self._gathering = asyncio.create_task(self._gather_forever())
        self._posting = asyncio.create_task(self._send_forever())
        for task in (self._gathering, self._posting):
            task.add_done_callback(_on_end)

    async def close(self) -> None:
        """Tells what is left, if the catalog answers soon."""
        self._stopping.set()
        self._posting.cancel()
        await asyncio.gather(self._gathering, self._posting, return_exceptions=True)
        await self.gather()
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                while self._waiting and await self.send():
                    pass
        except TimeoutError:
            self._take_back()
        if self._waiting:
            calls = sum(packed.calls for packed in self._waiting)
            log.warning("usage not told", batches=len(self._waiting), calls=calls)

    async def _gather_forever(self) -> None:
        while not self._stopping.is_set():
            # At the full hour too, so that a batch is of one hour.
            rest = _HOUR - self._clock() % _HOUR
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(self._interval, rest))
            if self._failing and self._waiting and rest > self._interval:
                # What comes now would only wait as well; in the counts of its hour it takes no more room.
                self._counting.look_again()
                self._news.set()
            else:
                await self.gather()

    async def gather(self) -> None:
        """Makes batches of what was counted since the last time."""
        counted, used = self._counting.take(), self._credentials.take()
        began, self._began = self._began, int(self._clock())
        epoch = self._clock() - self._monotonic()
        rows, credentials = rows_of(counted, epoch), await in_slices(told(used, epoch))
        while (found := await in_slices(batch_of(rows))) or credentials:
            await self._add(began, tuple(found), tuple(credentials.pop(0) if credentials else ()))
        if counted.size - counted.spared >= GROWN:
            counted.spared = counted.size
            keep_what_is_there()
        self._news.set()

    async def _add(self, began: int, rows: tuple[Row, ...], credentials: tuple[CredentialUsed, ...]) -> None:
        self._sequence += 1
        lost = Lost(self.dropped, self.lost_calls)
        made = Batch(1, self._gateway, self._boot, self._sequence, began, self._began, rows, lost, credentials)
        calls = sum(tally.calls for row in rows for tally in row.tallies)
        packed = _Packed(batch.encode(made), calls)
        if self.waiting_bytes + len(packed.data) > self._room:
            await asyncio.sleep(0)  # who sends has just been told of what is before it, perhaps
            while self._sending is not None and self.waiting_bytes + len(packed.data) > self._room:
                # The catalog may take it: a report that is larger than the room goes in pieces.
                self._settled.clear()
                await self._settled.wait()
        self._waiting.append(packed)
        self.waiting_bytes += len(packed.data)
        while self.waiting_bytes > self._room and self._waiting:
            self._give_up(self._waiting.popleft())
        self._news.set()

    async def send(self) -> bool:
        """Sends the oldest batch; False where the catalog did not take it and may do so later."""
        packed = self._sending = self._waiting.popleft()
        try:
            status = await self._post(packed.data)
        finally:
            self._settled.set()
        if isinstance(status, str):
            return self._keep(status)
        if status in _REFUSED_FOR_GOOD:
            # Asked again it would be refused again, and hold up all that comes after it.
            log.error("usage refused", status=status, calls=packed.calls)
            self._sending = None
            self._give_up(packed)
            return True
        if not 200 <= status < 300:
            return self._keep(f"the catalog answered {status}")
        self._sending = None
        self._failing = ""
        self.sent += 1
        self.waiting_bytes -= len(packed.data)
        return True

    async def _send_forever(self) -> None:
        while True:
            self._news.clear()
            try:
                while self._waiting and await self.send():
                    pass
            finally:
                self._take_back()
            await self._news.wait()  # the next interval asks the catalog again

    def _keep(self, reason: str) -> bool:
        if not self._failing:
            log.warning("usage not taken", reason=reason)
        self._failing = reason
        self._take_back()
        return False

    def _take_back(self) -> None:
        """A batch whose sending did not end well is the next again; that the catalog has it after all is known
        there."""
        if self._sending is not None:
            self._waiting.appendleft(self._sending)
            self._sending = None

    def _give_up(self, packed: _Packed) -> None:
        self.dropped += 1
        self._lost_calls += packed.calls
        self.waiting_bytes -= len(packed.data)


def _on_end(task: asyncio.Task[None]) -> None:
    """A fault of ours must not go unseen: from then on calls are served and not told."""
    if not task.cancelled() and task.exception() is not None:
        log.error("usage is told no more", exc_info=task.exception())
