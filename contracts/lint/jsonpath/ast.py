"""What a JSONPath expression is made of."""

from dataclasses import dataclass
from typing import Literal


class PathSyntaxError(ValueError):
    """The text is no JSONPath that we know; `position` is the 0-based index of what is wrong."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message, self.position = message, position


@dataclass(frozen=True, slots=True)
class Name:
    """`.name` or `['name']`."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[2]` or `[-1]`. On an object it is the name that is written so, as in JavaScript."""

    index: int


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:end:step]` (RFC 9535 §2.3.4)."""

    start: int | None
    end: int | None
    step: int


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(script)]`, or `[?expression]` by RFC 9535, in which a query alone asks for existence (`strict`)."""

    script: "Script"
    strict: bool


Selector = Name | Index | Slice | Wildcard | Filter


@dataclass(frozen=True, slots=True)
class Step:
    """One child or (`deep`) descendant segment; a child is selected by any of the selectors."""

    selectors: tuple[Selector, ...]
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """`^`."""


@dataclass(frozen=True, slots=True)
class Key:
    """`~`: the name under which a value stands; the last of a path."""


@dataclass(frozen=True, slots=True)
class Containers:
    """`$..` alone: every object and array."""


Segment = Step | Parent | Key | Containers
Path = tuple[Segment, ...]

# Scripts


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, string, boolean, null or undefined."""

    value: object


@dataclass(frozen=True, slots=True)
class Regex:
    """`/pattern/flags`."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: "tuple[Script, ...]"


@dataclass(frozen=True, slots=True)
class Special:
    """`@`, `@property` and so on, without the sign; "" is the value itself, `$` the document."""

    name: str


@dataclass(frozen=True, slots=True)
class Type:
    """`@string()` and so on."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name` or `of[key]`."""

    of: "Script"
    key: "Script"


@dataclass(frozen=True, slots=True)
class Query:
    """A query that is more than members, by RFC 9535: `@.a[*].b`, `$..c`."""

    of: "Script"
    path: Path


@dataclass(frozen=True, slots=True)
class Call:
    """`of.method(arguments)`; a function of RFC 9535 or a global has no `of`."""

    of: "Script | None"
    name: str
    arguments: "tuple[Script, ...]"


@dataclass(frozen=True, slots=True)
class Unary:
    """`!a`, `-a`, `+a`, `typeof a`, `void a`."""

    operator: str
    operand: "Script"


@dataclass(frozen=True, slots=True)
class Binary:
    """`a operator b`."""

    operator: str
    left: "Script"
    right: "Script"


@dataclass(frozen=True, slots=True)
class Choice:
    """`test ? a : b`."""

    test: "Script"
    yes: "Script"
    no: "Script"


Script = Constant | Regex | ListOf | Special | Type | Member | Query | Call | Unary | Binary | Choice
TypeName = Literal["string", "number", "boolean", "scalar", "array", "null", "object", "integer"]
