"""The benchmark measures what it says: each peer forwards, and the full chain is really switched on."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from catalog.cli.processes import choose_port
from tests.benchmarks import load, world
from tests.benchmarks.peers import PEERS, RESPONSE
from tests.benchmarks.processes import PeerError, Running, running
from tests.benchmarks.setting import Setting


@pytest.fixture(scope="module")
def made():
    return world.build(applications=3, tokens_each=1)


@pytest.fixture
async def seen_and_port() -> AsyncIterator[tuple[list[tuple[str, str]], int]]:
    """An upstream, the requests that it saw, and its port."""
    seen: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path))
        await request.read()
        return web.Response(body=RESPONSE, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield seen, runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def start(tmp_path, made, seen_and_port):
    """Starts a peer, and stops it after the test."""
    stack = []

    async def go(name: str) -> Running:
        manager = PEERS[name](Setting(tmp_path, None, seen_and_port[1], made), name)
        process = await asyncio.to_thread(manager.__enter__)
        stack.append(manager)
        return process

    yield go
    for manager in stack:
        await asyncio.to_thread(manager.__exit__, None, None, None)


@pytest.mark.parametrize("name", ["asgi_aiohttp", "full", "full_granian", "no_policies"])
async def test_a_peer_forwards_the_loads_requests(start, seen_and_port, made, tmp_path, monkeypatch, name):
    monkeypatch.setattr(load.shutil, "which", lambda tool: None)  # the bundled generator is always there
    peer = await start(name)
    seen, _ = seen_and_port
    for one in (load.gets(made, tmp_path), load.posts(made, tmp_path)):
        one.write()
        seen.clear()
        found = await asyncio.to_thread(load.measure, one, peer.port, None, connections=2, seconds=0.6)
        assert found.requests > 0
        assert found.p99_ms >= found.p50_ms > 0
        # Of the load before, the last may come when their client has gone.
        assert [method for method, _ in seen].count(one.method) >= found.requests
    assert peer.cpu_seconds() > 0


async def test_the_asgi_form_is_measured_over_http_2(start, seen_and_port, made, tmp_path):
    peer = await start("full_granian_h2")
    assert peer.scheme == load.HTTP2
    gets = load.gets(made, tmp_path)
    strangers = load.Load(tmp_path / "strangers", "GET", made.get_paths, b"", ("not-a-token",))

    def measure(one: load.Load) -> load.Measurement:
        one.write()
        return load.measure(one, peer.port, None, connections=16, seconds=0.6, scheme=peer.scheme)

    found = await asyncio.to_thread(measure, gets)
    assert found.requests > 0
    assert found.received >= found.requests * len(RESPONSE)
    assert found.p99_ms >= found.p50_ms > 0
    seen, _ = seen_and_port
    assert [method for method, _ in seen].count("GET") >= found.requests
    with pytest.raises(PeerError, match="requests failed"):
        await asyncio.to_thread(measure, strangers)


async def test_the_full_chain_is_on_and_off_is_off(start, made):
    full, off = await start("full"), await start("no_policies")
    token = {"authorization": f"Bearer {made.tokens[0]}"}
    get, post = made.get_paths[0], made.post_paths[1]
    bad = {**token, "content-type": "application/json"}
    broken = json.dumps({**json.loads(made.body), "currency": "XXX"})
    async with aiohttp.ClientSession() as session:

        async def ask(peer: Running, method: str, path: str, **rest):
            async with session.request(method, f"http://127.0.0.1:{peer.port}{path}", **rest) as response:
                return response.status, {name.lower() for name in response.headers}

        status, headers = await ask(full, "GET", get, headers=token)
        assert status == 200
        assert {"deprecation", "sunset", "link", "ratelimit", "ratelimit-policy", "x-request-id"} <= headers
        assert (await ask(full, "GET", get))[0] == 401
        assert (await ask(full, "GET", get.replace("limit=20", "limit=1000"), headers=token))[0] == 422
        assert (await ask(full, "POST", post, headers=bad, data=made.body))[0] == 200
        assert (await ask(full, "POST", post, headers=bad, data=broken))[0] == 422

        status, headers = await ask(off, "GET", get)
        assert status == 200
        assert not {"deprecation", "ratelimit"} & headers
        assert (await ask(off, "POST", post, data=broken))[0] == 200


async def test_a_figure_of_refused_requests_is_no_figure(start, made, tmp_path, monkeypatch):
    monkeypatch.setattr(load.shutil, "which", lambda tool: None)
    peer = await start("full")
    strangers = load.Load(tmp_path / "strangers", "GET", made.get_paths, b"", ("not-a-token",))
    strangers.write()
    with pytest.raises(PeerError, match="requests failed"):
        await asyncio.to_thread(load.measure, strangers, peer.port, None, connections=1, seconds=0.2)


def test_a_peer_that_does_not_start_says_why(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with (
        pytest.raises(PeerError, match="no such thing"),
        running(command, None, tmp_path / "log", port=choose_port(0)),
    ):
        pass


def test_the_order_is_of_two_kilobytes(made):
    assert 1_900 < len(made.body) < 2_300
    assert len(RESPONSE) == 500
    assert len(json.loads(RESPONSE)) == 5


def test_there_are_three_hundred_routes_and_other_ids_each_time():
    paths = world.build(1, 1).get_paths
    assert len(set(paths)) == len(paths) == 30_000
    assert len({re.sub(r"/[0-9]+", "/N", path) for path in paths}) == 300
