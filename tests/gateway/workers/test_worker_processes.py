"""A gateway of several worker processes: one port, limits counted together, crashes mended."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from catalog.cli.processes import family
from tests.gateway.gateway_process import GatewayProcess, public_operations, start
from tests.gateway.gateway_world import operations, orders, snapshot, token
from tests.gateway.http_harness import PATIENCE, raw_client, raw_upstream
from tests.gateway.test_process_tls import environment
from tests.support.valkey import valkey

pytestmark = pytest.mark.xdist_group("stack")

PING = b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n"


def bearer_request() -> bytes:
    now = int(time.time())
    bearer = token(iat=now - 10, exp=now + 600)
    return f"GET /orders/v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()


async def document(running: GatewayProcess, path: str) -> Any:
    url = f"http://127.0.0.1:{running.admin_port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await (answer.text() if path == "/metrics" else answer.json())


async def pids(running: GatewayProcess) -> list[int]:
    workers = (await document(running, "/status"))["workers"]
    return [worker.get("pid", 0) for worker in workers]


async def until_all_listen(running: GatewayProcess) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await document(running, "/healthz"))["status"] != "pass":
            await asyncio.sleep(0.05)


async def ask(port: int, request: bytes = PING) -> int:
    async with raw_client(port) as client:
        return (await client.ask(request)).status


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until_dead(processes: list[int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while any(map(alive, processes)):
            await asyncio.sleep(0.05)


async def test_workers_share_one_port_and_one_count(tmp_path: Path) -> None:
    request = bearer_request()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream() as upstream:
            made = snapshot(orders(*operations()), port=upstream.port, quota=20)
            running = await start(
                *(members, tmp_path / "gateway", made),
                workers="2",
                active_workers="2",
                state_url=server.url,
                limits="exact",
            )
            statuses = [await ask(running.port, request) for _ in range(40)]  # a connection each
            assert statuses == [200] * 20 + [429] * 20
            metrics = await document(running, "/metrics")
        served = [
            line
            for line in metrics.splitlines()
            if line.startswith("ostiary_requests_total{") and 'operation="listOrders"' in line
        ]
        assert {line.split('"')[1] for line in served} == {"1", "2"}, "each worker had some of 40 connections"
        assert sum(float(line.rpartition(" ")[2]) for line in served) == 40
        assert metrics.count("# TYPE ostiary_requests_total ") == 1
        assert 'ostiary_shared_state_available{worker="1"} 1' in metrics
        assert 'ostiary_worker_restarts_total{worker="2"} 0' in metrics
        both = await pids(running)
        running.child.process.terminate()
        assert await running.ended() == 0
        assert not any(map(alive, both))
        lines = running.access_log.read_bytes().splitlines()
        assert sum(b'"status":200' in line for line in lines) == 20


async def test_a_worker_that_crashes_is_started_again_and_the_other_goes_on(tmp_path: Path) -> None:
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream() as upstream:
            made = snapshot(orders(*public_operations()), port=upstream.port)
            running = await start(
                members, tmp_path / "gateway", made, workers="2", active_workers="2", state_url=server.url
            )
            before = await pids(running)
            os.kill(before[0], signal.SIGKILL)
            await until_dead(before[:1])
            await until_all_listen(running)
            status = await document(running, "/status")
            after = await pids(running)
            assert after[0] != before[0]
            assert after[1] == before[1]
            assert [worker["restarts"] for worker in status["workers"]] == [1, 0]
            assert {await ask(running.port) for _ in range(16)} == {200}
            # The supervisor itself is killed: its workers do not stay behind.
            running.child.process.kill()
            await until_dead(after)


async def test_without_the_shared_server_every_request_is_still_answered(tmp_path: Path) -> None:
    request = bearer_request()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream() as upstream:
            made = snapshot(orders(*operations()), port=upstream.port, quota=1000)
            running = await start(
                members, tmp_path / "gateway", made, workers="2", active_workers="2", state_url=server.url
            )
            assert await ask(running.port, request) == 200
            server.kill()
            assert {await ask(running.port, request) for _ in range(30)} == {200}
            server.start()
            assert {await ask(running.port, request) for _ in range(10)} == {200}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"workers": "2"}, "OSTIARY_GATEWAY_STATE_URL is needed for 2 workers"),
        ({"workers": "2", "state_url": "http://:secret@x"}, "OSTIARY_GATEWAY_STATE_URL is no URL of a Redis"),
        ({"workers": "0"}, "OSTIARY_GATEWAY_WORKERS"),
        (
            {"workers": "2", "active_workers": "3", "state_url": "unix:///nowhere"},
            "OSTIARY_GATEWAY_ACTIVE_WORKERS is 3, more than the 2 of OSTIARY_GATEWAY_WORKERS",
        ),
        ({"workers": "2", "state_url": "unix:///nowhere", "tls_cert": "missing"}, "OSTIARY_GATEWAY_TLS_KEY"),
    ],
)
def test_what_cannot_work_ends_with_a_clear_word(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert said in ended.stderr + ended.stdout
    assert "secret" not in ended.stderr + ended.stdout
