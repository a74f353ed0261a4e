"""Python's collector of cycles, kept out of the way of requests.

What a request makes is no cycle and goes with it, so that a search among it finds nothing; and it
searches the more, the more requests are under way.
"""

import contextlib
import gc
from collections.abc import Iterator
from typing import Final

_SELDOM: Final = 10_000
"""Objects that are made, beyond those that went, until the young are searched. Python's own 700 takes a twentieth
of a request's time (measured with POSTs of 2 KB at 32 connections); more than this gains nothing."""
_OFTEN: Final = 700
_SECOND: Final = 1
_NEVER: Final = 1_000_000_000


def collect_seldom() -> None:
    """For a process that serves requests, as long as it lives."""
    gc.set_threshold(_SELDOM, *gc.get_threshold()[1:])


@contextlib.contextmanager
def without_full_collections() -> Iterator[None]:
    """While much is made that stays, the collector looks at what is young and not at everything.

    A collection of everything takes 20 ms in an empty gateway and 100 ms with 25,000 operations, and comes the
    more often the more is made.
    """
    first, second, third = gc.get_threshold()
    # Oftener than usual what is young and what has been there a little longer, as all of it stays: then each takes
    # a fraction of a millisecond.
    gc.set_threshold(min(first, _OFTEN), min(second, _SECOND), _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(first, second, third)


def keep_what_is_there() -> None:
    """What is there now stays: no collection looks at it again. What nobody refers to goes all the same, but
    cycles among it stay for good, so that a runtime has none."""
    gc.freeze()
