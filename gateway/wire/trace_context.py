"""W3C Trace Context: what is read, and passed on, of a client's `traceparent` and `tracestate`.

An invalid parent is dropped, and `tracestate` with it, since it means nothing without its parent (Trace Context
§3.3).
"""

import os
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

# Version 00 has exactly four parts; a later one may have more after a dash (§3.2). Version ff is forbidden.
_PARENT: Final = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z"
)
_MAX_STATE: Final = 512
"""Bytes of `tracestate` that are passed on; §3.3.1.5 asks for at least this much."""


class Parent(NamedTuple):
    """A valid parent, in the lower-case hex of the header. `state` is empty where it is not passed on."""

    trace_id: bytes
    span_id: bytes
    flags: bytes
    state: bytes

    @property
    def sampled(self) -> bool:
        return bool(int(self.flags, 16) & 1)


def parent_of(fields: Mapping[bytes, bytes]) -> Parent | None:
    """The parent that the client sent; None where it sent none that is valid."""
    value = fields.get(b"traceparent")
    if value is None:
        return None
    match = _PARENT.match(value)
    if match is None or (match[1] == b"00" and match[5] is not None):
        return None
    state = fields.get(b"tracestate", b"")
    return Parent(match[2], match[3], match[4], state if len(state) <= _MAX_STATE else b"")


def trace_lines(fields: Mapping[bytes, bytes]) -> bytes:
    """The ready header lines for the upstream of a gateway without traces; empty without a valid parent.

    A valid parent goes on with a span id of this hop.
    """
    parent = parent_of(fields)
    if parent is None:
        return b""
    return context_lines(parent.trace_id, os.urandom(8).hex().encode("ascii"), parent.flags, parent.state)


def context_lines(trace_id: bytes, span_id: bytes, flags: bytes, state: bytes = b"") -> bytes:
    """The header lines of a context, in the order that §3.3 gives."""
    lines = b"traceparent: 00-%b-%b-%b\r\n" % (trace_id, span_id, flags)
    return lines + b"tracestate: %b\r\n" % state if state else lines
