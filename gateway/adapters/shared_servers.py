"""The server of a shared state, or the Cluster: how a script is loaded there, and called many times at once."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, Protocol

from redis.asyncio import ConnectionPool
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError, ResponseError

TIMEOUT: Final = 0.25
"""Seconds for connecting and for an answer; longer, and the server counts as down."""

Argument = str | int | bytes
Call = tuple[tuple[str, ...], tuple[Argument, ...]]
"""Keys and arguments."""

FAULTS: Final = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What is raised where the server is not there, or cannot be asked."""

_HANDSHAKE: Final = 4
"""Times as long may it take until a connection can be used: there are several answers to be waited for."""

_CLUSTER: Final = "+cluster"


class Server(Protocol):
    """Raises one of FAULTS. Calls are run in the order in which they were made; none waits for others' answers."""

    async def load(self, script: str, /) -> str:
        """The script's name there."""
        ...

    async def run(self, name: str, calls: list[Call], /) -> list[Any]:
        """An answer for each, or the error that it met, which is a ResponseError."""
        ...

    async def close(self) -> None: ...


def is_cluster(url: str) -> bool:
    return url.partition(":")[0].endswith(_CLUSTER)


def node_url(url: str) -> str:
    """Of one server: of a Cluster, the one that is named."""
    scheme, colon, rest = url.partition(":")
    return scheme.removesuffix(_CLUSTER) + colon + rest


def server_at(url: str, timeout: float = TIMEOUT) -> Server:
    """Connects at the first use; `timeout` is in seconds. Raises ValueError for a URL that is none."""
    options: dict[str, Any] = {
        "socket_connect_timeout": timeout,
        # Without an explicit one redis-py tries a closed port for seconds.
        "retry": Retry(NoBackoff(), 0),
    }
    if not is_cluster(url):
        return OneServer(ConnectionPool.from_url(url, **options), timeout)
    try:
        return SpreadServer(RedisCluster.from_url(node_url(url), socket_timeout=timeout, **options))
    except RedisClusterException as error:
        raise ValueError(str(error)) from None


class OneServer:
    """Over one connection. Redis-py's pool and pipeline would take longer than the call itself, and so would its
    timeouts: it makes a task of each sending, and a timer for each answer. Here an exchange has one of `timeout`.
    """

    def __init__(self, pool: ConnectionPool, timeout: float) -> None:
        self._connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
        self._timeout = timeout
        self._connecting = asyncio.Lock()
        self._reading = asyncio.Lock()  # who came first reads first
        self._open = 0  # exchanges that have not ended
        self._number = 0  # of the connection

    async def load(self, script: str, /) -> str:
        (answer,) = await self._exchange([_packed(("SCRIPT", "LOAD", script))])
        if isinstance(answer, Exception):
            raise answer
        return str(answer, "ascii")

    async def run(self, name: str, calls: list[Call], /) -> list[Any]:
        return await self._exchange([_packed(("EVALSHA", name, len(keys), *keys, *rest)) for keys, rest in calls])

    async def close(self) -> None:
        await self._connection.disconnect()

    async def _exchange(self, commands: list[bytes]) -> list[Any]:
        """Sends at once, and reads when those before have read theirs. One that fails takes all of them with it:
        nobody could tell any more whose the next answer is."""
        connection, answers = self._connection, list[Any]()
        self._open += 1
        try:
            await self._ready()
            number = self._number
            try:
                async with asyncio.timeout(self._timeout):
                    await connection.send_packed_command(b"".join(commands), check_health=False)
                    async with self._reading:
                        for _ in commands:
                            if self._number != number:
                                raise ConnectionError("the connection was given up")
                            try:
                                answers.append(await connection.read_response())
                            except ResponseError as error:
                                answers.append(error)
            except BaseException:
                if self._number == number:
                    await self._give_up()
                raise
        finally:
            self._open -= 1
        return answers

    async def _ready(self) -> None:
        """Connects, anew where the server has closed a connection that rested."""
        async with self._connecting:
            if self._connection.is_connected and not (self._open == 1 and await self._is_stale()):
                return
            await self._give_up()
            try:
                async with asyncio.timeout(_HANDSHAKE * self._timeout):
                    await self._connection.connect()  # type: ignore[no-untyped-call]
            except BaseException:
                await self._give_up()
                raise

    async def _give_up(self) -> None:
        self._number += 1
        await self._connection.disconnect(nowait=True)

    async def _is_stale(self) -> bool:
        try:
            return await self._connection.can_read()
        except FAULTS:
            return True


class SpreadServer:
    """A Cluster, whose nodes are found by redis-py. All keys of one call have the same hash tag.

    It is asked by one at a time: over two of its connections, what came first need not be first there.
    """

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._asking = asyncio.Lock()

    async def load(self, script: str, /) -> str:
        name: str = await self._cluster.script_load(script)
        return name

    async def run(self, name: str, calls: list[Call], /) -> list[Any]:
        pipeline = self._cluster.pipeline()
        for keys, arguments in calls:
            # Not `evalsha`, which redis-py refuses in a Cluster's pipelines; each node knows the script even so.
            pipeline.execute_command("EVALSHA", name, len(keys), *keys, *arguments)
        async with self._asking:
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    async def close(self) -> None:
        await self._cluster.aclose()


def _packed(parts: Iterable[Argument]) -> bytes:
    """A command as it is sent: an array of bulk strings (RESP)."""
    sent = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n%b" % (len(sent), b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in sent]))
