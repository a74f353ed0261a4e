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

_CLUSTER: Final = "+cluster"


class Server(Protocol):
    """Raises one of FAULTS. Is asked by one at a time."""

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
        connection = self._connection
        if not connection.is_connected or await self._is_stale():
            await self._connect()
        answers: list[Any] = []
        async with asyncio.timeout(self._timeout):
            await connection.send_packed_command(b"".join(commands), check_health=False)
            for _ in commands:
                try:
                    answers.append(await connection.read_response())
                except ResponseError as error:
                    answers.append(error)
        return answers

    async def _is_stale(self) -> bool:
        """Whether the server has closed a connection that rested."""
        try:
            return await self._connection.can_read()
        except FAULTS:
            return True

    async def _connect(self) -> None:
        await self._connection.disconnect()
        async with asyncio.timeout(self._timeout):
            await self._connection.connect()  # type: ignore[no-untyped-call]


class SpreadServer:
    """A Cluster, whose nodes are found by redis-py. All keys of one call have the same hash tag."""

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster

    async def load(self, script: str, /) -> str:
        name: str = await self._cluster.script_load(script)
        return name

    async def run(self, name: str, calls: list[Call], /) -> list[Any]:
        pipeline = self._cluster.pipeline()
        for keys, arguments in calls:
            # Not `evalsha`, which redis-py refuses in a Cluster's pipelines; each node knows the script even so.
            pipeline.execute_command("EVALSHA", name, len(keys), *keys, *arguments)
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    async def close(self) -> None:
        await self._cluster.aclose()


def _packed(parts: Iterable[Argument]) -> bytes:
    """A command as it is sent: an array of bulk strings (RESP)."""
    sent = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n%b" % (len(sent), b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in sent]))
