"""What all connections of one listener share."""

import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from gateway.wire.known_heads import KnownHeads
from gateway.wire.limits import ListenerSettings
from gateway.wire.messages import Acceptor
from gateway.wire.outgoing import Gathering

if TYPE_CHECKING:
    from gateway.wire.connection import Connection

QUIET: Final = 1.0
"""Seconds of rest after which a draining listener closes a connection: a busy client sends again before, and is
told with `Connection: close`, so that none of its requests meets a closed socket."""


class Keeper:
    """The listener, as its connections see it: a class and no protocol, since they ask it several times a request.

    `open` counts the requests that wait for their answer's end. `now` is a coarse clock, in `time.monotonic()`
    seconds, `date` a ready header line. `draining` says that each answer ends its connection; `stopping` that no
    connection is accepted any more, and WebSockets are closed.
    """

    gathering: Gathering

    def __init__(self, acceptor: Acceptor, settings: ListenerSettings) -> None:
        self.acceptor = acceptor
        self.settings = settings
        self.max_head = settings.max_head
        self.max_target = settings.max_target
        self.max_fields = settings.max_fields
        self.proxies = settings.proxies
        self.known_heads = KnownHeads()
        self.connections: set[Connection] = set()
        self.open = 0
        self.draining = False
        self.stopping = False
        self.scheme = "http"
        self.now = 0.0
        self.date = b""
        self.look_at_the_clock()

    def look_at_the_clock(self) -> None:
        self.now = time.monotonic()
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode("ascii")

    def lost(self, connection: "Connection") -> None:
        """A connection is no more."""
        self.connections.discard(connection)

    def patience(self, served: bool) -> float:
        """Seconds that a connection may rest; one that has sent nothing yet has a head's time for it."""
        if self.draining:
            return QUIET
        return self.settings.idle_timeout if served else self.settings.head_timeout
