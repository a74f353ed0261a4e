"""What every peer is started with."""

import contextlib
import sys
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
    packages: Path | None = None
    """The folder with our gateway's compiled packages; None where they cannot be made."""

    def gateway(self, *, pure: bool = False) -> tuple[list[str], dict[str, str]]:
        """The command that starts our gateway and what its environment needs: compiled, unless `pure`."""
        path = {} if pure or self.packages is None else {"PYTHONPATH": str(self.packages)}
        return [sys.executable, "-P", "-m", "gateway"], path


Start = Callable[[Setting, str], contextlib.AbstractContextManager[Running]]
"""Starts a peer under a name. Raises PeerError."""
