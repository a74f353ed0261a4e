"""Reads JSON (RFC 8259) into a builder, with the place of every value."""

import json
import math
import re
from bisect import bisect_right
from typing import Any, Final

from contracts.documents.builder import Builder, Refused

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCALAR_STARTS: Final = frozenset('"-0123456789tfn')


def _no_constant(_: str) -> Any:
    raise ValueError("is no JSON number")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


class _Text:
    """The text and a position in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self) -> tuple[int, int]:
        line = bisect_right(self._lines, self.position)
        return line, self.position - self._lines[line - 1] + 1

    def next(self) -> str:
        """The next character that is no white space, or an empty string at the end."""
        match = _SPACE.match(self.text, self.position)
        assert match is not None
        self.position = match.end()
        return self.text[self.position : self.position + 1]

    def refuse(self, expected: str) -> Refused:
        return Refused("json-syntax", f"this is not JSON: expected {expected}", *self.place())

    def scalar(self) -> Any:
        """The string, number or literal that starts here."""
        if self.next() not in _SCALAR_STARTS or self.position >= len(self.text):
            raise self.refuse("a value")
        try:
            value, end = _DECODER.raw_decode(self.text, self.position)
            if isinstance(value, str):
                value.encode()
        except UnicodeEncodeError:
            raise self.refuse("a string without lone surrogates") from None
        except json.JSONDecodeError as error:
            self.position = error.pos
            raise Refused("json-syntax", f"this is not JSON: {error.msg}", *self.place()) from None
        except ValueError:
            raise self.refuse("a number that JSON can hold") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse("a number that a double can hold")
        self.position = end
        return value


def read_json(text: str, builder: Builder) -> None:
    """Raises Refused for a text that is not exactly one JSON value."""
    source = _Text(text)
    open_: list[str] = []
    while True:
        # At a value.
        character = source.next()
        place = source.place()
        if character in ("{", "["):
            source.position += 1
            builder.open({} if character == "{" else [], *place)
            open_.append(character)
            if source.next() != ("}" if character == "{" else "]"):
                if character == "{":
                    _key(source, builder)
                continue
        else:
            builder.scalar(source.scalar(), *place)
        # After a value: close what ends here, or go on to the next member.
        while open_:
            character = source.next()
            if character == ("}" if open_[-1] == "{" else "]"):
                source.position += 1
                open_.pop()
                builder.close()
            elif character == ",":
                source.position += 1
                if open_[-1] == "{":
                    _key(source, builder)
                break
            else:
                raise source.refuse("`,` or `}`" if open_[-1] == "{" else "`,` or `]`")
        else:
            break
    if source.next():
        raise source.refuse("nothing more")


def _key(source: _Text, builder: Builder) -> None:
    if source.next() != '"':
        raise source.refuse("a key in double quotes")
    place = source.place()
    builder.key(source.scalar(), *place)
    if source.next() != ":":
        raise source.refuse("`:`")
    source.position += 1
