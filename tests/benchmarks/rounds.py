"""Rounds with processes of their own.

One process can be a quarter slower than another of the same program, for as long as it lives, and nobody knows why
(`docs/performance.md`). So each round starts all peers anew, and a median over rounds is one over processes too.
"""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.peers import PEERS
from tests.benchmarks.processes import PeerError, Running
from tests.benchmarks.setting import Setting


def rounds_of(
    setting: Setting, peers: Iterable[str], number: int, missing: dict[str, str], *, anew: bool = True
) -> Iterator[tuple[int, dict[str, Running]]]:
    """The number of each round, from 0 on, and the peers that run in it. Those that cannot be started go to
    `missing`. Unless `anew`, all rounds have the processes of the first."""
    started = 1 if anew else number
    for first in range(0, number, started):
        own = replace(setting, directory=Path(tempfile.mkdtemp(dir=setting.directory)))
        with _running(own, peers, missing) as running:
            for each in range(first, first + started):
                yield each, running


@contextlib.contextmanager
def _running(setting: Setting, peers: Iterable[str], missing: dict[str, str]) -> Iterator[dict[str, Running]]:
    with contextlib.ExitStack() as stack:
        running: dict[str, Running] = {}
        for peer in peers:
            if peer in missing:
                continue
            try:
                running[peer] = stack.enter_context(PEERS[peer](setting, peer))
            except PeerError as error:
                missing[peer] = str(error)
        yield running
