"""A YAML text's value, read line by line: the block style in which nearly all contracts are written.

libyaml's events cost twice as much as the lines, most of which stand in a document again and again, `type: string`
say, and are taken apart once. What does not fit on its line as it is (block scalars, flow collections, escapes)
is given to libyaml alone with the lines that belong to it: those indented deeper than its key or dash.
Whatever else is out of the ordinary is left to the other readers.
"""

import re
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from contracts.documents.builder import MAX_DEPTH, MAX_NODES
from contracts.documents.event_reader import Unusual, check_key, plain_value, read_events

# YAML 1.2.2 §5.1: what is printable, but for the byte order mark and the line breaks that only YAML 1.1 knows.
STRANGE: Final = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
# §7.3.3, outside of flow collections: a `:` stands before no space, a `#` after none.
_PLAIN: Final = (
    r"""(?:[^\t \-?:,\[\]{}#&*!|>'"%@`]|-(?=[\w.]))[^\t:#]*(?:(?::(?=[^\t ])|(?<=[^\t ])\#)[^\t:#]*)*"""
)
_QUOTED: Final = r"""'(?:[^\t']|'')*'|"[^\t"\\]*\""""
_KEY: Final = re.compile(rf"({_PLAIN}|{_QUOTED}):(?: +|$)")
_SCALAR: Final = re.compile(rf"({_PLAIN}|{_QUOTED}) *")
_SCALAR_AND_COMMENT: Final = re.compile(rf"({_PLAIN}|{_QUOTED}) *(?:(?<= )#.*)?")
_DASH: Final = re.compile(r"-(?: +|$)")
_LONGEST_KEY: Final = 1000
"""Characters; libyaml takes a key of up to 1,024."""
_SMALL: Final = MAX_NODES * 2
"""Characters. A value takes at least two, so that a text of no more holds no more than MAX_NODES values."""


class Sign(Enum):
    """What a line says of its value where that is no scalar."""

    LATER = auto()
    """It follows on deeper lines, or is null."""
    PART = auto()
    """libyaml has to read it."""
    MAPPING = auto()
    """It is an empty mapping."""
    ARRAY = auto()
    """It is an empty array."""


_EMPTY: Final = {"{}": Sign.MAPPING, "[]": Sign.ARRAY}


class Line(NamedTuple):
    """What stands on a line: the columns of dashes, counted from its indentation, and that of what follows them; a
    key or None, a value or a sign of it. `text` is all from the key, else the last dash, on; `written` is what the
    value is made of."""

    dashes: tuple[int, ...]
    column: int
    key: str | None
    value: Any
    text: str
    written: str


def read_blocks(text: str) -> Any:
    """The value of a whole text. Raises Unusual, or YAMLError for what is no YAML."""
    text = with_one_line_break(text)
    if STRANGE.search(text) or not _few_values(text):
        raise Unusual
    lines = text.split("\n")
    known: dict[str, Line] = {}
    root: list[Any] = [None]
    holder: Any = root  # the innermost mapping or array that is open, and its column
    column = -1
    around: list[tuple[Any, int]] = []  # those that hold it
    key: Any = 0  # where in the holder the last value stands
    pending = True  # whether that value is still to come
    started = False  # whether a `---` was there
    last: Line | None = None  # the line that it began on, and the line's index
    began = end = -1
    for index, line in enumerate(lines):
        if index < end:
            continue
        body = line.lstrip(" ")
        found = known.get(body)
        if found is None:
            if not body or body[0] == "#":
                continue
            if body == line == "---" and last is None and not started:
                started = True
                continue
            found = known[body] = taken_apart(body)
        indent = len(line) - len(body)
        dashes, name_column, name, value, _, _ = found
        if indent == column and name is not None and not dashes and type(holder) is dict:
            pass  # another member, as most lines are
        elif (not dashes and name is None) or (indent > column and not pending):
            # No line of its own: the last value goes on.
            end = end_of(lines, began, column)
            if last is None or end <= index:
                raise Unusual
            holder[key] = _long_value(last, column, lines[began + 1 : end], end == len(lines), len(around))
            pending = False
            continue
        elif pending and (indent > column or (indent == column and dashes and type(holder) is dict)):
            if len(around) >= MAX_DEPTH:
                raise Unusual
            around.append((holder, column))
            holder[key] = [] if dashes else {}
            holder, column = holder[key], indent
        else:
            while indent < column:
                holder, column = around.pop()
            if not dashes and type(holder) is list and around and around[-1][1] == column:
                holder, column = around.pop()
            if indent != column or (type(holder) is list) is not bool(dashes):
                raise Unusual
        if dashes:
            # Further dashes, and a key after a dash, open what their line begins.
            if len(around) + len(dashes) > MAX_DEPTH:
                raise Unusual
            for dash in dashes[1:]:
                around.append((holder, column))
                holder.append([])
                holder, column = holder[-1], indent + dash
            if name is None:
                holder.append(None)
            else:
                around.append((holder, column))
                holder.append({})
                holder, column = holder[-1], indent + name_column
        if name is None:
            key = len(holder) - 1
        elif name in holder:
            raise Unusual
        else:
            key = name
        last, began, pending = found, index, False
        if type(value) is Sign:
            if value is Sign.LATER:
                value, pending = None, True
            elif value is Sign.PART:
                end = end_of(lines, index, column)
                value = _long_value(found, column, lines[index + 1 : end], end == len(lines), len(around))
            elif len(around) >= MAX_DEPTH:
                raise Unusual
            else:
                value = {} if value is Sign.MAPPING else []
        holder[key] = value
    if last is None:
        raise Unusual
    return root[0]


