"""No value above a clearance is ever in what its callers get, whatever the schema and whatever the answer.

Two others say what has to be gone: the validator's own annotations, of answers that match their schema, and a walk
over the value with all schemas in hand that may apply, of any answer.
"""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import pytest

from contracts.openapi.classification import CLASSIFICATION, LEVELS
from policies.classifying.places import Places
from policies.classifying.views import View, rewritten, take
from policies.validation.validators import Validators

URN: Final = "urn:ostiary:orders:v1:response"
NAMES: Final = ("a", "b", "pa", "pb", "x")
DEFINITIONS: Final = ("One", "Two")
KEYWORDS: Final = (
    *("properties", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties"),
    *("items", "items", "prefixItems", "contains", "unevaluatedItems", "allOf", "anyOf", "oneOf"),
    *("if", "then", "else", "not", "dependentSchemas", "required", "type"),
)
Schema = dict[str, Any]


def a_schema(chance: random.Random, depth: int = 3) -> Schema:
    """A schema with others in it; few say anything of types, so that most values match them."""
    made: Schema = {} if chance.random() < 0.6 else {CLASSIFICATION: chance.choice(LEVELS)}
    if depth == 0:
        return made
    if chance.random() < 0.15:
        made["$ref"] = f"{URN}#/components/schemas/{chance.choice(DEFINITIONS)}"
    for keyword in chance.sample(KEYWORDS, chance.randint(0, 3)):
        made[keyword] = of_keyword(keyword, chance, depth - 1)
    return made


def of_keyword(keyword: str, chance: random.Random, depth: int) -> Any:
    inner = a_schema(chance, depth)
    if keyword in ("properties", "dependentSchemas"):
        return {name: a_schema(chance, depth) for name in chance.sample(NAMES, chance.randint(1, 2))}
    if keyword == "patternProperties":
        return {chance.choice(("^p", "b$")): inner}
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        return chance.choice((True, False, inner, inner))
    if keyword in ("prefixItems", "allOf", "anyOf", "oneOf"):
        return [inner, *([a_schema(chance, depth)] if chance.random() < 0.5 else [])]
    if keyword == "required":
        return [chance.choice(NAMES)]
    return chance.choice(("object", "array", ["object", "array", "string"])) if keyword == "type" else inner


def a_value(chance: random.Random, count: Iterator[int], depth: int = 4) -> Any:
    """A value in which every text is one of a kind, so that it can be told in what is left."""
    kind = "text" if depth == 0 else chance.choice(("object", "object", "array", "text"))
    if kind == "object":
        names = chance.sample(NAMES, chance.randint(0, 4))
        return {name: a_value(chance, count, depth - 1) for name in names}
    if kind == "array":
        return [a_value(chance, count, depth - 1) for _ in range(chance.randint(0, 3))]
    return f"<{next(count)}>"


def texts(value: Any) -> set[str]:
    """All texts in a value."""
    if isinstance(value, dict | list):
        return set().union(*map(texts, value.values() if isinstance(value, dict) else value), set())
    return {value} if isinstance(value, str) else set()


def at(value: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def annotated(schema: Any, definitions: Schema, value: Any, level: int) -> set[str]:
    """Texts that the validator itself says are above a class; none of a value that does not match."""
    registry = jsonschema_rs.Registry([(URN, {"components": {"schemas": definitions}})])
    evaluation = jsonschema_rs.Draft202012Validator(schema, registry=registry).evaluate(value)
    found: set[str] = set()
    if evaluation.valid:
        for each in evaluation.annotations():
            mark = each["annotations"].get(CLASSIFICATION) if isinstance(each["annotations"], dict) else None
            if mark is not None and LEVELS.index(mark) > level:
                found |= texts(at(value, each["instanceLocation"]))
    return found


def walked(said: list[Any], definitions: Schema, value: Any, level: int) -> set[str]:
    """Texts that any schema puts above a class, whether the value matches it or not, but by `unevaluated…`."""
    together: list[Schema] = []
    waiting = [schema for schema in said if isinstance(schema, dict)]
    while waiting:
        schema = waiting.pop()
        if schema in together:
            continue
        together.append(schema)
        if "$ref" in schema:
            waiting.append(definitions[schema["$ref"].rpartition("/")[2]])
        others = [*(schema.get(name, ()) for name in ("allOf", "anyOf", "oneOf"))]
        others += [[schema[name]] for name in ("if", "then", "else") if name in schema]
        others += [schema.get("dependentSchemas", {}).values()]
        waiting += [each for group in others for each in group if isinstance(each, dict)]
    if any(LEVELS.index(schema[CLASSIFICATION]) > level for schema in together if CLASSIFICATION in schema):
        return texts(value)
    found: set[str] = set()
    if isinstance(value, dict):
        for name, member in value.items():
            below = []
            for schema in together:
                own = [schema["properties"][name]] if name in schema.get("properties", {}) else []
                patterns = schema.get("patternProperties", {})
                own += [inner for pattern, inner in patterns.items() if name.startswith("p") and pattern == "^p"]
                own += [inner for pattern, inner in patterns.items() if name.endswith("b") and pattern == "b$"]
                below += own or [schema.get("additionalProperties", True)]
            found |= walked(below, definitions, member, level)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            below = []
            for schema in together:
                prefix = schema.get("prefixItems", [])
                below += [prefix[index]] if index < len(prefix) else [schema.get("items", True)]
                below += [schema.get("contains", True)]
            found |= walked(below, definitions, item, level)
    return found


@pytest.mark.parametrize("chunk", range(8))
def test_what_is_above_a_clearance_is_gone(chunk: int) -> None:
    shown = taken_out = 0
    for seed in range(chunk * 500, chunk * 500 + 500):
        chance = random.Random(seed)
        definitions = {name: a_schema(chance) for name in DEFINITIONS}
        if any(leads_back(definitions, name) for name in DEFINITIONS):
            continue  # refused where a contract is compiled
        schema, value, level = (
            a_schema(chance),
            a_value(chance, itertools.count()),
            chance.randrange(len(LEVELS) - 1),
        )
        kept, taken = left_of(schema, definitions, value, level, chance.random() < 0.2)
        forbidden = annotated(schema, definitions, value, level) | walked([schema], definitions, value, level)
        assert not kept & forbidden, seed
        assert kept <= texts(value), seed
        assert taken or kept == texts(value), seed
        shown += len(kept)
        taken_out += len(forbidden)
    assert shown > 200
    assert taken_out > 200


def left_of(
    schema: Schema, definitions: Schema, value: Any, level: int, unknown_goes: bool
) -> tuple[set[str], int]:
    """The texts that a caller gets, and how much was taken out."""
    places = Places(Validators({URN: {"components": {"schemas": definitions}}}))
    effect = View(level, lambda place: take, unknown_goes=unknown_goes).effect(places.of([(schema, "")]))
    if effect is None:
        return texts(value), 0
    left, taken = rewritten(effect, json.dumps(value).encode())
    return set() if left is None else texts(json.loads(left)), taken


def leads_back(definitions: Schema, name: str) -> bool:
    """Whether a schema's application in place comes back to itself (`contracts.openapi.schema_cycles`)."""
    waiting, seen = [definitions[name]], []
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        if "$ref" in schema:
            target = schema["$ref"].rpartition("/")[2]
            if target == name:
                return True
            if target not in seen:
                seen.append(target)
                waiting.append(definitions[target])
        for keyword in ("allOf", "anyOf", "oneOf"):
            waiting += schema.get(keyword, [])
        waiting += [schema[keyword] for keyword in ("if", "then", "else", "not") if keyword in schema]
        waiting += schema.get("dependentSchemas", {}).values()
    return False
