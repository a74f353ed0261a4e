"""Sound and hostile traffic against a gateway process, round after round: it keeps nothing of it.

`OSTIARY_SOAK_SECONDS` makes it last; 600 is the soak before a release.
"""

import asyncio
import contextlib
import json
import os
import time
from pathlib import Path

import pytest

from catalog.cli.processes import family
from catalog.demo.tour import fetch
from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED
from tests.conformance.http.corpus_targets import FORWARDED, REFUSED_BY_GATEWAY
from tests.conformance.http.whole_gateway import corpus_version, signed
from tests.gateway.gateway_process import GatewayProcess, start
from tests.gateway.gateway_world import snapshot
from tests.gateway.http_harness import PATIENCE, raw_upstream

SECONDS = float(os.environ.get("OSTIARY_SOAK_SECONDS", "4"))
MIB = 1 << 20
GROWTH = 6 * MIB
"""What the process may grow by after its first rounds, however long the soak."""

WARM_UP = 3
"""Rounds until every table that is bounded is full, and every pool open."""

AT_ONCE = 32
RAW = [signed(case.raw) for case in (*REFUSED, *BROKEN_BODIES, *SERVED, *REFUSED_BY_GATEWAY, *FORWARDED)]


async def visit(port: int, raw: bytes, number: int) -> None:
    """One client: sends its bytes and stays, hangs up in the middle, or breaks the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        if number % 5 == 0:
            writer.write(raw[: number % (len(raw) + 1)])
            writer.transport.abort()
        else:
            writer.write(raw)
            await writer.drain()
            async with asyncio.timeout(PATIENCE):
                assert (await reader.read(9)) in (b"HTTP/1.1 ", b"")
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def one_round(port: int, number: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(raw: bytes, index: int) -> None:
        async with gate:
            await visit(port, raw, index + number)

    await asyncio.gather(*(guarded(raw, index) for index, raw in enumerate(RAW)))


async def at_rest(running: GatewayProcess) -> int:
    """Waits until no request is open; the process' open files, without its connections to upstreams."""
    url = f"http://127.0.0.1:{running.admin_port}/status"
    async with asyncio.timeout(PATIENCE):
        while True:
            status = json.loads((await asyncio.to_thread(fetch, url)).body)
            if status["open_requests"] == 0:
                break
            await asyncio.sleep(0.02)
    return len(list(Path(f"/proc/{running.child.process.pid}/fd").iterdir()))


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.xdist_group("stack")
async def test_nothing_is_kept_of_what_has_passed(tmp_path: Path) -> None:
    budget = 8
    with family(tmp_path / "logs") as members:
        async with raw_upstream() as upstream:
            made = snapshot(corpus_version(), port=upstream.port, upstream={"connections": budget})
            running = await start(members, tmp_path / "gateway", made)
            idle = await at_rest(running)
            for number in range(WARM_UP):
                await one_round(running.port, number)
            files, memory = await at_rest(running), running.memory("VmRSS")
            until, number = time.monotonic() + SECONDS, WARM_UP
            while time.monotonic() < until or number < 2 * WARM_UP:
                await one_round(running.port, number)
                upstream.seen.clear()
                number += 1
            async with asyncio.timeout(PATIENCE):
                # A connection may linger for a moment so that its client can read the answer.
                while await at_rest(running) > idle + budget:
                    await asyncio.sleep(0.05)
            assert running.memory("VmRSS") - memory < GROWTH
            assert files <= idle + budget + AT_ONCE
            assert running.child.process.poll() is None
            log = running.child.log.read_text()
    assert "Traceback" not in log
    assert "policy failed" not in log
