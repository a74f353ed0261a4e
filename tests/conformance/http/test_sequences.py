"""Several requests on one connection, through the whole gateway and through its ASGI form under other servers."""

import asyncio
import contextlib
from pathlib import Path
from typing import Final

import pytest

from gateway.asgi import AsgiGateway
from gateway.wire.limits import ListenerSettings
from tests.conformance.http.corpus_sequences import SEQUENCES, Sequence
from tests.conformance.http.whole_gateway import World, check_request, whole_gateway
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.http_harness import PATIENCE, RawClient, raw_client


async def deliver(client: RawClient, raw: bytes, size: int) -> None:
    with contextlib.suppress(ConnectionError):  # it may be closed before the last byte
        for at in range(0, len(raw), size):
            await client.send(raw[at : at + size])
            await asyncio.sleep(0)


async def final_answer(client: RawClient, *, head: bool) -> int:
    status = 100
    while status < 200:
        status = (await client.answer(head=head)).status
    return status


def upstream_lines(case: Sequence) -> list[bytes]:
    return [line.replace(b" /", b" /backend/", 1) + b" HTTP/1.1" for line in case.lines]


@pytest.mark.parametrize("size", [10_000, 7], ids=["whole", "in-pieces"])
async def test_each_is_answered_in_its_turn_or_the_connection_ends(tmp_path: Path, size: int) -> None:
    async with whole_gateway(tmp_path) as world:
        for case in SEQUENCES:
            world.ended.clear()
            world.seen.clear()
            async with raw_client(world.running.port) as client:
                sending = asyncio.create_task(deliver(client, case.raw, size))
                heads = case.raw.startswith(b"HEAD ")
                statuses = [
                    await final_answer(client, head=heads and turn == 0) for turn in range(len(case.statuses))
                ]
                await sending
                if not case.goes_on:
                    assert await client.rest() == b"", case.name
            await settled(world)
            assert tuple(statuses) == case.statuses, case.name
            assert [seen.line for seen in world.seen] == upstream_lines(case), case.name
            world.check()


async def settled(world: World) -> None:
    async with asyncio.timeout(PATIENCE):
        while world.running.pipeline.open:
            await asyncio.sleep(0.002)


_LENIENT: Final = {"two-empty-lines-between", "bare-lf-between", "known-fields-of-another-host"}
READ_OTHERWISE: Final = {"uvicorn": {*_LENIENT, "bare-cr-between"}, "uvicorn-h11": set(), "granian": _LENIENT}
"""What servers skip between two requests, and an origin in a target that they keep to themselves."""


@pytest.mark.parametrize("server", SERVERS)
async def test_under_other_servers_nothing_passes_but_what_stands_there(tmp_path: Path, server: str) -> None:
    otherwise: set[str] = set()
    async with whole_gateway(tmp_path) as world:
        application = AsgiGateway(world.running.pipeline, ListenerSettings(body_timeout=0.5))
        async with asgi_server(server, application) as port:
            for case in SEQUENCES:
                world.ended.clear()
                world.seen.clear()
                async with raw_client(port) as client:
                    await deliver(client, case.raw, 10_000)
                    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                        heads = case.raw.startswith(b"HEAD ")
                        for turn in range(len(case.statuses)):
                            await final_answer(client, head=heads and turn == 0)
                await settled(world)
                exchanges = {exchange.request_id.encode(): exchange for exchange in world.ended}
                for request in world.seen:
                    check_request(request, exchanges[request.fields[b"x-request-id"]])
                if [seen.line for seen in world.seen] != upstream_lines(case)[: len(world.seen)]:
                    otherwise.add(case.name)
    assert otherwise <= READ_OTHERWISE[server]
