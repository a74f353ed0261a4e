"""Turns: only so many go on at once, the others wait in the order in which they came, and nobody waits in vain.

What may go on at once is counted by slots, which several workers share where they share their state. Who waits in
one worker goes in order; between workers that wait for the same it is chance, as each looks again at a random
moment: a worker that gave a turn back has no better prospect of the next than another.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from contracts.problems import Problem, problem
from gateway.upstreams.odoo.flow import Flow
from policies.limits.slots import TAKEN, SlotLimit, SlotMeter, Slots, Taken

LOOK: Final = 0.01
"""Seconds, on average, between two looks at what other workers hold, while somebody waits."""


@dataclass(frozen=True, slots=True)
class NotInTime(Problem):
    """Nothing was asked of the upstream: the call's turn has not come, or would not come in time."""


class Turns:
    """`most` at once of all that share `slots` under `name`; at most `queue` wait here, for up to `wait` seconds.

    `flow` knows how fast turns come. `take` and `give_back` belong to one event loop.
    """

    def __init__(
        self,
        slots: Slots,
        name: str,
        most: int,
        *,
        queue: int,
        wait: float,
        flow: Flow,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._slots = slots
        self._meter = SlotMeter((SlotLimit("turns", most, ("upstream",)),), (f"odoo:{name}",))
        self._queue = queue
        self._wait = wait
        self._flow = flow
        self._chance = chance
        self._line: deque[asyncio.Future[None]] = deque()
        self._given_back = asyncio.Event()
        self._shared = False
        self._serving: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait here."""
        return len(self._line)

    async def take(self, deadline: float) -> NotInTime | None:
        """None once it is the caller's turn, which it has to give back. `deadline` is the loop's time."""
        if not self._line and await self._taken():
            return None
        loop = asyncio.get_running_loop()
        until = min(deadline, loop.time() + self._wait)
        if len(self._line) >= self._queue or loop.time() + self._expected(len(self._line) + 1) > until:
            return self._refusal()
        turn = loop.create_future()
        self._line.append(turn)
        if self._serving is None:
            self._flow.began(loop.time())
            self._serving = loop.create_task(self._serve())
        try:
            async with asyncio.timeout_at(until):
                await turn
        except TimeoutError:
            return None if self._has(turn) else self._refusal()
        except asyncio.CancelledError:
            if self._has(turn):
                self.give_back()
            raise
        return None

    def give_back(self) -> None:
        self._slots.release(self._meter)
        self._given_back.set()

    def _has(self, turn: asyncio.Future[None]) -> bool:
        """Whether a turn that is waited for no more had come already; it leaves the line otherwise."""
        if turn.done() and not turn.cancelled():
            return True
        if turn in self._line:
            self._line.remove(turn)
        return False

    async def _serve(self) -> None:
        """Hands out turns while anybody waits."""
        loop = asyncio.get_running_loop()
        try:
            while self._line:
                self._given_back.clear()
                if await self._taken():
                    self._hand_out(loop.time())
                    continue
                pause = LOOK * (0.5 + self._chance())
                if self._shared:
                    await asyncio.sleep(pause)
                    continue
                try:
                    async with asyncio.timeout(pause):
                        await self._given_back.wait()
                except TimeoutError:
                    pass  # an upstream of before a change may have given one back
        finally:
            self._serving = None

    def _hand_out(self, now: float) -> None:
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                self._flow.moved(now)
                turn.set_result(None)
                return
        self.give_back()  # whoever waited has gone

    async def _taken(self) -> bool:
        taken = self._slots.take(self._meter)
        if not isinstance(taken, Taken):
            self._shared = True
            taken = await taken
        return taken is TAKEN

    def _expected(self, place: int) -> float:
        return self._flow.expected(place, asyncio.get_running_loop().time())

    def _refusal(self) -> NotInTime:
        """`Retry-After` is when those who wait now will have had their turns, as far as can be told."""
        after = max(1, ceil(self._expected(len(self._line) + 1)))
        told = problem("upstream-busy", "Too many calls to the upstream wait for their turn.")
        return NotInTime(told.type, told.detail, headers=(("retry-after", str(after)),))
