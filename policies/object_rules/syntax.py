"""The syntax tree of a compiled rule.

The library gives it in one form only: a serialised `cel.expr.CheckedExpr` (checked.proto and syntax.proto of the
CEL specification), inside of a `google.protobuf.Any`. Those few messages are read here, field by field. Macros are
expanded in it: `all`, `exists`, `map` and the like are a `Loop` each, and `has` is a `Select` that is `tested`.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_ANY_VALUE: Final = 2
_CHECKED_SOURCE, _CHECKED_EXPR = 5, 4
_POSITIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Const:
    id: int
    value: object


@dataclass(frozen=True, slots=True)
class Ident:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; `tested`: whether it is there (`has`)."""

    id: int
    operand: "Node"
    field: str
    tested: bool


@dataclass(frozen=True, slots=True)
class Call:
    """An operator (`_==_`, `_[_]`, `@in`) or a function; `target` is what a method is called on."""

    id: int
    function: str
    target: "Node | None"
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    id: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A map, or a message where `message` names its type."""

    id: int
    message: str
    parts: tuple["Node", ...]
    """Keys and values, one after the other."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Over all of `range`, as long as `condition` is true: `step` makes the next `accumulator`."""

    id: int
    variable: str
    range: "Node"
    accumulator: str
    initial: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node: TypeAlias = Const | Ident | Select | Call | Items | Entries | Loop


@dataclass(frozen=True, slots=True)
class Tree:
    root: Node
    positions: Mapping[int, int]
    """Where each node stands in the rule: code points from 0, by the node's id."""


def tree_of(serialised: bytes) -> Tree:
    """Raises ValueError for what is no such message."""
    checked = _message(_only(_message(serialised), _ANY_VALUE))
    source = _message(_only(checked, _CHECKED_SOURCE))
    positions = {}
    for entry in source.get(_POSITIONS, ()):
        pair = _message(_bytes(entry))
        positions[_number(pair, 1)] = _number(pair, 2)
    return Tree(_node(_only(checked, _CHECKED_EXPR)), positions)


def parts_of(node: Node) -> tuple[Node, ...]:
    """The nodes right below."""
    match node:
        case Select():
            return (node.operand,)
        case Call():
            return node.arguments if node.target is None else (node.target, *node.arguments)
        case Items():
            return node.items
        case Entries():
            return node.parts
        case Loop():
            return (node.range, node.initial, node.condition, node.step, node.result)
        case _:
            return ()


def all_of(node: Node) -> Iterator[Node]:
    """The node, and all below it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(parts_of(each))


_Message: TypeAlias = dict[int, list[int | bytes]]


def _message(data: bytes) -> _Message:
    """A message's fields by their number (Protocol Buffers, "Encoding")."""
    found: _Message = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, at = _varint(data, at)
        else:
            if kind == _BYTES:
                size, at = _varint(data, at)
            elif kind in (_FIXED64, _FIXED32):
                size = 8 if kind == _FIXED64 else 4
            else:
                raise ValueError(f"no wire type {kind} is expected")
            value, at = data[at : at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a message is expected")
    return value


def _only(message: _Message, field: int) -> bytes:
    return _bytes(message[field][-1]) if field in message else b""


def _number(message: _Message, field: int) -> int:
    value = message.get(field, [0])[-1]
    if isinstance(value, bytes):
        raise ValueError("a number is expected")
    return value


def _text(message: _Message, field: int) -> str:
    return _only(message, field).decode("utf-8")


def _node(data: bytes) -> Node:
    """An `Expr`."""
    message = _message(data)
    identity = _number(message, 2)
    kind = next((field for field in range(3, 10) if field in message), None)
    if kind is None:
        raise ValueError("an expression of a kind that is not known")
    inner = _message(_only(message, kind))
    match kind:
        case 3:
            return Const(identity, _constant(inner))
        case 4:
            return Ident(identity, _text(inner, 1))
        case 5:
            return Select(identity, _node(_only(inner, 1)), _text(inner, 2), bool(_number(inner, 3)))
        case 6:
            target = _node(_only(inner, 1)) if 1 in inner else None
            return Call(identity, _text(inner, 2), target, _nodes(inner, 3))
        case 7:
            return Items(identity, _nodes(inner, 1))
        case 8:
            return Entries(identity, _text(inner, 1), tuple(_entries(inner)))
        case _:
            initial, condition, step, result = (_node(_only(inner, field)) for field in (4, 5, 6, 7))
            names = _text(inner, 1), _text(inner, 3)
            return Loop(identity, names[0], _node(_only(inner, 2)), names[1], initial, condition, step, result)


def _nodes(message: _Message, field: int) -> tuple[Node, ...]:
    return tuple(_node(_bytes(each)) for each in message.get(field, ()))


def _entries(message: _Message) -> Iterator[Node]:
    for entry in message.get(2, ()):
        parts = _message(_bytes(entry))
        yield from (_node(_only(parts, field)) for field in (3, 4) if field in parts)


def _constant(message: _Message) -> object:
    for field, value in message.items():
        if isinstance(value[-1], int):
            signed = value[-1] - (1 << 64) if field == 3 and value[-1] >> 63 else value[-1]
            return {1: None, 2: bool(signed)}.get(field, signed)
        if field == 5:
            number: float = struct.unpack("<d", value[-1])[0]
            return number
        return value[-1].decode("utf-8") if field == 6 else value[-1]
    return None
