"""What every peer is started with."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import Running
from tests.benchmarks.world import World


@dataclass(frozen=True)
class Setting:
    """Where a peer runs, and what stands behind it."""

    directory: Path
    core: int | None
    upstream_port: int
    world: World


Start = Callable[[Setting, str], contextlib.AbstractContextManager[Running]]
"""Starts a peer under a name. Raises PeerError."""
