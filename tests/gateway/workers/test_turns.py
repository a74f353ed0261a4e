"""Workers that are more than their processor cores take longer turns; others are scheduled as any process."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.cli.processes import family
from gateway.workers.turns import TURN
from tests.gateway.gateway_process import public_operations, start
from tests.gateway.gateway_world import orders, snapshot
from tests.gateway.http_harness import raw_upstream
from tests.gateway.workers.test_worker_processes import ask, pids
from tests.support.valkey import valkey

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sched(7) is Linux's")


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """What is started meanwhile has one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def after(workers: int, first: str = "") -> list[str]:
    """What a process that is one of so many `workers` says of itself: whether it takes longer turns, its policy,
    its niceness and the length of its turns in seconds."""
    program = f"""
import os
from gateway.workers.turns import take_turns
{first}
took = take_turns({workers})
found = [line.split()[-1] for line in open("/proc/self/sched") if line.startswith("se.slice")]
print(took, os.sched_getscheduler(0), os.nice(0), *(int(each) / 1e9 for each in found))
"""
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()


def test_workers_that_share_a_core_take_longer_turns() -> None:
    with one_core():
        took, policy, nice, *turn = after(2)
    assert (took, int(policy), int(nice)) == ("True", os.SCHED_BATCH, 0)
    kernel = tuple(map(int, os.uname().release.split(".")[:2]))
    if turn and kernel >= (6, 12):
        assert [float(each) for each in turn] == [TURN]


def test_a_worker_stays_as_nice_as_it_was() -> None:
    with one_core():
        assert after(2, "os.nice(5)")[:3] == ["True", str(os.SCHED_BATCH), "5"]


def test_workers_with_a_core_each_are_scheduled_as_any_process() -> None:
    with one_core():
        assert after(1)[:2] == ["False", str(os.SCHED_OTHER)]
    assert after(len(os.sched_getaffinity(0)))[:2] == ["False", str(os.SCHED_OTHER)]


def test_a_system_that_refuses_is_not_an_error() -> None:
    refused = """
def refuse(*given):
    raise PermissionError(1, "no")
os.sched_setscheduler = refuse
"""
    with one_core():
        assert after(2, refused)[:2] == ["False", str(os.SCHED_OTHER)]


async def test_a_gateway_of_more_workers_than_cores_says_so_and_serves(tmp_path: Path) -> None:
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream() as upstream:
            made = snapshot(orders(*public_operations()), port=upstream.port)
            with one_core():
                running = await start(members, tmp_path / "gateway", made, workers="2", state_url=server.url)
            assert {await ask(running.port) for _ in range(16)} == {200}
            workers = await pids(running)
            assert {os.sched_getscheduler(pid) for pid in workers} == {os.SCHED_BATCH}
            assert os.sched_getscheduler(running.child.process.pid) == os.SCHED_OTHER, "nor is the supervisor"
        said = running.child.log.read_text()
        assert "more workers than processor cores" in said
