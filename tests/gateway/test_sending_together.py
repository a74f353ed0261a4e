"""What is sent at once, and what together with the rest of a turn of the loop: by how many requests are open."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from contracts.snapshot import Upstream
from gateway.listener import Listener
from gateway.upstreams.http import HttpUpstream
from gateway.wire.connection import Connection
from gateway.wire.limits import ListenerSettings
from gateway.wire.outgoing import FEW, Gathering
from tests.gateway.http_harness import PATIENCE, Doorman, Echo, Recorder, listening, raw_client
from tests.gateway.nowhere import Nowhere, pooled

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n%b\r\n"
CLOSING = b"Connection: close\r\n"


class Waiting(Echo):
    """Answers when the test says so."""

    def end(self) -> None:
        pass

    def answer(self) -> None:
        super().end()

    def stream(self) -> None:
        self.client.start(200, [], None)
        self.client.write(b"piece")
        self.client.finish()


class Door:
    """A listener with connections that go nowhere, each with a request that waits."""

    def __init__(self, requests: int, fields: bytes = b"") -> None:
        self.doorman = Doorman(Waiting)
        self.listener = Listener(self.doorman, ListenerSettings())
        self.listener.gathering = Gathering(asyncio.get_running_loop())
        self.transports: list[Nowhere] = []
        self.connections: list[Connection] = []
        for number in range(requests):
            self.transports.append(Nowhere())
            self.connections.append(Connection(self.listener))
            self.connections[-1].connection_made(self.transports[-1])
            self.connections[-1].data_received(GET % (number, fields))

    @property
    def handlers(self) -> list[Waiting]:
        return [handler for handler in self.doorman.handlers if isinstance(handler, Waiting)]

    @property
    def answered(self) -> list[int]:
        """How many answers each client has."""
        return [transport.sent.count(b"HTTP/1.1 200 OK") for transport in self.transports]


@pytest.mark.parametrize("how", [Waiting.answer, Waiting.stream])
async def test_while_few_are_open_each_is_answered_at_once(how: Callable[[Waiting], None]) -> None:
    door = Door(FEW)
    for number, handler in enumerate(door.handlers):
        how(handler)
        assert door.answered == [1] * (number + 1) + [0] * (FEW - number - 1)


@pytest.mark.parametrize("how", [Waiting.answer, Waiting.stream])
async def test_while_more_are_open_answers_are_sent_when_the_loop_comes_round(
    how: Callable[[Waiting], None],
) -> None:
    door = Door(2 * FEW)
    for handler in door.handlers[:FEW]:
        how(handler)
    assert door.answered == [0] * 2 * FEW
    await asyncio.sleep(0)
    assert door.answered == [1] * FEW + [0] * FEW
    for handler in door.handlers[FEW:]:
        how(handler)
    assert door.answered == [1] * 2 * FEW
    assert all(transport.sent.count(b"date: ") == 1 for transport in door.transports)


@pytest.mark.parametrize("how", [Waiting.answer, Waiting.stream])
async def test_an_answer_goes_before_its_connection_ends(how: Callable[[Waiting], None]) -> None:
    door = Door(2 * FEW, CLOSING)
    how(door.handlers[0])
    assert door.transports[0].over
    assert door.answered[0] == 1


async def test_what_is_refused_is_told_before_its_connection_ends() -> None:
    door = Door(2 * FEW)
    stranger = Connection(door.listener)
    transport = Nowhere()
    stranger.connection_made(transport)
    stranger.data_received(b"nonsense\r\n\r\n")
    assert transport.sent.startswith(b"HTTP/1.1 400 ")
    assert transport.over


async def test_a_client_that_has_ended_its_sending_still_gets_what_it_was_answered() -> None:
    door = Door(2 * FEW)
    door.handlers[0].answer()
    door.connections[0].eof_received()
    assert door.answered[0] == 1


async def test_a_client_that_goes_takes_its_held_answer_with_it_and_no_other() -> None:
    door = Door(2 * FEW)
    for handler in door.handlers[:2]:
        handler.answer()
    door.transports[0].over = True
    door.connections[0].connection_lost(None)
    await asyncio.sleep(0)
    assert door.answered[:2] == [0, 1]


@pytest.mark.parametrize("how", [Waiting.answer, Waiting.stream])
async def test_the_next_request_of_a_connection_cannot_take_an_answer_back(
    how: Callable[[Waiting], None],
) -> None:
    door = Door(2 * FEW)
    door.connections[0].data_received(GET % (100, b""))
    assert len(door.handlers) == 2 * FEW
    how(door.handlers[0])
    door.handlers[-1].client.abort()
    assert door.transports[0].over
    assert door.answered[0] == 1


async def test_requests_are_counted_until_they_are_answered_or_gone() -> None:
    door = Door(5)
    assert door.listener.open == 5
    door.handlers[0].answer()
    door.handlers[1].stream()
    door.handlers[2].client.abort()
    door.connections[3].connection_lost(None)
    assert door.listener.open == 1
    door.connections[3].connection_lost(None)
    door.connections[0].connection_lost(None)
    door.connections[2].connection_lost(None)
    assert door.listener.open == 1
    door.connections[4].eof_received()
    assert door.listener.open == 0
    door.connections[0].data_received(b"nonsense\r\n\r\n")
    assert door.listener.open == 0


async def test_a_body_beyond_use_ends_its_request() -> None:
    door = Door(0)
    connection = Connection(door.listener)
    connection.connection_made(Nowhere())
    connection.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert door.listener.open == 1
    connection.data_received(b"no chunk\r\n")
    assert door.listener.open == 0


async def test_many_clients_get_their_own_answers_in_order() -> None:
    clients, each = 4 * FEW, 5
    async with listening() as (_, _, port):

        async def ask(number: int) -> None:
            async with raw_client(port) as client:
                await client.send(b"".join(GET % (number * each + index, b"") for index in range(each)))
                for index in range(each):
                    answer = await client.answer()
                    assert answer.body == b"GET /%d\n" % (number * each + index)

        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*map(ask, range(clients)))


@pytest.fixture
async def pool() -> AsyncIterator[HttpUpstream]:
    made = HttpUpstream(Upstream("backend", "http", "http://127.0.0.1:9", connections=64))
    yield made
    made.close()


@pytest.mark.parametrize("body", [None, b"a body"])
async def test_calls_of_an_upstream_are_sent_alike(pool: HttpUpstream, body: bytes | None) -> None:
    transports = pooled(pool, 2 * FEW)
    whole = b"GET / HTTP/1.1\r\n\r\n" + (body or b"")
    for _ in range(2 * FEW):
        pool.call(b"GET / HTTP/1.1\r\n\r\n", Recorder(), body=body)
    assert [transport.sent for transport in transports] == [whole] * FEW + [b""] * FEW
    await asyncio.sleep(0)
    assert [transport.sent for transport in transports] == [whole] * 2 * FEW


async def test_a_call_that_is_given_up_before_its_turn_is_never_sent(pool: HttpUpstream) -> None:
    transports = pooled(pool, FEW + 1)
    calls = [pool.call(b"GET / HTTP/1.1\r\n\r\n", Recorder()) for _ in range(FEW + 1)]
    calls[-1].cancel()
    await asyncio.sleep(0)
    assert transports[-1].sent == b""
    assert transports[-1].over
