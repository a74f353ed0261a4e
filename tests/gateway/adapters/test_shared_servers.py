"""The connection to a shared state's server: what is sent, what comes back, and what a closed connection does."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from redis.exceptions import NoScriptError, ResponseError

from gateway.adapters.shared_servers import FAULTS, OneServer, Server, is_cluster, node_url, server_at
from gateway.adapters.shared_store import FIRST_PAUSE, SharedStore, StateUnavailableError
from tests.support.valkey import Valkey, valkey

ECHO = "if ARGV[1] == 'fail' then return redis.error_reply('ERR no') end return {KEYS[1], ARGV[1], #ARGV, 7}"


@pytest.fixture(scope="module")
def valkey_server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
async def server(valkey_server: Valkey) -> AsyncIterator[Server]:
    made = server_at(valkey_server.url)
    yield made
    await made.close()


async def test_arguments_arrive_as_they_are_and_answers_in_their_order(server: Server) -> None:
    name = await server.load(ECHO)
    calls = [
        (("key",), ("text with \r\n in it, and ünïcode",)),
        (("other",), (b"\x00\xff\r\n", 2)),
        (("third",), (-5,)),
    ]
    assert await server.run(name, calls) == [
        [b"key", "text with \r\n in it, and ünïcode".encode(), 1, 7],
        [b"other", b"\x00\xff\r\n", 2, 7],
        [b"third", b"-5", 1, 7],
    ]


async def test_one_call_that_fails_takes_no_other_with_it(server: Server) -> None:
    name = await server.load(ECHO)
    first, second, third = await server.run(name, [(("a",), ("x",)), (("b",), ("fail",)), (("c",), ("y",))])
    assert first[0] == b"a"
    assert isinstance(second, ResponseError)
    assert third[0] == b"c"
    (unknown,) = await server.run("0" * 40, [(("a",), ("x",))])
    assert isinstance(unknown, NoScriptError)


async def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(
    server: Server, valkey_server: Valkey
) -> None:
    name = await server.load(ECHO)
    with redis.Redis(unix_socket_path=str(valkey_server.socket)) as other:
        other.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert isinstance(server, OneServer)
    async with asyncio.timeout(10):
        while not await server._connection.can_read():  # until that is known here
            await asyncio.sleep(0.005)
    assert (await server.run(name, [(("a",), ("x",))]))[0][0] == b"a"


async def test_who_asks_meanwhile_gets_their_own_answers(server: Server) -> None:
    name = await server.load(ECHO)
    calls = [[((f"key-{number}",), (str(number),))] * (1 + number % 3) for number in range(60)]
    answers = await asyncio.gather(*(server.run(name, each) for each in calls))
    assert answers == [
        [[f"key-{number}".encode(), str(number).encode(), 1, 7]] * (1 + number % 3) for number in range(60)
    ]


def pause(valkey_server: Valkey, milliseconds: int) -> None:
    with redis.Redis(unix_socket_path=str(valkey_server.socket)) as other:
        other.execute_command("CLIENT", "PAUSE", milliseconds, "ALL")


async def test_an_answer_that_came_too_late_is_nobody_elses(server: Server, valkey_server: Valkey) -> None:
    name = await server.load(ECHO)
    pause(valkey_server, 400)
    late = [asyncio.create_task(server.run(name, [((f"late-{number}",), ("x",))])) for number in range(3)]
    for told in await asyncio.gather(*late, return_exceptions=True):
        assert isinstance(told, FAULTS)
    await asyncio.sleep(0.2)
    assert (await server.run(name, [(("now",), ("y",))]))[0][:2] == [b"now", b"y"]


async def test_who_gives_up_takes_nobody_elses_answer(server: Server, valkey_server: Valkey) -> None:
    """Those on the way with it are told that theirs are lost, and the next ask anew."""
    name = await server.load(ECHO)
    pause(valkey_server, 100)
    first, second = (asyncio.create_task(server.run(name, [((key,), ("x",))])) for key in ("first", "second"))
    await asyncio.sleep(0.02)
    first.cancel()
    told = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(told[0], asyncio.CancelledError)
    assert isinstance(told[1], FAULTS)
    await asyncio.sleep(0.15)
    assert (await server.run(name, [(("now",), ("y",))]))[0][:2] == [b"now", b"y"]


async def test_what_is_lost_at_once_is_one_outage(valkey_server: Valkey) -> None:
    store = SharedStore(valkey_server.url, "return {KEYS[1]}")
    assert await store.run("before") == [b"before"]
    pause(valkey_server, 400)
    lost = []
    for number in range(5):
        lost.append(store.run(f"lost-{number}"))
        await asyncio.sleep(0.005)
    for told in await asyncio.gather(*lost, return_exceptions=True):
        assert isinstance(told, StateUnavailableError)
    assert (store.outages, store.available, store.worth_asking) == (1, False, False)
    assert store._pause == FIRST_PAUSE
    async with asyncio.timeout(10):
        while not store.worth_asking:
            await asyncio.sleep(0.02)
    assert await store.run("after") == [b"after"]
    await store.close()


async def test_a_password_and_a_database_are_those_of_the_url(valkey_server: Valkey) -> None:
    with redis.Redis(unix_socket_path=str(valkey_server.socket), db=3) as other:
        other.config_set("requirepass", "secret")
        try:
            made = server_at(f"unix://:secret@{valkey_server.socket}?db=3")
            name = await made.load("redis.call('SET', KEYS[1], ARGV[1]) return {1}")
            assert await made.run(name, [(("there",), ("x",))]) == [[1]]
            await made.close()
            assert other.get("there") == b"x"
            stranger = server_at(valkey_server.url)
            with pytest.raises(FAULTS):
                await stranger.load(ECHO)
            await stranger.close()
        finally:
            other.config_set("requirepass", "")


async def test_a_server_that_is_not_there(tmp_path: object) -> None:
    made = server_at(f"unix://{tmp_path}/none")
    with pytest.raises(FAULTS):
        await made.load(ECHO)
    await made.close()


def test_urls() -> None:
    assert is_cluster("rediss+cluster://a:1")
    assert not is_cluster("redis://a:1/+cluster")
    assert node_url("rediss+cluster://u:p@a:1") == "rediss://u:p@a:1"
    assert node_url("unix:///run/s") == "unix:///run/s"
    for url in ("http://a", "http+cluster://a", "unix+cluster:///run/s", "redis+cluster://a:1/3"):
        with pytest.raises(ValueError):
            server_at(url)
