"""A contract as reference documentation: its operations by tag, with parameters, bodies, answers and schemas.

Everything in it is text of strangers: templates escape it, and descriptions are rendered as Markdown that does
nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from contracts.diff.contract import Contract
from contracts.documents.document import Node
from contracts.openapi.grammar import METHODS
from contracts.openapi.references import key_of

_DEEPEST: Final = 8
"""Levels of a schema that are shown at once; below, its name stands for it."""

_MOST_ROWS: Final = 400
_BOUNDS: Final = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "default", "const"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a schema. `facts` are its bounds as they are written; `rows` are what is in it; `example` is the
    contract's own, of a parameter."""

    name: str
    type: str
    required: bool = False
    description: str = ""
    facts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    rows: "tuple[Row, ...]" = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered, in one media type."""

    media_type: str
    schema: Row | None
    example: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: str
    description: str
    headers: tuple[Row, ...] = ()
    bodies: tuple[Body, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation. `scopes` are alternatives; None where nobody has to prove anything."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    scopes: tuple[tuple[str, ...], ...] | None
    parameters: tuple[tuple[str, Row], ...] = ()
    """Each with where it stands."""
    bodies: tuple[Body, ...] = ()
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of a tag."""

    name: str
    description: str
    operations: list[Shown] = field(default_factory=list)


def chapters_of(contract: Contract) -> tuple[Chapter, ...]:
    """By tag, in the order in which the document declares them."""
    root = contract.document.root
    tags = root.get("tags")
    found: dict[str, Chapter] = {}
    for tag in tags.items() if tags is not None else ():
        name = tag.text("name")
        if name is not None:
            found[name] = Chapter(name, tag.text("description") or "")
    for operation, names in _Reader(contract).operations():
        name = names[0] if names else ""
        found.setdefault(name, Chapter(name, "")).operations.append(operation)
    return tuple(chapter for chapter in found.values() if chapter.operations)


