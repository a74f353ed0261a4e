"""The benchmark of revocation measures what it says."""

from pathlib import Path

import pytest

from tests.benchmarks import revocation_time
from tests.support.valkey import valkey

ROUNDS = 2
pytestmark = pytest.mark.xdist_group("stack")


async def test_each_round_cuts_off_and_lets_in_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with valkey() as server:
        monkeypatch.setenv("OSTIARY_GATEWAY_WORKERS", "2")
        monkeypatch.setenv("OSTIARY_GATEWAY_ACTIVE_WORKERS", "2")
        monkeypatch.setenv("OSTIARY_GATEWAY_STATE_URL", server.url)
        times = await revocation_time.measure(tmp_path, ROUNDS, connections=4, keys=3)
    assert len(times.answered) == len(times.passed) == ROUNDS
    assert min(times.answered) > 0
    assert min(times.passed) >= 0


def test_times_are_told_by_their_median_and_their_tail() -> None:
    assert revocation_time.told([3.0, 1.0, 2.0]).split() == ["median", "2.0", "p99", "3.0", "most", "3.0"]
