"""Overload: which requests are refused when the gateway has too many open ones."""

import asyncio
from pathlib import Path

import pytest

from contracts.operations import ApiVersion, HttpBackend, Operation
from gateway import shedding
from tests.gateway.gateway_world import gateway, problem_of, snapshot
from tests.gateway.http_harness import SeenRequest, raw_client


def api(criticality: int) -> ApiVersion:
    ping = Operation("ping", "GET", "/ping", "/paths/~1ping/get", HttpBackend("shop"), public=True)
    name = f"c{criticality}"
    return ApiVersion(name, "v1", name, "sales", f"/{name}/v1", "1" * 64, (ping,), criticality=criticality)


def test_the_less_critical_has_less_room() -> None:
    rooms = [shedding.room(100, criticality) for criticality in (1, 2, 3, 4)]
    assert rooms == [100, 90, 80, 70]
    assert shedding.room(1, 4) == 1


async def test_critical_apis_are_shed_last(tmp_path: Path) -> None:
    release, inside = asyncio.Event(), asyncio.Semaphore(0)

    async def hold(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        inside.release()
        await release.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        return True

    versions = [api(criticality) for criticality in (1, 2, 3, 4)]
    async with gateway(tmp_path, hold, max_open=10) as running:
        running.adopt(snapshot(*versions, serial=2, port=running.upstream.port))

        async def ask(criticality: int) -> int:
            return (await running.ask("GET", f"/c{criticality}/v1/ping", bearer=None)).status

        held = []

        async def fill(count: int) -> None:
            for _ in range(count):
                held.append(asyncio.create_task(ask(1)))
                await asyncio.wait_for(inside.acquire(), 10)

        for open_now, refused in ((7, [4]), (8, [3, 4]), (9, [2, 3, 4]), (10, [1, 2, 3, 4])):
            await fill(open_now - len(held))
            assert running.pipeline.open == open_now
            for criticality in refused:
                assert await ask(criticality) == 503
        document = problem_of(answer := await running.ask("GET", "/c1/v1/ping", bearer=None))
        assert document["type"] == "urn:ostiary:problem:overloaded"
        assert answer.fields[b"retry-after"] == b"1"
        release.set()
        assert await asyncio.gather(*held) == [204] * 10
        assert await ask(4) == 204
        lines = await running.logged(22)
        assert {line["policy"] for line in lines if line["decision"] == "refused"} == {"overload"}
        assert running.pipeline.open == 0


@pytest.mark.parametrize("path", ["/orders/v1/ping", "/nowhere"])
async def test_a_connection_goes_on_after_it(tmp_path: Path, path: str) -> None:
    async with gateway(tmp_path, max_open=1) as running:
        running.pipeline.open += 1  # as if a request were being carried elsewhere
        async with raw_client(running.port) as client:
            request = f"GET {path} HTTP/1.1\r\nHost: api.example\r\n\r\n".encode()
            first = await client.ask(request)
            running.pipeline.open -= 1
            second = await client.ask(request)
        assert (first.status, second.status) == ((503, 200) if path.endswith("ping") else (404, 404))
