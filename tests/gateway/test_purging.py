"""Answers that are dropped because somebody says so: the catalog, by the access part, or an operator."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from catalog.cli.processes import family
from contracts.access import Purge
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot, encode_part
from gateway.purging import Purging
from gateway.telemetry.state import State
from policies.caching.memory import AnswerCache
from policies.caching.stored import Stored
from tests.conformance.rfc9111.caching_world import LIST, Caching, Origin, cached, caching
from tests.gateway.gateway_process import GatewayProcess, public_operations, start
from tests.gateway.gateway_world import orders, snapshot
from tests.gateway.http_harness import raw_client, raw_upstream
from tests.support.valkey import valkey

pytestmark = pytest.mark.xdist_group("stack")

PATH = "/orders/v1/orders/7"


def with_purges(port: int, serial: int, *purges: Purge, **config: Any) -> Snapshot:
    made = cached(port, config)
    access = msgspec.structs.replace(made.access, purges=purges)
    manifest = msgspec.structs.replace(made.manifest, serial=serial, access=encode_part(access)[0])
    return Snapshot(manifest, made.contracts, access)


async def is_kept(world: Caching, path: str) -> bool:
    hits = world.origin.hits
    await world.get(path)
    return world.origin.hits == hits


@pytest.mark.parametrize(
    ("purge", "drops"),
    [
        (Purge(1, "orders"), {LIST, PATH}),
        (Purge(1, "orders", "v1"), {LIST, PATH}),
        (Purge(1, "orders", "v1", "listOrders"), {LIST}),
        (Purge(1, "orders", path=PATH), {PATH}),
        (Purge(1, "orders", tag="all"), {LIST, PATH}),
        (Purge(1, "orders", tag="none"), set()),
        (Purge(1, "orders", "v2"), set()),
        (Purge(1, "books"), set()),
    ],
)
async def test_a_purge_in_the_access_part_is_followed_once(tmp_path: Path, purge: Purge, drops: set[str]) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), tags=["all"]) as world:
        for path in (LIST, PATH):
            await world.get(path)
        port = world.gateway.upstream.port
        await world.gateway.change_over(with_purges(port, 3, purge, tags=["all"]))
        assert {path for path in (LIST, PATH) if not await is_kept(world, path)} == drops
        await world.gateway.change_over(with_purges(port, 4, purge, Purge(2, "books"), tags=["all"]))
        assert await is_kept(world, LIST), "what is known is not followed again"
        assert await is_kept(world, PATH)


def test_the_same_purge_again_is_another_one() -> None:
    cache = AnswerCache()
    purging = Purging(cache)
    for number in (1, 2):
        cache.keep("key", frozenset({"api orders"}), Stored(200, (), b"", (), 0.0, 0.0, 60), cache.mark())
        purging.follow((Purge(number, "orders"),))
        assert len(cache) == 0
    purging.follow(())


async def test_operators_have_answers_dropped_at_the_admin_listener(tmp_path: Path) -> None:
    use = PolicyUse("cache", config={"ttl": 600})
    operations = [msgspec.structs.replace(each, policies=(use,)) for each in public_operations()]
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream() as upstream:
            made = snapshot(orders(*operations), port=upstream.port)
            running = await start(
                members, tmp_path / "gateway", made, workers="2", active_workers="2", state_url=server.url
            )
            for _ in range(12):
                assert (await get(running)) == 200
            hits = len(upstream.seen)
            assert hits <= 2, "once for each worker"
            assert await purge(running, {"api": "books"}) == (200, {"dropped": 0})
            assert await purge(running, {"api": "orders", "tag": 1}) == (400, None)
            assert await purge(running, {"apis": "orders"}) == (400, None)
            assert await purge(running, {"api": "orders"}, "text/plain") == (415, None)
            assert await purge(running, {"api": "orders", "path": "/orders/v1/ping"}) == (200, {"dropped": hits})
            await get(running)
            assert len(upstream.seen) == hits + 1


async def get(running: GatewayProcess) -> int:
    async with raw_client(running.port) as client:
        return (await client.ask(b"GET /orders/v1/ping HTTP/1.1\r\nHost: a\r\n\r\n")).status


async def purge(running: GatewayProcess, wanted: Any, kind: str = "application/json") -> tuple[int, Any]:
    url = f"http://127.0.0.1:{running.admin_port}/cache/purge"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=json.dumps(wanted), headers={"content-type": kind}) as answer,
    ):
        document = await answer.json()
        return answer.status, document if answer.status == 200 else None


async def test_what_is_kept_is_measured(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.get()
        state = State(world.gateway.pipeline, world.gateway.access_log, None, None)
        samples = {metric.name: values for metric, values in state.samples()}
        assert samples["ostiary_cache_resources"] == [((), 1)]
        assert samples["ostiary_cache_bytes"][0][1] > 500
