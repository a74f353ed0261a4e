"""Work in the background of the event loop: a slice at a time, with a rest after each.

A worker thread would hold up requests as well, and longer: it gives the interpreter back every 5 ms only, or when
a call of C has ended, and each request asks for it several times.
"""

import asyncio
import time
from typing import Final, TypeVar

from contracts.packed import Steps

T = TypeVar("T")

SLICE: Final = 0.000_5
"""Seconds of work in one go; a step that takes longer is not cut short."""
REST: Final = 0.002
"""Seconds for requests in between. At this ratio four fifths of a core stay theirs."""


async def in_slices(steps: Steps[T]) -> T:
    """The result of the steps. Cancelling it ends them where they are."""
    clock = time.perf_counter
    while True:
        end = clock() + SLICE
        try:
            while clock() < end:
                next(steps)
        except StopIteration as finished:
            result: T = finished.value
            return result
        await asyncio.sleep(REST)
