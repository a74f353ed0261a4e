"""A call that is given up while its connection comes about leaves nothing behind, on either event loop."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from tests.gateway.http_harness import PATIENCE, Recorder, raw_upstream, upstream_client

GET = b"GET /a HTTP/1.1\r\nhost: up\r\n\r\n"


class Watched:
    """A protocol, and what is done when its connection is made, before anyone can use it."""

    def __init__(self, protocol: Any, made: Callable[[], None]) -> None:
        self._protocol = protocol
        self._made = made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._protocol.connection_made(transport)
        self._made()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)


class Loop:
    """A loop whose connections are watched."""

    def __init__(self, loop: asyncio.AbstractEventLoop, made: Callable[[], None]) -> None:
        self._loop = loop
        self._made = made

    async def create_connection(self, factory: Callable[[], Any], *where: Any, **how: Any) -> Any:
        return await self._loop.create_connection(lambda: Watched(factory(), self._made), *where, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


@pytest.mark.parametrize("make_loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_call_given_up_as_its_connection_is_made(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario() -> None:
        given_up = asyncio.Event()

        def give_up() -> None:
            if not given_up.is_set():
                given_up.set()
                call.cancel()

        async with raw_upstream() as server:
            loop = Loop(asyncio.get_running_loop(), give_up)
            pool = upstream_client(server.port, connections=1, loop=loop)
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
