"""A binary field's value out of an answer of Odoo's, as it comes: base64 in a JSON text, decoded in pieces.

Odoo has no other way to give a file to who holds an API key. What stands around the value is known beforehand,
and an answer of another shape (an error, an empty field) is left to who can hold it whole. Pure.
"""

import binascii
import re
from typing import Final, Literal

MOST_AROUND: Final = 65_536
"""Bytes before the value has to begin, and of an answer that has none of the expected shape."""

_ROW: Final = rb'\s*\[\s*\{\s*(?:"id"\s*:\s*\d+\s*,\s*)?"%s"\s*:\s*"'
_ROW_END: Final = rb'\s*(?:,\s*"id"\s*:\s*\d+\s*)?\}\s*\]\s*'
_MEMBER: Final = rb'"(?:jsonrpc"\s*:\s*"2\.0"|id"\s*:\s*(?:\d+|null))'
_ENVELOPE: Final = rb"\s*\{\s*(?:" + _MEMBER + rb'\s*,\s*){0,2}"result"\s*:'
_ENVELOPE_END: Final = rb"(?:,\s*" + _MEMBER + rb"\s*){0,2}\}\s*"

State = Literal["before", "inside", "after", "whole"]


class Base64ValueError(Exception):
    """The value is no base64, or what follows it is not what ends such an answer."""


class Base64Value:
    """The one value of `field` in the answer to a `read` of one record; `enveloped` in JSON-RPC.

    `state` is `whole` once the answer is known to have another shape: `held` is what came of it so far.
    """

    __slots__ = ("_end", "_padded", "_rest", "_start", "field", "held", "state")

    def __init__(self, field: str, *, enveloped: bool) -> None:
        self.field = field
        row, end = _ROW % re.escape(field.encode()), _ROW_END
        self._start = re.compile(_ENVELOPE + row if enveloped else row)
        self._end = re.compile(end + _ENVELOPE_END if enveloped else end)
        self._rest = b""
        self._padded = False
        self.held = b""
        self.state: State = "before"

    def feed(self, data: bytes) -> bytes:
        """The next piece of the answer, and what it has of the value. Raises Base64ValueError."""
        if self.state == "before":
            self.held += data
            match = self._start.match(self.held)
            if match is None:
                if len(self.held) > MOST_AROUND:
                    self.state = "whole"
                return b""
            data, self.held, self.state = self.held[match.end() :], b"", "inside"
        if self.state == "inside":
            return self._inside(data)
        self.held += data
        if self.state == "after" and len(self.held) > MOST_AROUND:
            raise Base64ValueError
        return b""

    def end(self) -> None:
        """There is no more of the answer. Raises Base64ValueError where the value was not complete."""
        if self.state == "before":
            self.state = "whole"
        elif self.state == "inside" or (self.state == "after" and not self._end.fullmatch(self.held)):
            raise Base64ValueError

    def _inside(self, data: bytes) -> bytes:
        data = self._rest + data
        text, quote, after = data.partition(b'"')
        if quote:
            self.state, self.held = "after", after
        # An escape may be cut in two; base64 has none but those of line ends, and of a slash.
        cut = len(text) - 1 if text.endswith(b"\\") else len(text)
        text, self._rest = text[:cut], text[cut:]
        text = text.replace(b"\\n", b"").replace(b"\\r", b"").replace(b"\\/", b"/")
        whole = len(text) // 4 * 4
        self._rest = text[whole:] + self._rest
        if quote and self._rest:
            raise Base64ValueError
        if not whole:
            return b""
        if self._padded:
            raise Base64ValueError  # nothing follows the padding
        text = text[:whole]
        self._padded = text.endswith(b"=")
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            raise Base64ValueError from None
