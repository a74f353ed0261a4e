"""Which branch of a list of alternatives became which: by what they mean, by name, by place."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.containment.compiling import Compiler
from contracts.containment.source import Schema
from contracts.documents.document import tokens_of

_SHORT: Final = 8
Pairing = tuple[Schema | None, Schema | None]


def pairs_of(compiler: Compiler, base: list[Schema], revision: list[Schema]) -> Iterator[Pairing]:
    """The branches in pairs; None beside those that were added or removed."""
    ours, theirs = list(base), list(revision)

    def matched(key: Any) -> Iterator[Pairing]:
        left: dict[Any, list[Schema]] = {}
        for schema in theirs:
            left.setdefault(key(schema), []).append(schema)
        for schema in list(ours):
            found = left.get(key(schema))
            if found and key(schema) is not None:
                other = found.pop(0)
                ours.remove(schema)
                theirs.remove(other)
                yield schema, other

    yield from matched(lambda schema: compiler.term(schema).id)
    yield from matched(_name)
    yield from matched(_tag)
    yield from matched(_names)
    if len(ours) == len(theirs):
        yield from matched(_kind)
    if len(ours) == len(theirs) == 1 and (len(base) > 1 or _kind(ours[0]) == _kind(theirs[0])):
        yield ours.pop(), theirs.pop()
    for schema in ours:
        yield schema, None
    for schema in theirs:
        yield None, schema


def label(schema: Schema) -> str:
    """A name for a branch that does not depend on its place in the list."""
    found = _name(schema) or _tag(schema)
    if found is not None:
        return found
    kind = _kind(schema)
    if kind is not None and isinstance(schema.value, dict) and set(schema.value) <= {"type", "description"}:
        return kind
    text = msgspec.json.encode(schema.value, order="sorted")
    return hashlib.blake2b(text, digest_size=_SHORT // 2).hexdigest()


def _name(schema: Schema) -> str | None:
    """The last word of its reference, or its title."""
    if schema.reference is not None:
        return (tokens_of(schema.reference.partition("#")[2]) or [schema.reference])[-1]
    title = schema.members.get("title")
    return title if isinstance(title, str) and title else None


def _tag(schema: Schema) -> str | None:
    """The constants that tell its objects from others."""
    properties = schema.members.get("properties")
    if not isinstance(properties, dict):
        return None
    found = []
    for name, value in properties.items():
        if isinstance(value, dict):
            constant = value.get("const", value["enum"][0] if len(value.get("enum") or ()) == 1 else None)
            if isinstance(constant, str | int):
                found.append(f"{name}={constant}")
    return ",".join(found) or None


def _names(schema: Schema) -> frozenset[str] | None:
    """The members that its objects have."""
    properties = schema.members.get("properties")
    return frozenset(properties) if isinstance(properties, dict) and properties else None


def _kind(schema: Schema) -> str | None:
    written = schema.members.get("type")
    return written if isinstance(written, str) else None
