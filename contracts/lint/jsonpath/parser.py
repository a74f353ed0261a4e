"""Reads a JSONPath: RFC 9535 with what JSONPath-Plus and nimma add."""

from functools import lru_cache
from typing import Final

from contracts.lint.jsonpath.ast import (
    Containers,
    Filter,
    Index,
    Key,
    Name,
    Parent,
    Path,
    PathSyntaxError,
    Segment,
    Selector,
    Slice,
    Step,
    Type,
    Wildcard,
)
from contracts.lint.jsonpath.reader import Reader
from contracts.lint.jsonpath.scripts import TYPES, parse_script

_MOST_SEGMENTS: Final = 60


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """The segments after `$`. Raises PathSyntaxError."""
    reader = Reader(text)
    reader.space()
    reader.expect("$")
    path = parse_segments(reader)
    if not reader.at_end:
        raise reader.fault("expected `.`, `..`, `[`, `^` or `~`")
    return path


def parse_segments(reader: Reader) -> Path:
    """The segments that stand here, up to something that is none."""
    segments: list[Segment] = []
    while True:
        start = reader.position
        reader.space()
        segment = _segment(reader)
        if segment is None:
            reader.position = start
            return tuple(segments)
        if segments and isinstance(segments[-1], Key):
            raise PathSyntaxError("nothing stands after `~`", start)
        segments.append(segment)
        if len(segments) > _MOST_SEGMENTS:
            raise PathSyntaxError(f"a path has at most {_MOST_SEGMENTS} segments", start)


def _segment(reader: Reader) -> Segment | None:
    if reader.take("^"):
        return Parent()
    if reader.take("~"):
        return Key()
    if reader.take("["):
        return Step(_bracket(reader))
    if reader.peek() == "@" and reader.peek(1).isalpha():
        return Step((_type(reader),))
    if not reader.take("."):
        return None
    deep = reader.take(".")
    if reader.take("["):
        # `.[…]` is JSONPath-Plus's, and descends there.
        return Step(_bracket(reader), deep=True)
    if deep and (reader.at_end or reader.peek() in "^~"):
        return Containers()
    if reader.take("*"):
        return Step((Wildcard(),), deep)
    if reader.peek() == "@":
        return Step((_type(reader),), deep)
    if reader.peek() in ("'", '"'):
        return Step((Name(reader.string()),), deep)
    return Step((_name(reader),), deep)


def _name(reader: Reader) -> Selector:
    end = reader.position
    text = reader.text
    # `-` and `/` stand in names as JSONPath-Plus takes them.
    while end < len(text) and (text[end].isalnum() or text[end] in "_$-/" or ord(text[end]) > 127):
        end += 1
    word = text[reader.position : end]
    if not word:
        raise reader.fault("expected a name or `*`")
    reader.position = end
    return Index(int(word)) if word.isascii() and word.isdigit() and len(word) < 16 else Name(word)


def _bracket(reader: Reader) -> tuple[Selector, ...]:
    selectors: list[Selector] = []
    while True:
        reader.space()
        selectors.append(_selector(reader))
        reader.space()
        if reader.take("]"):
            return tuple(selectors)
        reader.expect(",")


def _selector(reader: Reader) -> Selector:
    if reader.peek() in ("'", '"'):
        return Name(reader.string())
    if reader.take("*"):
        return Wildcard()
    if reader.take("?"):
        reader.space()
        strict = reader.peek() != "("
        return Filter(parse_script(reader), strict)
    if reader.take("("):
        return _last(reader)
    start = reader.position
    first = reader.integer()
    reader.space()
    if reader.peek() == ":":
        return _slice(reader, first)
    if first is not None and reader.peek() in ("]", ","):
        return Index(first)
    reader.position = start
    return _name(reader)


def _slice(reader: Reader, start: int | None) -> Slice:
    reader.expect(":")
    reader.space()
    end = reader.integer()
    reader.space()
    step: int | None = 1
    if reader.take(":"):
        reader.space()
        step = reader.integer()
    return Slice(start, end, 1 if step is None else step)


def _last(reader: Reader) -> Selector:
    """`[(@.length - 1)]`: the one script that selects by a number."""
    for part in ("@", ".", "length", "-"):
        reader.space()
        reader.expect(part)
    reader.space()
    number = reader.integer()
    if number is None or number < 1:
        raise reader.fault("expected a positive number")
    reader.space()
    reader.expect(")")
    return Index(-number)


def _type(reader: Reader) -> Selector:
    reader.expect("@")
    start = reader.position
    name = reader.identifier()
    if name not in TYPES:
        raise PathSyntaxError(f"there is no `@{name}()`; known: {', '.join(sorted(TYPES))}", start)
    reader.space()
    reader.expect("(")
    reader.space()
    reader.expect(")")
    return Filter(Type(name), strict=False)
