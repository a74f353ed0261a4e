"""Workers that are more than their processor cores stand by, and take the place of one that ends."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.cli.processes import family
from gateway.workers import supervisor
from gateway.workers.cores import cores, cpu_quota
from gateway.workers.supervisor import BAD_SETTINGS, Supervisor
from tests.gateway.gateway_process import GatewayProcess, public_operations, start
from tests.gateway.gateway_world import operations, orders, snapshot
from tests.gateway.http_harness import PATIENCE, raw_upstream
from tests.gateway.workers.test_worker_processes import (
    alive,
    ask,
    bearer_request,
    document,
    pids,
    until_all_listen,
)
from tests.support.valkey import Valkey, valkey

pytestmark = pytest.mark.xdist_group("stack")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="CPU sets are Linux's")


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """What is started meanwhile has one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.asynccontextmanager
async def gateway_on_one_core(
    directory: Path, made: Any, **settings: str
) -> AsyncIterator[tuple[GatewayProcess, Valkey]]:
    """Two workers, with the shared server that they count on."""
    with family(directory / "logs") as members, valkey() as server:
        async with raw_upstream() as upstream:
            contents = snapshot(orders(*made), port=upstream.port, quota=20)
            with one_core():
                told = {"workers": "2", "state_url": server.url, **settings}
                running = await start(members, directory / "gateway", contents, **told)
            yield running, server


async def workers(running: GatewayProcess) -> list[tuple[bool, str]]:
    """Of each, whether it is active, and what it says that it does."""
    found = (await document(running, "/status"))["workers"]
    return [(worker["active"], worker["status"]) for worker in found]


SERVING, STANDING_BY = (True, "serving"), (False, "standing by")


@on_linux
async def test_the_second_of_two_workers_on_one_core_stands_by(tmp_path: Path) -> None:
    async with gateway_on_one_core(tmp_path, public_operations()) as (running, _):
        assert await workers(running) == [SERVING, STANDING_BY]
        assert {await ask(running.port) for _ in range(16)} == {200}
        metrics = await document(running, "/metrics")
        assert 'ostiary_worker_active{worker="1"} 1' in metrics
        assert 'ostiary_worker_active{worker="2"} 0' in metrics
        served = [
            line
            for line in metrics.splitlines()
            if line.startswith("ostiary_requests_total{") and 'operation="ping"' in line
        ]
        assert [line.split('"')[1] for line in served] == ["1"]
        assert (await document(running, "/readyz"))["status"] == "pass"
        both = await pids(running)
        running.child.process.terminate()
        assert await running.ended() == 0
        assert not any(map(alive, both))


@on_linux
async def test_it_takes_the_place_of_one_that_crashes(tmp_path: Path) -> None:
    async with gateway_on_one_core(tmp_path, public_operations()) as (running, _):
        for first, second in ((0, 1), (1, 0), (0, 1)):
            before = await pids(running)
            os.kill(before[first], signal.SIGKILL)
            await until_served(running)
            await until_all_listen(running)
            after = await pids(running)
            assert (await workers(running))[second] == SERVING
            assert (await workers(running))[first] == STANDING_BY
            assert after[second] == before[second], "it went on as it was"
            assert after[first] != before[first]
        assert {await ask(running.port) for _ in range(16)} == {200}


@on_linux
async def test_one_that_stands_by_and_crashes_stands_by_again(tmp_path: Path) -> None:
    async with gateway_on_one_core(tmp_path, public_operations()) as (running, _):
        before = await pids(running)
        os.kill(before[1], signal.SIGKILL)
        assert {await ask(running.port) for _ in range(16)} == {200}
        await until_all_listen(running)
        after = await pids(running)
        assert await workers(running) == [SERVING, STANDING_BY]
        assert after[0] == before[0]
        assert after[1] != before[1]


@on_linux
async def test_as_many_as_are_asked_for_are_active_whatever_the_cores(tmp_path: Path) -> None:
    async with gateway_on_one_core(tmp_path, public_operations(), active_workers="2") as (running, _):
        assert await workers(running) == [SERVING, SERVING]


@on_linux
async def test_one_that_is_active_alone_has_the_whole_of_a_limit(tmp_path: Path) -> None:
    async with gateway_on_one_core(tmp_path, operations(), limits="exact") as (running, server):
        server.kill()
        statuses = [await ask(running.port, bearer_request()) for _ in range(24)]
    assert statuses == [200] * 20 + [429] * 4


async def until_served(running: GatewayProcess) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                if await ask(running.port) == 200:
                    return
            await asyncio.sleep(0.005)


def test_a_gateway_has_the_cores_of_its_cpu_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.workers.cores.cpu_quota", lambda: None)  # whatever this machine's is
    assert cores() == (len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count())
    if sys.platform == "linux":
        with one_core():
            assert cores() == 1


@pytest.mark.parametrize(
    ("own", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),  # in a container, which sees its own group as the root
        ("0::/a.slice/b.service\n", {"a.slice/b.service/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a/b\n", {"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "300000 100000\n"}, 3.0),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "200000 100000\n"}, 2.0),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n"}, None),
        ("1:name=systemd:/\n0::/a\n", {"a/cpu.max": "200000 100000\n"}, 2.0),
        ("4:memory:/\n", {"cpu.max": "100000 100000\n"}, None),  # groups of version 1 alone
        ("0::/a\n", {"a/cpu.max": "what\n"}, None),
        ("0::/../beside\n", {"cpu.max": "200000 100000\n"}, 2.0),
        (None, {}, None),
    ],
)
def test_a_quota_of_cpu_time_is_found(
    tmp_path: Path, own: str | None, files: dict[str, str], quota: float | None
) -> None:
    for name, text in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    if own is not None:
        (tmp_path / "own").write_text(own)
    assert cpu_quota(tmp_path / "groups", tmp_path / "own") == quota


@pytest.mark.parametrize(("quota", "expected"), [(0.00001, 1), (1.0, 1), (99.0, None), (None, None)])
def test_a_quota_can_leave_fewer_cores_than_the_cpu_set(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, expected: int | None
) -> None:
    monkeypatch.setattr("gateway.workers.cores.cpu_quota", lambda: None)
    allowed = cores()
    monkeypatch.setattr("gateway.workers.cores.cpu_quota", lambda: quota)
    assert cores() == (allowed if expected is None else expected)


WORKER = f"""
import sys
if "--standing-by" not in sys.argv:
    open("active", "a").write("one\\n")
    while sys.stdin.readline():
        pass
    sys.exit(0)
if sys.stdin.readline():
    open("told", "a").write("one\\n")
    sys.exit({BAD_SETTINGS})
"""
"""One that cannot listen when it is told to, though it could be set up."""


async def until(file: Path, lines: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while not file.exists() or len(file.read_text().splitlines()) < lines:
            await asyncio.sleep(0.01)


async def test_one_that_cannot_take_over_does_not_end_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "PYTHON", (sys.executable, str(tmp_path / "worker.py")))
    fleet = Supervisor(2, "127.0.0.1", 0, tmp_path, active=1, grace=5.0)
    await fleet.start()
    first, second = fleet.workers
    assert (first.active, second.active) == (True, False)
    assert first.process is not None
    await until(tmp_path / "active", 1)
    first.process.kill()
    await until(tmp_path / "told", 1)
    await until(tmp_path / "active", 2)
    assert not fleet.stopping.is_set()
    assert sorted((first.active, second.active)) == [False, True]
    await fleet.stop()
    assert fleet.exit_code == 0
