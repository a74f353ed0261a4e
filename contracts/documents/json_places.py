"""Where the values of a sound JSON text stand: found for those that somebody asks for, and for nothing else.

One pass tells where each object and array ends, so that whoever looks for a member steps over the others whole.
"""

import json
import re
from bisect import bisect_right
from functools import cached_property
from typing import Final

from contracts.documents.spot import Children, Spot

_STRING: Final = r'"(?:[^"\\]++|\\.)*+"'
_TO_BRACKET: Final = re.compile(rf'[^"\[\]{{}}]*+(?:{_STRING}[^"\[\]{{}}]*+)*+')
_SPACE: Final = r"[ \t\n\r]*"
_MEMBER: Final = re.compile(rf"{_SPACE},?{_SPACE}({_STRING}){_SPACE}:{_SPACE}")
_ITEM: Final = re.compile(rf"{_SPACE},?{_SPACE}(?=[^ \t\n\r\]])")
_SCALAR: Final = re.compile(rf"{_STRING}|[^ \t\n\r,\]}}]+")


def json_places(text: str) -> Spot:
    """The spot of a text's value. Of a text that is no JSON (RFC 8259), or has an object with the same key twice,
    nothing is promised."""
    start = re.compile(_SPACE).match(text)
    assert start is not None
    return _Spot(_Text(text), start.end())


class _Text:
    """A text, and what is found out about all of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def end(self, offset: int) -> int:
        """The offset after the value at an offset."""
        if self.text[offset] in "{[":
            return self._ends[offset]
        match = _SCALAR.match(self.text, offset)
        assert match is not None
        return match.end()

    @cached_property
    def _ends(self) -> dict[int, int]:
        """The offset after each object and array, by the offset at which it starts."""
        text, ends, open_, offset = self.text, dict[int, int](), list[int](), 0
        while (match := _TO_BRACKET.match(text, offset)) is not None and (offset := match.end()) < len(text):
            if text[offset] in "{[":
                open_.append(offset)
            else:
                ends[open_.pop()] = offset + 1
            offset += 1
        return ends


class _Spot:
    """The spot of the value at an offset."""

    def __init__(self, source: _Text, offset: int) -> None:
        self._source, self._offset = source, offset
        self.line, self.column = source.place(offset)

    @cached_property
    def children(self) -> Children | None:
        match self._source.text[self._offset]:
            case "{":
                return self._members()
            case "[":
                return self._items()
            case _:
                return None

    def _members(self) -> dict[str, tuple[int, int, Spot]]:
        source, found, offset = self._source, dict[str, tuple[int, int, Spot]](), self._offset + 1
        while (match := _MEMBER.match(source.text, offset)) is not None:
            found[json.loads(match[1])] = (*source.place(match.start(1)), _Spot(source, match.end()))
            offset = source.end(match.end())
        return found

    def _items(self) -> list[Spot]:
        source, found, offset = self._source, list[Spot](), self._offset + 1
        while (match := _ITEM.match(source.text, offset)) is not None:
            found.append(_Spot(source, match.end()))
            offset = source.end(match.end())
        return found
