"""W3C Trace Context: what is passed on of a client's `traceparent` and `tracestate`.

A valid parent goes on with a span id of this hop. An invalid one is dropped, and `tracestate` with it, since it
means nothing without its parent (Trace Context §3.3).
"""

import os
import re
from collections.abc import Mapping
from typing import Final

# Version 00 has exactly four parts; a later one may have more after a dash (§3.2). Version ff is forbidden.
_PARENT: Final = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?\Z"
)
_MAX_STATE: Final = 512
"""Bytes of `tracestate` that are passed on; §3.3.1.5 asks for at least this much."""


def trace_lines(fields: Mapping[bytes, bytes]) -> bytes:
    """The ready header lines for the upstream; empty where the client sent no valid parent."""
    parent = fields.get(b"traceparent")
    if parent is None:
        return b""
    match = _PARENT.match(parent)
    if match is None or (match[1] == b"00" and match[4] is not None):
        return b""
    span = os.urandom(8)
    lines = b"traceparent: 00-%b-%b-%b\r\n" % (match[2], span.hex().encode("ascii"), match[3])
    state = fields.get(b"tracestate")
    if state and len(state) <= _MAX_STATE:
        lines += b"tracestate: %b\r\n" % state
    return lines
