"""A transport without a socket, and connections to an upstream that have one."""

import asyncio

from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.http_connection import HttpConnection


class Nowhere(asyncio.Transport):
    """Takes everything, and closes as a transport does."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.over = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.over = True

    abort = close

    def is_closing(self) -> bool:
        return self.over

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.over = True

    def pause_reading(self) -> None:
        assert self.reading, "paused twice"
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading, "resumed twice"
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


def pooled(pool: HttpUpstream, connections: int) -> list[Nowhere]:
    """Connections that a pool has from now on, in the order in which it uses them: last in, first out."""
    transports = [Nowhere() for _ in range(connections)]
    for transport in reversed(transports):
        connection = HttpConnection(pool)
        connection.connection_made(transport)
        pool.release(connection)
    return transports
