"""A load generator for HTTP/2 with prior knowledge (RFC 9113 §3.3): closed loop, one thread.

`http2_load.py DIRECTORY METHOD URL REQUESTS SECONDS` keeps so many requests open over few connections, and prints
what `bundled_load.py` prints. They have no body. Requests are encoded before the first is sent, and of answers no
more is read than the status and where they end, so that it costs little beside what it measures.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final, cast

import uvloop
from hpack import Encoder

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.bundled_load import Tally, drive, turns  # noqa: E402  the script's own packages

STREAMS: Final = 8
"""Open requests of a connection."""

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8  # §6
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_HEADER_TABLE_SIZE, _INITIAL_WINDOW_SIZE = 1, 4  # §6.5.2
_LARGEST: Final = 2**31 - 1
_FIRST_WINDOW: Final = 65_535
_STATUS_200: Final = 0x88  # RFC 7541, appendix A: entry 8 of the static table


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """RFC 9113 §4.1."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def setting(identifier: int, value: int) -> bytes:
    return identifier.to_bytes(2, "big") + value.to_bytes(4, "big")


def blocks_of(directory: Path, method: str) -> list[bytes]:
    """The field blocks of the requests, each by itself, in turn."""
    encoder = Encoder()
    encoder.header_table_size = 0  # nothing refers to what was sent before
    blocks = []
    for path, token in turns(directory):
        fields = {":method": method, ":scheme": "http", ":authority": "127.0.0.1", ":path": path}
        fields["authorization"] = f"Bearer {token}"
        blocks.append(encoder.encode([(*field, True) for field in fields.items()], huffman=False))
    return blocks


def is_ok(block: bytes) -> bool:
    """Whether a field block begins with the status 200, after changes of the table's size (RFC 7541 §6.3)."""
    at = 0
    while at < len(block) and block[at] >> 5 == 1:
        more = block[at] & 0x1F == 0x1F
        at += 1
        while more and at < len(block):
            more = bool(block[at] & 0x80)
            at += 1
    return block[at : at + 1] == bytes((_STATUS_200,))


class Connection(asyncio.Protocol):
    """Sends the next request when an answer is complete."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._next = 1
        self._sent: dict[int, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        told = setting(_HEADER_TABLE_SIZE, 0) + setting(_INITIAL_WINDOW_SIZE, _LARGEST)
        wider = (_LARGEST - _FIRST_WINDOW).to_bytes(4, "big")
        begin = _PREFACE + frame(_SETTINGS, 0, 0, told) + frame(_WINDOW_UPDATE, 0, 0, wider)
        self._transport.write(begin + b"".join(self._request() for _ in range(STREAMS)))

    def _request(self) -> bytes:
        stream, self._next = self._next, self._next + 2
        self._sent[stream] = time.perf_counter()
        return frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, next(self._run.blocks))

    def data_received(self, data: bytes) -> None:
        data = self._unread + data
        at, answer = 0, []
        while len(data) >= at + 9:
            length = int.from_bytes(data[at : at + 3], "big")
            if len(data) < at + 9 + length:
                break
            kind, flags = data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5 : at + 9], "big") & _LARGEST
            answer.append(self._take(kind, flags, stream, data[at + 9 : at + 9 + length]))
            at += 9 + length
        self._unread = data[at:]
        written = b"".join(answer)
        if written and self._transport is not None:
            self._transport.write(written)

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        """What is to be sent for a frame."""
        run = self._run
        if kind in (_SETTINGS, _PING):
            return b"" if flags & _ACK else frame(kind, _ACK, 0, payload if kind == _PING else b"")
        if kind in (_RST_STREAM, _GOAWAY):
            run.errors += not run.over
        elif kind == _HEADERS and stream in self._sent:
            run.errors += not is_ok(payload)
        elif kind == _DATA:
            run.received += len(payload)
        if kind not in (_DATA, _HEADERS) or not flags & _END_STREAM or run.over:
            return b""
        run.latencies.append(time.perf_counter() - self._sent.pop(stream))
        return self._request()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._run.over:
            self._run.errors += 1


class Run(Tally):
    """What all connections share."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self.blocks = blocks


async def main(directory: str, method: str, url: str, requests: str, seconds: str) -> None:
    run = Run(cycle(blocks_of(Path(directory), method)))
    await drive(run, lambda: Connection(run), url, max(1, int(requests) // STREAMS), float(seconds))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
