"""Work in the background of the event loop: a slice at a time, with a rest after each.

A worker thread would hold up requests as well, and longer: it gives the interpreter back every 5 ms only, or when
a call of C has ended, and each request asks for it several times.
"""

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator
from typing import Final, TypeVar

from contracts.packed import Steps

T = TypeVar("T")

SLICE: Final = 0.000_25
"""Seconds of work in one go; a step that takes longer is not cut short."""
REST: Final = 0.001
"""Seconds for requests in between. At this ratio four fifths of a core stay theirs."""


_SECOND: Final = 1
_NEVER: Final = 1_000_000_000


@contextlib.contextmanager
def without_full_collections() -> Iterator[None]:
    """While much is made that stays, the collector looks at what is young and not at everything.

    A collection of everything takes 20 ms in an empty gateway and 100 ms with 25,000 operations, and comes the
    more often the more is made.
    """
    first, second, third = gc.get_threshold()
    # Oftener than usual what has been there a little longer: then that takes a fraction of a millisecond as well.
    gc.set_threshold(first, min(second, _SECOND), _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(first, second, third)


def keep_what_is_there() -> None:
    """What is there now stays: no collection looks at it again. What nobody refers to goes all the same, but
    cycles among it stay for good, so that a runtime has none."""
    gc.freeze()


async def in_slices(steps: Steps[T]) -> T:
    """The result of the steps. Cancelling it ends them where they are."""
    clock = time.perf_counter
    with contextlib.closing(steps):
        while True:
            end = clock() + SLICE
            try:
                while clock() < end:
                    next(steps)
            except StopIteration as finished:
                result: T = finished.value
                return result
            await asyncio.sleep(REST)
