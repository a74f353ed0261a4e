"""Several worker processes that move to another upstream together: a back-out of one is one of all, and the report
of the mirror is one."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from catalog.cli.processes import family
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Upstream, encode_part
from tests.gateway.gateway_process import GatewayProcess, start
from tests.gateway.gateway_world import operations, orders, snapshot
from tests.gateway.http_harness import PATIENCE, raw_upstream
from tests.gateway.upstreams.resilience.test_failing_upstreams import LENIENT, says
from tests.gateway.workers.test_worker_processes import PING, ask, document
from tests.support.valkey import valkey

pytestmark = pytest.mark.xdist_group("stack")

CALLS = 10
"""To the canary, before it is judged."""
FILE = PING.replace(b"/ping", b"/mirrored")


def made(port: int, canary: int, mirror: int) -> Any:
    ping = next(each for each in operations() if each.id == "ping")
    settings = {"to": "next", "percent": 100.0, "back-out": {"minimum-calls": CALLS}}
    tried = msgspec.structs.replace(ping, policies=(PolicyUse("canary", config=settings),))
    copied = msgspec.structs.replace(
        ping, id="mirrored", path="/mirrored", policies=(PolicyUse("mirror", config={"to": "copy"}),)
    )
    plain = snapshot(orders(tried, copied), port=port)
    others = (
        Upstream("next", "http", f"http://127.0.0.1:{canary}", breaker=LENIENT),
        Upstream("copy", "http", f"http://127.0.0.1:{mirror}", breaker=LENIENT),
    )
    contracts = msgspec.structs.replace(plain.contracts, upstreams=(*plain.contracts.upstreams, *others))
    manifest = msgspec.structs.replace(plain.manifest, contracts=encode_part(contracts)[0])
    return msgspec.structs.replace(plain, manifest=manifest, contracts=contracts)


async def canaries(running: GatewayProcess) -> list[dict[str, Any]]:
    """That of each worker that has one."""
    return [each for worker in (await document(running, "/status"))["workers"] for each in worker["canaries"]]


async def test_what_one_worker_finds_out_holds_for_all(tmp_path: Path) -> None:
    with family(tmp_path / "logs") as members, valkey() as server:
        async with (
            raw_upstream() as upstream,
            raw_upstream(says(500)) as canary,
            raw_upstream(says(404)) as mirror,
        ):
            contents = made(upstream.port, canary.port, mirror.port)
            running = await start(
                members, tmp_path / "gateway", contents, workers="2", active_workers="2", state_url=server.url
            )
            async with asyncio.timeout(PATIENCE):
                while len(await canaries(running)) < 2 or not any(
                    each["backed_out"] for each in await canaries(running)
                ):
                    await ask(running.port)
                while not all(each["backed_out"] for each in await canaries(running)):
                    await asyncio.sleep(0.05)
            assert [await ask(running.port) for _ in range(6)] == [200] * 6
            calls = sorted(each["canary"]["calls"] for each in await canaries(running))
            assert calls[0] < CALLS <= calls[1], "one of them has not seen it fail that often"

            for _ in range(8):
                assert await ask(running.port, FILE) == 200
            async with asyncio.timeout(PATIENCE):
                while (await document(running, "/mirror"))["mirrors"][0]["outcomes"] != {"different": 8}:
                    await asyncio.sleep(0.05)
            url = f"http://127.0.0.1:{running.admin_port}"
            told = await asyncio.to_thread(CliRunner().invoke, build(), ["mirror", "--gateway", url, "--json"])
            assert told.exit_code == 1
            (report,) = json.loads(told.stdout)["mirrors"]
            assert report["outcomes"] == {"different": 8}
