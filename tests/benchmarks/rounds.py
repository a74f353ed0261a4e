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
    number: int,
    setting: Setting,
    peers: Iterable[str],
    missing: dict[str, str],
    shared: dict[str, Running] | None = None,
) -> Iterator[tuple[int, dict[str, Running]]]:
    """The number of each round, from 0 on, and the peers that run in it: started anew, unless there are some that
    all rounds `shared`."""
    for each in range(number):
        if shared is not None:
            yield each, shared
            continue
        own = replace(setting, directory=Path(tempfile.mkdtemp(dir=setting.directory)))
        with started(own, peers, missing) as running:
            yield each, running


@contextlib.contextmanager
def started(setting: Setting, peers: Iterable[str], missing: dict[str, str]) -> Iterator[dict[str, Running]]:
    """The peers that can be started, until the block ends. Why others cannot goes to `missing`."""
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
