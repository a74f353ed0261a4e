"""A transport without a socket."""

import asyncio


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
