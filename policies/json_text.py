"""Reading a JSON text (RFC 8259) so that the upstream cannot read it differently.

The gateway judges the value and forwards the bytes. Whatever two parsers may understand differently is
therefore refused: a member name given twice (§4), a text that is not UTF-8 (§8.1) or has a byte order mark, a
surrogate without its pair (§8.2), a number beyond a double's range (§6; one with more digits is kept), and
nesting of more than 64 levels (§9). What is refused is told by its place, never by its content.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

MAXIMUM_DEPTH: Final = 64

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_BYTE: Final = re.compile(r"(.*) \(byte (\d+)\)$")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_ESCAPED_UNIT: Final = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why a text was refused. `offset` counts bytes from 0, `line` and `column` (in bytes) from 1.

    They are None where what is wrong is not at one place.
    """

    reason: str
    offset: int | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.offset is None:
            return self.reason
        return f"{self.reason} at line {self.line}, column {self.column} (byte {self.offset})"


def parse(text: bytes) -> Any | Malformed:
    """The value of `text`, or why it is refused."""
    value = parse_lax(text)
    if type(value) is Malformed:
        return value
    # `{` and `[` inside strings only make this bound larger.
    if text.count(b"{") + text.count(b"[") > MAXIMUM_DEPTH:
        deep = _too_deep(value)
        if deep is not None:
            return deep
    # A repeated name is lost in parsing. If nothing was lost, writing the value again gives the same text, or
    # (other spacing, other escapes) one with as many colons: those between name and value, and those inside
    # strings, which can only be hidden by the escape `\u003a`. Half the price of a walk over the value.
    again = _encode(value)
    if again != text and (text.count(b":") != again.count(b":") or b"\\u003" in text):
        return _repeated(text, value)
    return value


def parse_lax(text: bytes) -> Any | Malformed:
    """As `parse`, but of repeated names the last counts and the nesting is bounded by the parser alone.

    For answers: they are reported upon, not forwarded on our word.
    """
    try:
        return _decode(text)
    except msgspec.ValidationError:
        return Malformed("a number is out of range")
    except msgspec.DecodeError as error:
        return _undecodable(text, str(error))
    except UnicodeDecodeError:
        return _not_utf8(text)
    except RecursionError:
        return Malformed(f"nested more than {MAXIMUM_DEPTH} levels deep")


def _malformed(text: bytes, reason: str, offset: int) -> Malformed:
    line_start = text.rfind(b"\n", 0, offset) + 1
    return Malformed(reason, offset, text.count(b"\n", 0, offset) + 1, offset - line_start + 1)


def _not_utf8(text: bytes) -> Malformed:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return _malformed(text, "not UTF-8", error.start)
    return Malformed("not UTF-8")


def _undecodable(text: bytes, message: str) -> Malformed:
    # The parser calls a lone surrogate at a string's end a truncated text: say what it is.
    for string in _STRING.finditer(text):
        lone = _lone_surrogate(string[0])
        if lone is not None:
            return _malformed(text, "a surrogate without its pair", string.start() + lone)
    match = _BYTE.match(message)
    if match is None:
        return _malformed(text, "the text ends early" if text.strip() else "the text is empty", len(text))
    reason = match[1].removeprefix("JSON is malformed: ")
    # This one error is told by the place after the character, all others by the character's own.
    past = reason == "trailing characters"
    return _malformed(text, reason, int(match[2]) - past)


def _lone_surrogate(string: bytes) -> int | None:
    high: int | None = None
    end = -1
    for match in _ESCAPED_UNIT.finditer(string):
        unit = int(match[1], 16) if match[1] else 0
        if high is not None and not (match.start() == end and 0xDC00 <= unit <= 0xDFFF):
            return high
        if high is None and 0xDC00 <= unit <= 0xDFFF:
            return match.start()
        high = match.start() if 0xD800 <= unit <= 0xDBFF else None
        end = match.end()
    return high


def _too_deep(value: Any) -> Malformed | None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAXIMUM_DEPTH):
        below: list[Any] = []
        for container in level:
            members = container.values() if type(container) is dict else container
            below += [member for member in members if type(member) is dict or type(member) is list]
        if not below:
            return None
        level = below
    return Malformed(f"nested more than {MAXIMUM_DEPTH} levels deep")


class _RepeatedNameError(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedNameError
    return members


def _repeated(text: bytes, value: Any) -> Any | Malformed:
    """The slow and exact answer, for a text that the quick comparison could not clear."""
    try:
        json.loads(text, object_pairs_hook=_unique)
    except _RepeatedNameError:
        return Malformed("a member name is given twice in one object")
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    return value
