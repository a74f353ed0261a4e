"""A load generator for machines without wrk: closed loop, keep-alive, httptools on uvloop, one thread.

`bundled_load.py DIRECTORY METHOD URL CONNECTIONS SECONDS` sends the requests of a `Load` in turn and prints one
line: `RESULT {"requests", "seconds", "p50_ms", "p99_ms", "errors", "bytes"}`.
"""

import asyncio
import json
import ssl
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop


def turns(directory: Path) -> Iterator[tuple[str, str]]:
    """Path and token of each request: each of them at least once, both in turn."""
    paths = (directory / "PATHS").read_text().split()
    tokens = (directory / "TOKENS").read_text().split()
    return islice(zip(cycle(paths), cycle(tokens), strict=False), max(len(paths), len(tokens)))


def requests_of(directory: Path, method: str) -> list[bytes]:
    """The serialised requests, in turn."""
    body = (directory / "BODY").read_bytes()
    content_type = (directory / "CONTENT_TYPE").read_text()
    framing = f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n" if body else ""
    return [
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n{framing}\r\n".encode()
        + body
        for path, token in turns(directory)
    ]


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self.send()

    def send(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(next(self._run.requests))

    def data_received(self, data: bytes) -> None:
        try:
            self._run.received += len(data)
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._run.errors += 1
            if self._transport is not None:
                self._transport.close()

    def on_message_complete(self) -> None:
        run = self._run
        if self._parser.get_status_code() >= 400:
            run.errors += 1
        if not run.over:
            run.latencies.append(time.perf_counter() - self._sent)
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._run.over:
            self._run.errors += 1


class Tally:
    """What has come of a run."""

    def __init__(self) -> None:
        self.latencies = array("d")
        self.errors = 0
        self.received = 0
        self.over = False

    def tell(self, elapsed: float) -> None:
        """Prints the line with the result of so many seconds."""
        ordered = sorted(self.latencies) or [0.0]
        result = {
            "requests": len(self.latencies),
            "seconds": elapsed,
            "p50_ms": ordered[len(ordered) // 2] * 1000,
            "p99_ms": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000,
            "errors": self.errors,
            "bytes": self.received,
        }
        print("RESULT " + json.dumps(result))


class Run(Tally):
    """What all connections share."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        super().__init__()
        self.requests = requests


async def drive(
    run: Tally, connect: Callable[[], asyncio.Protocol], url: str, connections: int, seconds: float
) -> None:
    """Opens the connections, lets them go on for so long, and tells the result."""
    target = urlsplit(url)
    tls = ssl._create_unverified_context() if target.scheme == "https" else None  # a certificate of the run's own
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = await asyncio.gather(
        *(loop.create_connection(connect, target.hostname, target.port, ssl=tls) for _ in range(connections))
    )
    await asyncio.sleep(seconds)
    run.over = True
    elapsed = time.perf_counter() - began
    for transport, _ in made:
        transport.close()
    run.tell(elapsed)


async def main(directory: str, method: str, url: str, connections: str, seconds: str) -> None:
    run = Run(cycle(requests_of(Path(directory), method)))
    await drive(run, lambda: Connection(run), url, int(connections), float(seconds))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
