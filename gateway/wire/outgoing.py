"""What goes out on connections, gathered so that one answer costs one system call, and many answers one wake-up.

A streamed answer comes as a head, pieces and an end, most often all within one callback of the upstream. A write
for each would double the kernel's part of a request, which is the larger half of all it costs.

What is complete is sent at once while few requests are open: whoever gets it works while this process goes on.
With more of them it is sent at the end of the turn of the loop, together with that of others. A peer that is
given one thing after the other is done with each before the next is there, sleeps, and has to be woken up again;
given all of them it is woken up once.
"""

import asyncio
from typing import Final

HIGH_WATER: Final = 65_536
"""Bytes that may wait in memory for a slow reader, and the most that is gathered."""

FEW: Final = 3
"""Open requests, up to which each is sent on, and answered, at once. Of busy connections about half have an open
request: with three of them, waiting for each other costs a fifth of what can be done; with twelve it gains a
tenth; with six it makes no difference."""


class Gathering:
    """The connections of one listener that hold something back; all are flushed when the loop comes round."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Outgoing] = []

    def add(self, outgoing: "Outgoing") -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(outgoing)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for outgoing in waiting:
            outgoing.flush()


class Outgoing:
    """The sending side of one connection. `paused` is set while the reader is slow."""

    __slots__ = ("_gathering", "_held", "_size", "_transport", "paused")

    def __init__(self, transport: asyncio.Transport, gathering: Gathering) -> None:
        transport.set_write_buffer_limits(HIGH_WATER)
        self._transport = transport
        self._gathering = gathering
        self._held: list[bytes] = []
        self._size = 0
        self.paused = False

    def hold(self, data: bytes) -> None:
        """Sends `data` soon: with what follows in this turn of the loop, or at its end."""
        held = self._held
        if not held:
            self._gathering.add(self)
        held.append(data)
        self._size += len(data)
        if self._size >= HIGH_WATER:
            self.flush()

    def send(self, data: bytes, together: bool = False) -> None:
        """Sends `data` after what was held: now, or `together` with what else this turn of the loop has."""
        if together:
            self.hold(data)
        elif self._held:
            self._held.append(data)
            self.flush()
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Sends what is held. On a connection that is closing nobody gets it; it stays, while it is little, for
        whoever can have it sent on another."""
        held = self._held
        if not held:
            return
        if not self._transport.is_closing():
            self._held, self._size = [], 0
            self._transport.write(b"".join(held))
        elif self._size >= HIGH_WATER:
            self.drop()

    def take_back(self, first: bytes) -> list[bytes]:
        """Forgets and returns what was held, from the very `first` on; nothing if some of that has been sent."""
        held = self._held
        if not held or held[0] is not first:
            return []
        self.drop()
        return held

    def drop(self) -> None:
        """Forgets what was held: the connection is broken."""
        self._held, self._size = [], 0