def with_one_line_break(text: str) -> str:
    """The text with a line feed for each of Windows' two characters."""
    return text.replace("\r\n", "\n") if "\r" in text else text


def _few_values(text: str) -> bool:
    """Whether there can be no more values than a document may have. Each line has at most a mapping and a scalar
    of its own, and an array for each dash."""
    if len(text) <= _SMALL:
        return True
    return 2 * text.count("\n") + sum(map(text.count, ("- ", ",", "[", "{"))) < MAX_NODES


def taken_apart(body: str) -> Line:
    """What a line says, without its indentation. Raises Unusual for what this reader does not take."""
    if body.startswith(("---", "...")):
        raise Unusual
    dashes: list[int] = []
    column = 0
    while (dash := _DASH.match(body, column)) is not None:
        dashes.append(column)
        column = dash.end()
    match = _KEY.match(body, column)
    if match is None:
        written = body[column:]
        return Line(tuple(dashes), column, None, _value(written), body[dashes[-1] if dashes else 0 :], written)
    if len(match[1]) > _LONGEST_KEY or match[1].endswith(" "):
        raise Unusual
    key = match[1]
    if key[0] in "'\"":
        key = _unquoted(key)
    else:
        check_key(key)
    written = body[match.end() :]
    return Line(tuple(dashes), column, key, _value(written), body[column:], written)


def _value(written: str) -> Any:
    if not written or written[0] == "#":
        return Sign.LATER
    match = _SCALAR_AND_COMMENT.fullmatch(written)
    if match is not None:
        return _scalar(match[1])
    return _EMPTY.get(written, Sign.PART)


def _scalar(text: str) -> Any:
    return _unquoted(text) if text[0] in "'\"" else plain_value(text.rstrip(" "))


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]


def end_of(lines: list[str], began: int, column: int) -> int:
    """The index of the first line after `began` that is indented no deeper than `column`."""
    for index in range(began + 1, len(lines)):
        body = lines[index].lstrip(" ")
        if body and len(lines[index]) - len(body) <= column:
            return index
    return len(lines)


def _long_value(first: Line, column: int, more: list[str], ends: bool, depth: int) -> Any:
    """The value that begins on one line and has others: their text folded (§6.5), or read by libyaml. `ends` says
    that they are the document's last, `depth` how many mappings and arrays are open."""
    pieces = [line.strip(" ") for line in (first.written, *more)]
    while not pieces[-1] and len(pieces) > 1:
        pieces.pop()
    if all(pieces):
        match = _SCALAR.fullmatch(" ".join(pieces))
        if match is not None:
            return _scalar(match[1])
    value = read_events(part(first, column, more, ends), depth - 1)
    if first.key is not None and list(value) == [first.key]:
        return value[first.key]
    if first.key is None and len(value) == 1:
        return value[0]
    raise Unusual


def part(first: Line, column: int, more: list[str], ends: bool) -> str:
    """The text of a value that libyaml has to read, with its key or dash, at the columns at which it stands."""
    return "\n".join((" " * column + first.text, *more)) + "\n" * (not ends)