class _Reader:
    def __init__(self, contract: Contract) -> None:
        self._references = contract.references
        self._root = contract.document.root
        self._rows = 0

    def operations(self) -> Iterator[tuple[Shown, list[str]]]:
        paths = self._root.get("paths")
        for path, written in paths.members() if paths is not None else ():
            item = self._references.follow(written)
            for key, node in item.members() if item is not None else ():
                if key in METHODS and item is not None:
                    tags = node.get("tags")
                    names = [each.value for each in tags.items() if isinstance(each.value, str)] if tags else []
                    yield self._operation(path, item, node), names

    def _operation(self, path: str, item: Node, node: Node) -> Shown:
        body = self._references.follow(node.get("requestBody"))
        responses = node.get("responses")
        return Shown(
            id=node.text("operationId") or f"{node.key}-{path}",
            method=node.key.upper(),
            path=path,
            summary=node.text("summary") or "",
            description=node.text("description") or "",
            deprecated=node.flag("deprecated"),
            scopes=self._scopes(node),
            parameters=tuple(self._parameters(item, node)),
            bodies=self._bodies(body),
            answers=tuple(self._answers(responses)),
        )

    def _scopes(self, node: Node) -> tuple[tuple[str, ...], ...] | None:
        security = node.get("security") or self._root.get("security")
        if security is None or not isinstance(security.value, list) or security.value == []:
            return None
        return tuple(
            tuple(str(scope) for scopes in each.values() if isinstance(scopes, list) for scope in scopes)
            for each in security.value
            if isinstance(each, dict)
        )

    def _parameters(self, item: Node, node: Node) -> Iterator[tuple[str, Row]]:
        seen: dict[tuple[str, str], tuple[str, Row]] = {}
        for holder in (item, node):
            parameters = holder.get("parameters")
            for written in parameters.items() if parameters is not None else ():
                one = self._references.follow(written)
                if one is None:
                    continue
                name, place = one.text("name") or "", one.text("in") or ""
                row = self._schema(name, one.get("schema"), one.flag("required"), one.text("description"))
                seen[place, name] = (place, replace(row, example=self._value(one)))
        yield from seen.values()

    def _bodies(self, holder: Node | None) -> tuple[Body, ...]:
        content = holder.get("content") if holder is not None else None
        found = []
        for name, media in content.members() if content is not None else ():
            schema = media.get("schema")
            row = None if schema is None else self._schema("", schema, False)
            found.append(Body(name, row, self._example(media)))
        return tuple(found)

    def _answers(self, responses: Node | None) -> Iterator[Answer]:
        for status, written in responses.members() if responses is not None else ():
            one = self._references.follow(written)
            if one is None:
                continue
            headers = one.get("headers")
            rows = []
            for name, each in headers.members() if headers is not None else ():
                header = self._references.follow(each)
                if header is not None:
                    rows.append(self._schema(name, header.get("schema"), False, header.text("description")))
            yield Answer(status, one.text("description") or "", tuple(rows), self._bodies(one))

    def _value(self, parameter: Node) -> str:
        """The example of a parameter, as it is written in a request."""
        example = self._example_of(parameter)
        if example is None or isinstance(example.value, dict):
            return ""
        values = example.value if isinstance(example.value, list) else [example.value]
        return ",".join(map(_said, values))

    def _example(self, media: Node) -> str:
        example = self._example_of(media)
        if example is None:
            return ""
        if isinstance(example.value, str):
            return example.value
        return msgspec.json.format(msgspec.json.encode(example.value), indent=2).decode()

    def _example_of(self, media: Node) -> Node | None:
        """That of a media type or a parameter, else the first of its examples, else its schema's."""
        example = media.get("example")
        if example is None:
            examples = media.get("examples")
            first = (
                self._references.follow(next((each for _, each in examples.members()), None)) if examples else None
            )
            example = first.get("value") if first is not None else None
        if example is None:
            schema = self._references.follow(media.get("schema"))
            examples = schema.get("examples") if schema is not None else None
            example = next(examples.items(), None) if examples is not None else None
            example = example or (schema.get("example") if schema is not None else None)
        return example

    def _schema(
        self,
        name: str,
        written: Node | None,
        required: bool,
        description: str | None = None,
        above: tuple[tuple[str, str], ...] = (),
    ) -> Row:
        node = self._references.follow(written)
        self._rows += 1
        if node is None or not isinstance(node.value, dict):
            return Row(name, "any" if written is None or written.value is not False else "nothing", required)
        about = description or node.text("description") or ""
        kind = _type_of(node)
        place = key_of(node)
        if place in above or len(above) >= _DEEPEST or self._rows > _MOST_ROWS:
            return Row(name, node.key if "schemas" in node.pointer else kind, required, about)
        below = (*above, place)
        rows = [*self._properties(node, below), *self._items(node, below), *self._alternatives(node, below)]
        return Row(name, kind, required, about, _facts(node), _values(node), tuple(rows))

    def _properties(self, node: Node, above: tuple[tuple[str, str], ...]) -> Iterator[Row]:
        needed = node.value.get("required")
        names = (
            frozenset(needed) if isinstance(needed, list) and all(isinstance(each, str) for each in needed) else ()
        )
        properties = node.get("properties")
        for name, each in properties.members() if properties is not None else ():
            yield self._schema(name, each, name in names, above=above)
        every = node.get("additionalProperties")
        if every is not None and isinstance(every.value, dict):
            yield self._schema("*", every, False, above=above)

    def _items(self, node: Node, above: tuple[tuple[str, str], ...]) -> Iterator[Row]:
        items = node.get("items")
        if items is not None and isinstance(items.value, dict):
            yield self._schema("[ ]", items, False, above=above)

    def _alternatives(self, node: Node, above: tuple[tuple[str, str], ...]) -> Iterator[Row]:
        for keyword in ("allOf", "oneOf", "anyOf"):
            every = node.get(keyword)
            for number, each in enumerate(every.items() if every is not None else (), 1):
                yield self._schema(f"{keyword} {number}", each, False, above=above)


def _type_of(node: Node) -> str:
    kind = node.value.get("type")
    text = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "")
    form = node.text("format")
    if not text:
        text = "object" if "properties" in node.value else "array" if "items" in node.value else "any"
    return f"{text} ({form})" if form else text


def _facts(node: Node) -> tuple[str, ...]:
    facts = [f"{name}: {_said(node.value[name])}" for name in _BOUNDS if name in node.value]
    facts += [
        word
        for key, word in (("readOnly", "only in answers"), ("writeOnly", "only in requests"))
        if node.flag(key)
    ]
    facts += ["deprecated"] if node.flag("deprecated") else []
    secret = node.text("x-ostiary-classification")
    return (*facts, *([f"classified: {secret}"] if secret else []))


def _values(node: Node) -> tuple[str, ...]:
    values = node.value.get("enum")
    return tuple(_said(each) for each in values) if isinstance(values, list) else ()


def _said(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
