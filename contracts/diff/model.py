"""A document for comparing: operations with what they inherit, references followed, names normalised.

Nothing is copied. Every part keeps the node it was read from, and is read when it is asked for: most operations of
two versions are the same, and are never looked into.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.diff.contract import Contract
from contracts.documents.document import Node, tokens_of
from contracts.openapi.grammar import METHODS

_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")
_DEFAULT_STYLES: Final = {"query": "form", "cookie": "form", "header": "simple", "path": "simple"}
_RESERVED_HEADERS: Final = frozenset(("accept", "content-type", "authorization"))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter or, with `location` ``header``, a header of a response. `written` is where it stands (with its
    `$ref`), `node` what it is; `index` is its place in the array that lists it."""

    name: str
    location: str
    node: Node
    written: Node
    index: int = 0

    @property
    def required(self) -> bool:
        return self.location == "path" or self.node.flag("required")

    @property
    def style(self) -> str:
        return self.node.text("style") or _DEFAULT_STYLES.get(self.location, "form")

    @property
    def explode(self) -> bool:
        # OAS 3.1 §4.8.12.2: the default of explode follows from the style; deepObject has no other form.
        return self.style == "deepObject" or self.node.flag("explode", self.style == "form")


@dataclass(frozen=True)
class Operation:
    """One operation of a contract. `item` is its path item, `outgoing` says that the API sends it (callbacks and
    webhooks) and consumers answer."""

    contract: Contract
    method: str
    path: str
    item: Node
    node: Node
    outgoing: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters of the path template, in order."""
        return tuple(_PARAMETER.findall(self.path))

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Parameter]:
        """By location and name: those of the path item, overridden by the operation's own. A path parameter is
        known by its position in the template, and a header in lower case (RFC 9110 §5.1)."""
        found: dict[tuple[str, str], Parameter] = {}
        for holder in (self.item, self.node):
            section = holder.get("parameters")
            for index, written in enumerate(section.items() if section is not None else ()):
                node = self.contract.references.follow(written)
                name, location = (node.text("name"), node.text("in")) if node is not None else (None, None)
                if node is None or name is None or location is None:
                    continue
                if location == "header" and name.lower() in _RESERVED_HEADERS:
                    continue  # OAS 3.1 §4.8.12.2: such a definition is ignored
                found[location, self._key(location, name)] = Parameter(name, location, node, written, index)
        return found

    def _key(self, location: str, name: str) -> str:
        if location == "path" and name in self.names:
            return f"{{{self.names.index(name)}}}"
        return name.lower() if location == "header" else name

    @property
    def steps(self) -> list[str]:
        """The way from its path item to it, as keys: `get`, or what OAS 3.2 has for other methods."""
        return tokens_of(self.node.pointer.removeprefix(self.item.pointer))

    @property
    def security(self) -> Node | None:
        """The operation's own, or the document's."""
        return self.node.get("security") or self.contract.document.root.get("security")

    @property
    def servers(self) -> Node | None:
        """The nearest that are declared: the operation's, the path item's, the document's."""
        return self.node.get("servers") or self.item.get("servers") or self.contract.document.root.get("servers")

    def extension(self, name: str) -> Node | None:
        """An extension at the operation, or else at the document."""
        return self.node.get(name) or self.contract.document.root.get(name)


def shape(path: str) -> str:
    """A template without its parameters' names: two of one shape match the same requests."""
    return _PARAMETER.sub("{}", path)


def matches(template: Operation, concrete: Operation) -> bool:
    """Whether a template with parameters takes all calls of a path with fewer of them."""
    wide, narrow = shape(template.path).split("/"), shape(concrete.path).split("/")
    return (
        len(wide) == len(narrow)
        and wide != narrow
        and all(first in ("{}", second) for first, second in zip(wide, narrow, strict=True))
    )


def operations_of(contract: Contract, section: Node | None, *, outgoing: bool = False) -> Iterator[Operation]:
    """The operations of `paths`, of `webhooks`, or of a callback."""
    for path, written in section.members() if section is not None else ():
        if path.startswith("x-") or path == "$ref":
            continue
        item = contract.references.follow(written)
        if item is None:
            continue
        for key, node in item.members():
            if key in METHODS and isinstance(node.value, dict):
                yield Operation(contract, key.upper(), path, item, node, outgoing)
        more = item.get("additionalOperations")
        for key, node in more.members() if more is not None else ():
            if isinstance(node.value, dict):
                yield Operation(contract, key, path, item, node, outgoing)


def parameters_of_headers(contract: Contract, holder: Node) -> dict[str, Parameter]:
    """The headers of a response or of an encoding, by lower-case name. `Content-Type` is ignored there."""
    section = holder.get("headers")
    found = {}
    for name, written in section.members() if section is not None else ():
        node = contract.references.follow(written)
        if node is not None and name.lower() != "content-type":
            found[name.lower()] = Parameter(name, "header", node, written)
    return found


def media_types(contract: Contract, holder: Node | None) -> dict[str, Node]:
    """The entries of `content` by normalised media range."""
    content = holder.get("content") if holder is not None else None
    found: dict[str, Node] = {}
    for name, written in content.members() if content is not None else ():
        node = contract.references.follow(written)
        if node is not None:
            found.setdefault(media_range(name), Node(node.document, node.pointer, node.value))
    return found


def media_range(text: str) -> str:
    """A media range in lower case, its parameters sorted; UTF-8 is what JSON and most text is in anyway."""
    essence, *parameters = (part.strip().lower() for part in text.split(";"))
    kept = sorted(part for part in parameters if part and part.replace('"', "") != "charset=utf-8")
    return ";".join((essence, *kept))


def covers(wider: str, narrower: str) -> bool:
    """Whether a media range admits all that another does (RFC 9110 §12.5.1)."""
    if wider == narrower or wider == "*/*":
        return True
    essence, *parameters = wider.split(";")
    other, *others = narrower.split(";")
    kind, _, subtype = essence.partition("/")
    if subtype == "*" and not parameters:
        return other.partition("/")[0] == kind
    return essence == other and set(parameters) <= set(others)
