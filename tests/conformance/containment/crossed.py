"""Pairs that nobody thought of: the labelled schemas, set against each other and put into one another.

They hold what people write, keyword by keyword, and cover the vocabulary; random schemas rarely come near it.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from contracts.containment.source import Schema as Source
from tests.conformance.containment.judging import source
from tests.conformance.containment.labelled import Schema, schema_pairs
from tests.conformance.containment.oracle import translated


@dataclass(frozen=True)
class Side:
    """A schema with what it refers to."""

    name: str
    theme: str
    schema: Schema
    components: dict[str, Schema]
    version: str

    @property
    def source(self) -> Source:
        return source(self.schema, self.components, self.version)

    @property
    def translated(self) -> Schema:
        return translated(self.schema, self.components, self.version)


def sides() -> list[Side]:
    """Both sides of every labelled pair."""
    found = []
    for pair in schema_pairs():
        found.append(Side(f"{pair.id}/base", pair.theme, pair.base, pair.base_components, pair.base_openapi))
        components, version = pair.revision_components, pair.revision_openapi
        found.append(Side(f"{pair.id}/revision", pair.theme, pair.revision, components, version))
    return found


def crossed(number: int, seed: int) -> Iterator[tuple[Side, Side]]:
    """So many pairs; most are of one theme, and many of one of its schemas in another context."""
    chance = random.Random(seed)
    every = sides()
    by_theme = defaultdict(list)
    for side in every:
        by_theme[side.theme].append(side)
    for _ in range(number):
        first = chance.choice(every)
        second = chance.choice(by_theme[first.theme] if chance.random() < 0.8 else every)
        way = chance.randrange(8)
        other = chance.choice(every)
        if way < 3:
            context = ("items", "member", "not")[way]
            first = _within(context, first)
            second = _within(context, second) if chance.random() < 0.8 else second
        elif way < 5:
            first = _joined(("allOf", "anyOf")[way - 3], first, other)
            second = _joined(chance.choice(("allOf", "anyOf", "oneOf")), second, other)
        elif way == 5:
            second = _joined("oneOf", second, other)
        yield first, second


def _within(context: str, side: Side) -> Side:
    schema: Schema = {
        "items": {"type": "array", "items": side.schema},
        "member": {"type": "object", "properties": {"p": side.schema}, "additionalProperties": False},
        "not": {"not": side.schema},
    }[context]
    return replace(side, name=f"{context}({side.name})", schema=schema)


def _joined(keyword: str, side: Side, other: Side) -> Side:
    """The side alone where the two do not fit together."""
    if side.version != other.version or set(side.components) & set(other.components):
        return side
    name = f"{keyword}({side.name}, {other.name})"
    schema: Schema = {keyword: [side.schema, other.schema]}
    return replace(side, name=name, schema=schema, components=side.components | other.components)
