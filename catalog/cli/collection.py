"""Garbage is not looked for where a command makes none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """For work whose documents, and what is found out about them, stay until the process ends: looking for garbage
    in them finds none, and takes a quarter of the time (measured with 5 MB and 1,000 operations). What was made
    meanwhile is not looked through afterwards either, nor when the interpreter ends."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
