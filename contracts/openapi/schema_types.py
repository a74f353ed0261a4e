"""What a schema says about a value's type, through `$ref` and `allOf`: for serialisation and for mappings."""

from dataclasses import dataclass, field
from typing import Final

from contracts.documents.document import Node
from contracts.openapi.references import Key, References, has_reference, key_of


@dataclass(slots=True)
class Types:
    """`names` are the JSON Schema types that are admitted, empty if the schema does not say. `properties`
    maps a name to the first schema that speaks about it, `required` a name to its place in the list; the rest is
    what the schema itself says, or the first branch that says anything."""

    names: frozenset[str] = frozenset()
    properties: dict[str, Node] = field(default_factory=dict)
    required: dict[str, Node] = field(default_factory=dict)
    items: Node | None = None
    format: str | None = None
    encoding: str | None = None
    maximum: float | None = None
    default: object = None
    read_only: bool = False
    write_only: bool = False
    closed: bool = False


_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")


def types_of(node: Node, references: References) -> Types:
    """The types of a schema. Alternatives (`anyOf`, `oneOf`) are joined for their types only."""
    types = Types()
    _collect(node, references, types, set())
    return types


def _collect(node: Node, references: References, types: Types, seen: set[Key]) -> None:
    if key_of(node) in seen or not isinstance(node.value, dict):
        return
    seen.add(key_of(node))
    if has_reference(node.value):
        target = references.target(node)
        if target is not None:
            _collect(target, references, types, seen)
        if references.legacy:
            return
    value = node.value
    written = value.get("type")
    names = {name for name in (written if isinstance(written, list) else [written]) if name in _TYPES}
    if value.get("nullable") is True and names:
        names.add("null")
    listed = value.get("enum")
    if not names and (isinstance(listed, list) or "const" in value):
        names = {_type_of(item) for item in (listed if isinstance(listed, list) else [value["const"]])}
    for keyword in ("anyOf", "oneOf"):
        if (branches := node.get(keyword)) is not None:
            for branch in branches.items():
                below = Types()
                _collect(branch, references, below, set(seen))
                names |= below.names
                _merge(types, below)
    if names:
        types.names = types.names & names or frozenset(names)
    if (properties := node.get("properties")) is not None:
        for name, member in properties.members():
            types.properties.setdefault(name, member)
    if (required := node.get("required")) is not None:
        for item in required.items():
            if isinstance(item.value, str):
                types.required.setdefault(item.value, item)
    types.items = types.items or node.get("items")
    types.format = types.format or node.text("format")
    types.encoding = types.encoding or node.text("contentEncoding")
    maximum = value.get("maximum")
    if isinstance(maximum, int | float) and not isinstance(maximum, bool):
        types.maximum = maximum if types.maximum is None else min(types.maximum, maximum)
    if types.default is None:
        types.default = value.get("default")
    types.read_only = types.read_only or node.flag("readOnly")
    types.write_only = types.write_only or node.flag("writeOnly")
    types.closed = types.closed or value.get("additionalProperties") is False
    if (branches := node.get("allOf")) is not None:
        for branch in branches.items():
            _collect(branch, references, types, seen)


def _type_of(value: object) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return kinds.get(type(value), "null")


def _merge(types: Types, below: Types) -> None:
    """Takes from an alternative what its siblings do not contradict: shapes, but no requirements."""
    for name, member in below.properties.items():
        types.properties.setdefault(name, member)
    types.items = types.items or below.items
    types.format = types.format or below.format
    types.encoding = types.encoding or below.encoding
