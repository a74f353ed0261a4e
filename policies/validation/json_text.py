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

_TOO_DEEP: Final = f"nested more than {MAXIMUM_DEPTH} levels deep"
_REPEATED: Final = "a member name is given twice in one object"

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_BYTE: Final = re.compile(r"(.*) \(byte (\d+)\)$")
_LONE_SURROGATE: Final = re.compile(rb"(?<!\\)(?:\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2})(?!\\u[dD][c-fC-F])")


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
    strings = strings_of(value, MAXIMUM_DEPTH)
    if strings < 0:
        return Malformed(_TOO_DEEP)
    if is_whole(text, value, strings):
        return value
    return Malformed(_REPEATED) if b"\\" not in text else _repeated(text, value)


def is_whole(text: bytes, value: Any, strings: int) -> bool:
    """Whether nothing of the text is missing in its value, which has so many strings: a member is, where a later
    one has its name. Where characters are escaped it may be False all the same.
    """
    # Each string has two quotation marks, and more only where some are escaped.
    if text.count(b'"') == 2 * strings:
        return True
    if b"\\" not in text:
        return False
    # Or writing the value again gives the same text, or (other spacing, other escapes) one with as many colons:
    # those between name and value, and those inside strings, which can only be hidden by the escape `\u003a`.
    again = _encode(value)
    return again == text or (text.count(b":") == again.count(b":") and b"\\u003" not in text)


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
        return Malformed(_TOO_DEEP)


def strings_of(value: Any, levels: int) -> int:
    """How many strings there are in a value, names of members among them; -1 where it has more levels."""
    if isinstance(value, str):
        return 1
    found = 0
    if isinstance(value, dict):
        if levels == 0:
            return -1
        found = len(value)
        for inner in value.values():
            if isinstance(inner, str):
                found += 1
            elif isinstance(inner, (dict, list)):
                below = strings_of(inner, levels - 1)
                if below < 0:
                    return -1
                found += below
    elif isinstance(value, list):
        if levels == 0:
            return -1
        for inner in value:
            below = strings_of(inner, levels - 1)
            if below < 0:
                return -1
            found += below
    return found


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
    match = _BYTE.match(message)
    if match is not None:
        reason = match[1].removeprefix("JSON is malformed: ")
        # This one error is told by the place after the character, all others by the character's own.
        past = reason == "trailing characters"
        return _malformed(text, reason, int(match[2]) - past)
    # The parser finds a text too short too where a string ends in half of a surrogate pair.
    lone = _LONE_SURROGATE.search(text) if b"\\u" in text else None
    if lone is not None:
        return _malformed(text, "a surrogate without its pair", lone.start(1))
    return _malformed(text, "the text ends early" if text.strip() else "the text is empty", len(text))


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
        return Malformed(_REPEATED)
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    return value
