"""Heads that were read before: a client that keeps its connection sends the same fields again and again.

What a head's fields say is kept by their very bytes, all of them, from the end of the request line to the empty
line. A request whose fields are known costs a look-up instead of a parser with a callback for each; its request
line is read anew. Whatever is not plain goes to the parser: another version than HTTP/1.1, a target that is not
normal as it stands, an upgrade, an expectation.
"""

import re
from typing import Final

from gateway.wire.head import Head
from gateway.wire.recent import Recent
from policies.exchange import Kept
from policies.target import PLAIN, plain_path

HELD: Final = 1024
"""Blocks of fields that are held at least; it may be twice as many."""
LONGEST: Final = 2048
"""Bytes of the longest that is."""
MOST_FIELDS: Final = 32
"""Fields of the longest: each takes more memory than its bytes. All together take 20 MB at the most."""

_METHODS: Final = {
    name.encode("ascii"): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_PLAIN_LINE: Final = re.compile(rb"([A-Z]+) (" + PLAIN + rb") HTTP/1\.1\r\n")
_KEPT_METHODS: Final = frozenset(_METHODS.values())
# A client that sends one of these sends another value each time.
_ANEW: Final = frozenset(
    {
        b"dpop",
        b"idempotency-key",
        b"signature",
        b"traceparent",
        b"tracestate",
        b"x-correlation-id",
        b"x-request-id",
    }
)


class KnownHeads:
    """Those of one listener. What is held has credentials in it: the object shows none in its repr."""

    __slots__ = ("_recent",)

    def __init__(self) -> None:
        self._recent: Recent[bytes, Head] = Recent(HELD)

    def find(self, data: bytes, max_target: int) -> Head | None:
        """The head that `data` is, if its fields are known and its request line is plain."""
        start = data.find(b"\r\n") + 2
        known = self._recent.get(data[start:])
        if known is None:
            return None
        line = _PLAIN_LINE.fullmatch(data, 0, start)
        if line is None:
            return None
        name, target, path, query = line.groups(b"")
        method = _METHODS.get(name)
        normal = plain_path(path)
        if method is None or normal is None or len(target) > max_target:
            return None
        head = Head()
        head.method = method
        head.target = target
        head.path, head.query = normal, query
        head.headers = known.headers
        head.fields = known.fields
        head.length = known.length
        head.keep_alive = known.keep_alive
        head.kept = known.kept
        return head

    def keep(self, data: bytes, head: Head) -> None:
        """Remembers the fields of `data`, which was read as `head` and is sound."""
        if head.special or head.minor == 0 or head.method not in _KEPT_METHODS:
            return
        fields = data[data.find(b"\r\n") + 2 :]
        if len(fields) <= LONGEST and len(head.headers) <= MOST_FIELDS and _ANEW.isdisjoint(head.fields):
            head.kept = Kept()
            self._recent.put(fields, head)

    def __len__(self) -> int:
        return len(self._recent)

    def __repr__(self) -> str:
        return f"<KnownHeads: {len(self)}>"
