"""Requests at a fixed rate: `fixed_rate_load.py DIRECTORY METHOD PORT CONNECTIONS SECONDS RATE`.

An open loop. Each request has its moment by the clock, and its latency counts from that moment and not from when
a connection was free for it: a server that stands still is charged for everybody it kept waiting (G. Tene's
"coordinated omission"). One thread on raw sockets, as timers of event loops are coarser than a millisecond.
Prints one line: `RESULT {"requests", "seconds", "p50_ms", "p99_ms", "errors", "bytes", "late_ms"}`; `late_ms` is
how late the generator itself was, at the median: it is part of each latency, and the same for every peer.
"""

import contextlib
import json
import select
import socket
import sys
import time
from array import array
from collections import deque
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.bundled_load import requests_of

GRACE = 30.0
"""Seconds that the last answers may take: a server that stands still is measured, not taken for dead."""


def length_of(head: bytes) -> int:
    """The length of an answer's body by its head. Raises ValueError where it has none."""
    name, _, rest = head.lower().partition(b"\r\ncontent-length:")
    if not rest and name:
        raise ValueError("an answer without Content-Length")
    return int(rest.partition(b"\r\n")[0])


class Wire:
    """One connection, with at most one request on its way."""

    __slots__ = ("buffer", "due", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer = b""
        self.due = 0.0

    def answer(self) -> int | None:
        """The status of a complete answer, None while it is not complete. Raises OSError and ValueError."""
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionResetError("closed")
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or len(self.buffer) < end + 4 + length_of(self.buffer[: end + 2]):
            return None
        return int(self.buffer[9:12])


def run(requests: list[bytes], port: int, connections: int, seconds: float, rate: float) -> dict[str, float]:
    """Sends `rate` requests a second for `seconds`. Raises OSError where nobody listens."""
    wires = {wire.socket.fileno(): wire for wire in (Wire(port) for _ in range(connections))}
    poller = select.epoll()
    for number in wires:
        poller.register(number, select.EPOLLIN)
    free, waiting = deque(wires.values()), deque[float]()
    latencies, lateness, refused, received = array("d"), array("d"), 0, 0
    total, sent, step = int(seconds * rate), 0, 1 / rate
    turn = cycle(requests)
    began = time.perf_counter()
    while len(latencies) < total:
        now = time.perf_counter()
        if now > began + seconds + GRACE or not wires:
            break
        while sent < total and began + sent * step <= now:
            waiting.append(began + sent * step)
            lateness.append(now - waiting[-1])
            sent += 1
        while waiting and free:
            wire = free.popleft()
            wire.due = waiting.popleft()
            with contextlib.suppress(OSError):  # what was closed is found when it is read
                wire.socket.send(next(turn))
        # select's timeout is exact to microseconds, epoll's to milliseconds.
        pause = began + sent * step - time.perf_counter() if sent < total else 0.05
        if pause > 0:
            select.select([poller.fileno()], [], [], pause)
        for number, _ in poller.poll(0):
            wire = wires[number]
            try:
                status = wire.answer()
            except (OSError, ValueError):
                poller.unregister(number)
                del wires[number]
                wire.socket.close()
                continue
            if status is not None:
                latencies.append(time.perf_counter() - wire.due)
                refused += status >= 400
                received += len(wire.buffer)
                wire.buffer = b""
                free.append(wire)
    elapsed = time.perf_counter() - began
    for wire in wires.values():
        wire.socket.close()
    ordered = sorted(latencies) or [0.0]
    return {
        "requests": len(latencies),
        "seconds": elapsed,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000,
        # What was never answered is an error too: a figure of the others alone would flatter.
        "errors": refused + total - len(latencies),
        "bytes": received,
        "late_ms": (sorted(lateness) or [0.0])[len(lateness) // 2] * 1000,
    }


if __name__ == "__main__":
    folder, verb, where, many, lasting, pace = sys.argv[1:]
    found = run(requests_of(Path(folder), verb), int(where), int(many), float(lasting), float(pace))
    print("RESULT " + json.dumps(found))
