"""Each round has processes of its own, unless all are to share them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks import rounds
from tests.benchmarks.processes import PeerError, Running
from tests.benchmarks.setting import Setting
from tests.benchmarks.world import World


class Peers:
    """Counts what is started and ended, and where."""

    def __init__(self) -> None:
        self.directories: list[Path] = []
        self.open = 0

    @contextlib.contextmanager
    def start(self, setting: Setting, name: str) -> Iterator[Running]:
        self.directories.append(setting.directory)
        self.open += 1
        try:
            yield Running(len(self.directories), 0)
        finally:
            self.open -= 1


def absent(setting: Setting, name: str) -> contextlib.AbstractContextManager[Running]:
    raise PeerError(f"{name} is not installed")


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Peers:
    made = Peers()
    monkeypatch.setattr(rounds, "PEERS", {"ours": made.start, "theirs": absent})
    return made


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path, None, 0, World(("t",), {}, ("/a",), ("/b",), b"{}"))


def test_each_round_starts_everything_anew(setting: Setting, peers: Peers) -> None:
    missing: dict[str, str] = {}
    seen = []
    for number, running in rounds.rounds_of(3, setting, ("ours", "theirs"), missing):
        assert peers.open == 1, "those of the round before have ended"
        seen.append((number, {name: each.port for name, each in running.items()}))
    assert seen == [(0, {"ours": 1}), (1, {"ours": 2}), (2, {"ours": 3})]
    assert len(set(peers.directories)) == 3
    assert peers.open == 0
    assert missing == {"theirs": "theirs is not installed"}


def test_a_quick_run_s_rounds_share_what_was_started(setting: Setting, peers: Peers) -> None:
    with rounds.started(setting, ("ours",), {}) as shared:
        for _ in range(2):
            seen = [running["ours"].port for _, running in rounds.rounds_of(3, setting, ("ours",), {}, shared)]
            assert seen == [1, 1, 1]
    assert peers.open == 0


def test_what_fails_in_a_round_leaves_no_process(setting: Setting, peers: Peers) -> None:
    def fail() -> None:
        for _ in rounds.rounds_of(2, setting, ("ours",), {}):
            raise PeerError("broken")

    with pytest.raises(PeerError):
        fail()
    assert peers.open == 0
