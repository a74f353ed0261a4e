"""The whole corpus against the whole gateway as an ASGI application: whatever a server makes of the bytes, the
upstream sees what was authorised, and nothing by which the client speaks for somebody else."""

import asyncio
import contextlib
from pathlib import Path
from typing import Final

import pytest

from gateway.asgi import AsgiGateway
from gateway.wire.limits import ListenerSettings
from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED, Refused
from tests.conformance.http.corpus_targets import FORWARDED, REFUSED_BY_GATEWAY, Forwarded
from tests.conformance.http.test_asgi_raw_requests import final_status
from tests.conformance.http.whole_gateway import World, check_request, signed, whole_gateway
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.http_harness import PATIENCE, raw_client

OUT_OF_SIGHT: Final = {
    *("fragment", "absolute-of-other-host", "absolute-of-an-address", "absolute-with-last-dot"),
    *("absolute-with-user", "absolute-with-user-of-host", "absolute-with-password"),
    *("absolute-with-port", "absolute-with-default-port"),
    *("absolute-of-other-scheme", "websocket-scheme"),
}
"""Refused by our listener. A server keeps these parts of a target to itself; the rest is what is authorised."""

DECLINED: Final = {
    "uvicorn": set(),
    "uvicorn-h11": {"absolute", "absolute-in-capitals", "absolute-with-query", "absolute-https"},
    "granian": set(),
}


async def status_of(world: World, port: int, name: str, raw: bytes) -> int:
    """The first answer's status, once all that came of the request is over; 0 where the server just closes."""
    async with raw_client(port) as client:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await client.send(signed(raw))
            if not name.startswith("endless"):
                status = await final_status(client, head=raw.startswith(b"HEAD "))
                await settled(world)
                return status
    await settled(world)
    return 0


async def settled(world: World) -> None:
    async with asyncio.timeout(PATIENCE):
        while world.running.pipeline.open:
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("server", SERVERS)
async def test_nothing_passes_but_what_was_authorised(server: str, tmp_path: Path) -> None:
    out_of_reach = {case.name for case in REFUSED_BY_GATEWAY} - OUT_OF_SIGHT
    declined = set()
    async with whole_gateway(tmp_path) as world:
        application = AsgiGateway(world.running.pipeline, ListenerSettings(body_timeout=0.5))
        async with asgi_server(server, application) as port:
            for case in (*REFUSED, *BROKEN_BODIES, *SERVED, *REFUSED_BY_GATEWAY, *FORWARDED):
                world.ended.clear()
                world.seen.clear()
                status = await status_of(world, port, case.name, case.raw)
                # 499: the server broke off within the body, and told the gateway of a client that left.
                whole = [
                    exchange for exchange in world.ended if exchange.refusal is None and exchange.status != 499
                ]
                assert len(world.seen) == len(whole), case.name
                for request, exchange in zip(world.seen, whole, strict=True):
                    check_request(request, exchange)
                    assert b"forged" not in request.head, case.name
                if isinstance(case, Refused) and case.name in out_of_reach:
                    assert status >= 400, case.name
                    assert world.seen == [], case.name
                elif isinstance(case, Forwarded) and status == 200:
                    method, _, target = case.line.partition(b" ")
                    assert [seen.line for seen in world.seen] == [method + b" /backend" + target], case.name
                elif isinstance(case, Forwarded):
                    declined.add(case.name)
    assert declined == DECLINED[server]
