"""A shared store for tests whose server is there: a machine that stalls for a moment has not lost it."""

import time
from collections.abc import Callable

from gateway.adapters.shared_store import SharedStore
from tests.gateway.http_harness import PATIENCE


def patient_store(url: str, script: str, clock: Callable[[], float] = time.monotonic) -> SharedStore:
    """As the gateway's own, which waits for a quarter of a second. A server that was killed is missed at once."""
    return SharedStore(url, script, clock, timeout=PATIENCE)
