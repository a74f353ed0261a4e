"""Routing: a normalised path to the operations on it, in time that does not grow with their number.

A trie of path segments. A literal segment wins over a parameter; where the literal branch leads nowhere the
parameter branch is tried (OAS 3.1 §4.8.8.2: concrete before templated). The path's segments are matched as
they stand, percent-encoding and all, so that what is routed is what is forwarded. A segment that only its decoding
makes a literal (`me%3Akeys` for `me:keys`) is nobody's: we would take it for a parameter's value, and an upstream
for the literal. One that begins with a semicolon is the value of a parameter whose style is `matrix`, and of no
other: many servers would cut it off.
"""

from collections.abc import Generator, Iterable
from typing import Final, Generic, TypeVar
from urllib.parse import unquote

from contracts.operations import ApiVersion, Operation

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("literals", "matrix", "methods", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = _NONE
        self.parameter: _Node[T] | None = None
        self.matrix: _Node[T] | None = None
        """Where segments that begin with a semicolon lead."""
        self.methods: dict[str, T] | None = None


KNOWN: Final = 1024
"""Paths without parameters of which it is known what is there. Of one with a parameter the next has another."""
_NONE: Final[dict[str, _Node]] = {}  # type: ignore[type-arg]
"""Most nodes have no literals below them; with tens of thousands of nodes a dict for each shows."""


_MATRIX: Final = "{;"


def template_of(version: ApiVersion, operation: Operation) -> str:
    """The absolute path template of an operation; parameters of the style `matrix` are `{;name}` in it, as in RFC
    6570."""
    path = operation.path
    for each in operation.parameters:
        if each.location == "path" and each.style == "matrix":
            path = path.replace(f"{{{each.name}}}", f"{_MATRIX}{each.name}}}")
    return version.base_path + path


class Router(Generic[T]):
    """Filled before it is put in force; only read afterwards."""

    def __init__(self, routes: Iterable[tuple[str, str, T]] = ()) -> None:
        """`routes` are (method, absolute path template as `template_of` has it, target)."""
        self._root: _Node[T] = _Node()
        self._size = 0
        self._known: dict[str, tuple[dict[str, T], tuple[str, ...]]] = {}
        for method, template, target in routes:
            self.add(method, template, target)

    def __len__(self) -> int:
        return self._size

    @property
    def known(self) -> int:
        """Of how many paths it is known what is there."""
        return len(self._known)

    def add(self, method: str, template: str, target: T) -> None:
        """Raises ValueError where that place is taken; nothing is changed then."""
        if _MATRIX in template:
            # What does not begin with a semicolon leads there too, and is told how it has to be written.
            self._add(method, template.replace(_MATRIX, "{"), target)
        self._add(method, template, target)
        self._size += 1

    def _add(self, method: str, template: str, target: T) -> None:
        self._known = {}
        node = self._root
        for segment in template[1:].split("/"):
            if segment.startswith(_MATRIX):
                if node.matrix is None:
                    node.matrix = _Node()
                node = node.matrix
            elif segment.startswith("{"):
                if node.parameter is None:
                    node.parameter = _Node()
                node = node.parameter
            else:
                if node.literals is _NONE:
                    node.literals = {}
                child = node.literals.get(segment)
                if child is None:
                    child = node.literals[segment] = _Node()
                node = child
        if node.methods is None:
            node.methods = {}
        if method in node.methods:
            raise ValueError(f"{method} {template} is claimed twice")
        node.methods[method] = target

    def remove(self, method: str, template: str) -> None:
        """Takes back what was added. Raises KeyError where it was not."""
        if _MATRIX in template:
            self._remove(method, template.replace(_MATRIX, "{"))
        self._remove(method, template)
        self._size -= 1

    def _remove(self, method: str, template: str) -> None:
        self._known = {}
        node = self._root
        for segment in template[1:].split("/"):
            if segment.startswith(_MATRIX):
                child = node.matrix
            else:
                child = node.parameter if segment.startswith("{") else node.literals.get(segment)
            if child is None:
                raise KeyError(template)
            node = child
        methods = node.methods or {}
        del methods[method]
        if not methods:
            node.methods = None  # the path is nobody's again, and no other method's either

    def dismantle(self) -> Generator[None, None, None]:
        """Takes the router apart, node by node: to drop tens of thousands in one go would take too long."""
        nodes = [self._root]
        self._root = _Node()
        self._size = 0
        self._known = {}
        while nodes:
            node = nodes[-1]
            if node.literals:
                nodes.append(node.literals.popitem()[1])
            elif node.parameter is not None:
                nodes.append(node.parameter)
                node.parameter = None
            elif node.matrix is not None:
                nodes.append(node.matrix)
                node.matrix = None
            else:
                nodes.pop()
            yield

    def match(self, path: str) -> tuple[dict[str, T], tuple[str, ...]] | None:
        """The targets by method at `path` and the values of its parameters in order; None: no such path."""
        found = self._known.get(path)
        if found is None:
            found = self._match(path)
            if found is not None and not found[1] and len(self._known) < KNOWN:
                self._known[path] = found
        return found

    def _match(self, path: str) -> tuple[dict[str, T], tuple[str, ...]] | None:
        segments = path[1:].split("/")
        if "%" in path or ";" in path:
            return self._search(self._root, segments, 0, ())
        node = self._root
        values: list[str] = []
        for segment in segments:
            child = node.literals.get(segment)
            if child is None:
                child = node.parameter
                if child is None or not segment:
                    return self._search(self._root, segments, 0, ())
                values.append(segment)
            node = child
        if node.methods is None:
            return self._search(self._root, segments, 0, ())
        return node.methods, tuple(values)

    def _search(
        self, node: _Node[T], segments: list[str], index: int, values: tuple[str, ...]
    ) -> tuple[dict[str, T], tuple[str, ...]] | None:
        """The way that turns back: where a literal hides a parameter that would have matched, and for escapes and
        semicolons."""
        if index == len(segments):
            return None if node.methods is None else (node.methods, values)
        segment = segments[index]
        if segment.startswith(";"):
            return (
                None if node.matrix is None else self._search(node.matrix, segments, index + 1, (*values, segment))
            )
        child = node.literals.get(segment)
        if child is not None:
            found = self._search(child, segments, index + 1, values)
            if found is not None:
                return found
        if node.parameter is not None and segment and not ("%" in segment and unquote(segment) in node.literals):
            return self._search(node.parameter, segments, index + 1, (*values, segment))
        return None
