"""Where the values of a YAML text stand that is read line by line: found for those that somebody asks for.

In such a text what belongs to a value is indented deeper than its key or dash. The members of a mapping are the
lines at its own column, and nobody has to read what stands between them.
"""

from functools import cached_property
from typing import Final

from contracts.documents.block_reader import Line, Sign, end_of, part, taken_apart, with_one_line_break
from contracts.documents.document import parse
from contracts.documents.spot import Children, Noted, Spot, moved

_NONE: Final = -1
"""The indentation of lines that are empty or a comment."""


def block_places(text: str) -> Spot:
    """The spot of a text's value. Of a text that `read_blocks` does not take, nothing is promised."""
    source = _Text(text)
    first = source.content(0)
    if source.lines[first] == "---":
        first = source.content(first + 1)
    return _Block(source, first, len(source.lines), source.indents[first])


class _Text:
    """A text's lines, and how deep they are indented."""

    def __init__(self, text: str) -> None:
        self.lines = with_one_line_break(text).split("\n")
        bodies = [line.lstrip(" ") for line in self.lines]
        self.indents = [
            _NONE if not body or body[0] == "#" else len(line) - len(body)
            for line, body in zip(self.lines, bodies, strict=True)
        ]

    def content(self, begin: int) -> int:
        """The first line with content from one on, or the number of lines."""
        return next(
            (index for index in range(begin, len(self.lines)) if self.indents[index] != _NONE), len(self.lines)
        )

    def line(self, index: int) -> Line:
        return taken_apart(self.lines[index].lstrip(" "))


class _Block:
    """The spot of a mapping or an array in block style, which has the lines from one up to another. On its first
    line there may be dashes before it, of arrays that hold it."""

    def __init__(self, source: _Text, begin: int, end: int, column: int) -> None:
        self._source, self._begin, self._end, self._column = source, begin, end, column
        self.line, self.column = begin + 1, column + 1

    @cached_property
    def children(self) -> Children:
        source, column = self._source, self._column
        first = source.line(self._begin)
        own = [at for at in range(self._begin + 1, self._end) if source.indents[at] == column]
        indent = source.indents[self._begin]
        if column - indent in first.dashes:
            dash = first.dashes.index(column - indent)
            after = [*own, self._end]
            children = [self._item(first, self._begin, indent, dash, after[0])]
            children += [
                self._item(source.line(at), at, column, 0, end) for at, end in zip(own, after[1:], strict=True)
            ]
            return children
        # An array may stand at the column of its key.
        members = [(at, line) for at in own if not (line := source.line(at)).dashes]
        members.insert(0, (self._begin, first))
        ends = [at for at, _ in members[1:]] + [self._end]
        return {
            str(line.key): (at + 1, column + 1, self._value(line, at, end))
            for (at, line), end in zip(members, ends, strict=True)
        }

    def _item(self, line: Line, at: int, indent: int, dash: int, end: int) -> Spot:
        """What follows one of a line's dashes."""
        if dash + 1 < len(line.dashes):
            return _Block(self._source, at, end, indent + line.dashes[dash + 1])
        if line.key is not None:
            return _Block(self._source, at, end, indent + line.column)
        return self._value(line, at, end)

    def _value(self, line: Line, at: int, end: int) -> Spot:
        """What follows a key or the last dash, on its line or on deeper ones."""
        source = self._source
        text = source.lines[at]
        written = len(text) - len(line.written)
        if line.value is Sign.LATER:
            below = source.content(at + 1)
            if below >= end:
                return Noted(at + 1, len(text[:written].rstrip(" ")) + 1)
            found = source.line(below)
            if found.dashes or found.key is not None:
                return _Block(source, below, end, source.indents[below])
        elif line.value is Sign.MAPPING:
            return Noted(at + 1, written + 1, {})
        elif line.value is Sign.ARRAY:
            return Noted(at + 1, written + 1, [])
        elif line.value is not Sign.PART:
            return Noted(at + 1, written + 1)
        return _Part(source, line, at, self._column)


class _Part:
    """The spot of a value that libyaml has to read, with all that is in it."""

    def __init__(self, source: _Text, first: Line, begin: int, column: int) -> None:
        self._source, self._first, self._begin, self._column = source, first, begin, column

    @property
    def line(self) -> int:
        return self._spot.line

    @property
    def column(self) -> int:
        return self._spot.column

    @property
    def children(self) -> Children | None:
        return self._spot.children

    @cached_property
    def _spot(self) -> Spot:
        lines = self._source.lines
        end = end_of(lines, self._begin, self._column)
        text = part(self._first, self._column, lines[self._begin + 1 : end], end == len(lines))
        document, _ = parse(text, "")
        assert document is not None
        children = document.spot.children
        assert children
        found = children[0] if isinstance(children, list) else children[str(self._first.key)][2]
        return moved(found, self._begin)
