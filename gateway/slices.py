"""Work in the background of the event loop: a slice at a time, with a rest after each.

A worker thread would hold up requests as well, and longer: it gives the interpreter back every 5 ms only, or when
a call of C has ended, and each request asks for it several times.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final, TypeVar

from contracts.packed import Steps

T = TypeVar("T")

SLICE: Final = 0.000_25
"""Seconds of work in one go; a step that takes longer is not cut short."""
REST: Final = 0.001
"""Seconds for requests in between. At this ratio four fifths of a core stay theirs."""
PATIENCE: Final = 3
"""Rests that a slice is put off for."""
IN_A_ROW: Final = 3
"""Slices between two rests, while nobody comes."""


async def in_slices(steps: Steps[T], busy: Callable[[], object] = lambda: False) -> T:
    """The result of the steps. Cancelling it ends them where they are.

    While `busy`, a slice is put off, for at most `PATIENCE` rests: most of the time there is a moment in which
    nobody waits.
    """
    with contextlib.closing(steps):
        try:
            while True:
                for _ in range(PATIENCE):
                    if not busy():
                        break
                    await asyncio.sleep(REST)
                for _ in range(IN_A_ROW):
                    _slice(steps)
                    await asyncio.sleep(0)  # whoever came meanwhile
                    if busy():
                        break
                await asyncio.sleep(REST)
        except _FinishedError as finished:
            result: T = finished.args[0]
            return result


class _FinishedError(Exception):
    """With the result."""


def _slice(steps: Steps[T]) -> None:
    clock = time.perf_counter
    end = clock() + SLICE
    try:
        while clock() < end:
            next(steps)
    except StopIteration as finished:
        raise _FinishedError(finished.value) from None
