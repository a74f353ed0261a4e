"""What a function is: checked options in, and for each value it is given, its faults out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.lint.graph import Graph
from contracts.lint.jsonpath.compiling import Follow
from contracts.lint.jsonpath.values import UNDEFINED, text_of, type_name

Key = str | int
Path = tuple[Key, ...]

PROPERTY: Final = '#{{print("property")}}'
"""Stands in a fault's message for the name of what is looked at, as `"name" property `."""
VALUE: Final = '#{{print("value")}}'
"""Stands in a fault's message for the value that is looked at."""


class BadOptions(ValueError):
    """`functionOptions` that a function cannot work with, although they have the right form."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value; `path` leads to it from the root if it is not the value itself."""

    message: str
    path: Path | None = None


@dataclass(slots=True)
class Context:
    """What a function may know beside the value. `path` leads to the value from the document's root; `follow`
    gives what a `$ref` stands for (itself, where the rule is for the unresolved document)."""

    graph: Graph
    formats: frozenset[str]
    resolved: bool
    follow: Follow
    path: Path = ()

    @property
    def root(self) -> Any:
        """The document as it is written."""
        return self.graph.entry.value

    def plain(self, value: Any) -> Any:
        """The value with its references written out, where the rule is for the resolved document."""
        return self.graph.plain(value) if self.resolved else value

    def get(self, value: Any, *keys: str) -> Any:
        """The member at the end of some keys, through references; undefined where one of them is missing."""
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return UNDEFINED
            value = self.follow(value[key])
        return value


Check = Callable[[Any, Context], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its name. `options` is the JSON Schema of its options, None if it takes none; `bind` makes
    the check for options that fit, and raises BadOptions."""

    name: str
    why: str
    bind: Callable[[Any], Check]
    options: Mapping[str, Any] | None = None


def printed(value: Any) -> str:
    """A value as messages show it."""
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, list):
        return "Array[]"
    if isinstance(value, dict):
        return "Object{}"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    return text_of(value)


def is_scalar(value: Any) -> bool:
    return value is None or type_name(value) in ("string", "number", "boolean")
