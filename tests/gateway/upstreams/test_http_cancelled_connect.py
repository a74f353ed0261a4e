"""A call that is given up while its connection comes about leaves nothing behind, on either event loop."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.http_connection import HttpConnection
from tests.gateway.http_harness import PATIENCE, Recorder, raw_upstream, upstream_client

GET = b"GET /a HTTP/1.1\r\nhost: up\r\n\r\n"


@pytest.mark.parametrize("make_loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_call_given_up_as_its_connection_is_made(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario() -> None:
        async with raw_upstream() as server:
            pool = upstream_client(server.port, connections=1)
            given_up = asyncio.Event()

            def give_up(connection: HttpConnection) -> None:
                HttpUpstream.made(pool, connection)
                if not given_up.is_set():
                    given_up.set()
                    call.cancel()

            pool.made = give_up  # type: ignore[method-assign]  # between the connection's making and its first use
            call = pool.call(GET, Recorder())
            async with asyncio.timeout(PATIENCE):
                await given_up.wait()
            # The budget is one connection: this call is served only if the first one's was given back.
            after = Recorder()
            pool.call(GET, after)
            await after.wait()
            assert (after.status, after.failure) == (200, "")
            assert pool.in_use == 0
            pool.close()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(scenario())
