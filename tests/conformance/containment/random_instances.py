"""Instances for schemas: from their own constants, a step beside them, and what is put together from these."""

import random
from typing import Any

from tests.conformance.containment.random_schemas import NAMES, NUMBERS, TEXTS, VALUES

Json = Any
STRANGE = [
    "2026-01-02",
    "1.2.3.4",
    "a@b.example",
    "urn:x:y",
    "00000000-0000-4000-8000-000000000000",
    "ba",
    "c",
    "x-2",
]


def instances(rng: random.Random, count: int, *schemas: Json) -> list[Json]:
    """Random instances that are near to the schemas' edges."""
    scalars: list[Json] = [None, True, False, *NUMBERS, *TEXTS, *STRANGE]
    for schema in schemas:
        scalars += constants(schema)
    found = [*scalars, *VALUES]
    for schema in schemas:
        found += [near(rng, schema, schema, scalars, 4) for _ in range(count // 4)]
    found += [anything(rng, scalars, 3) for _ in range(count // 4)]
    found += [changed(rng, rng.choice(found), scalars) for _ in range(count // 4)]
    return found


def constants(schema: Json) -> list[Json]:
    """Every number and string that the schema is written with, numbers with their neighbours."""
    found: list[Json] = []
    stack = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, int | float):
            found += [value, value - 1, value + 1, value + 0.5, value - 0.25]
        elif len(value) < 12:
            found.append(value)
    return found


def anything(rng: random.Random, scalars: list[Json], depth: int) -> Json:
    roll = rng.random()
    if not depth or roll < 0.5:
        return rng.choice(scalars)
    if roll < 0.75:
        return [anything(rng, scalars, depth - 1) for _ in range(rng.randint(0, 4))]
    return {rng.choice([*NAMES, "zz", "ab"]): anything(rng, scalars, depth - 1) for _ in range(rng.randint(0, 4))}


def near(rng: random.Random, schema: Json, root: Json, scalars: list[Json], depth: int) -> Json:
    """Something that fits a schema in most respects."""
    if not isinstance(schema, dict) or not depth:
        return anything(rng, scalars, max(0, depth - 1))
    if "$ref" in schema:
        target = root
        for token in schema["$ref"].split("/")[1:]:
            target = target[token]
        return near(rng, target, root, scalars, depth - 1)
    if "const" in schema and rng.random() < 0.9:
        return schema["const"]
    if "enum" in schema and rng.random() < 0.9:
        return rng.choice(schema["enum"])
    branches = [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]
    branches += [schema[key] for key in ("if", "then", "else") if key in schema]
    if branches and rng.random() < 0.7:
        return near(rng, {**schema, **_merged(schema, rng.choice(branches))}, root, scalars, depth - 1)
    types = schema.get("type", [])
    kind = rng.choice(types) if isinstance(types, list) and types else types or _guess(rng, schema)
    if kind == "object":
        names = [*schema.get("properties", {}), *schema.get("required", []), *schema.get("dependentRequired", {})]
        names += rng.sample([*NAMES, "zz"], rng.choice([0, 0, 1, 2]))
        found = {}
        for name in names:
            if name in schema.get("required", []) or rng.random() < 0.6:
                below = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
                found[name] = near(rng, below, root, scalars, depth - 1)
        return found
    if kind == "array":
        length = rng.choice([0, 1, 2, 3, schema.get("minItems", 0), min(4, schema.get("maxItems", 1) + 1)])
        prefix = schema.get("prefixItems", [])
        options = [schema.get("items", True), schema.get("contains", True)]
        return [
            near(rng, prefix[i] if i < len(prefix) else rng.choice(options), root, scalars, depth - 1)
            for i in range(length)
        ]
    fits = {"string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)}
    wanted = [value for value in scalars if isinstance(value, fits.get(kind, object))]
    return rng.choice(wanted or scalars)


def _guess(rng: random.Random, schema: dict[str, Json]) -> str:
    for key in schema:
        if "ropert" in key or key == "required":
            return "object"
        if "tems" in key or "ontains" in key:
            return "array"
    return rng.choice(["string", "number", "object", "array", "null"])


def _merged(schema: dict[str, Json], branch: Json) -> dict[str, Json]:
    if not isinstance(branch, dict):
        return {"anyOf": [], "oneOf": [], "allOf": []}
    merged = {**branch, "properties": {**schema.get("properties", {}), **branch.get("properties", {})}}
    merged["required"] = [*schema.get("required", []), *branch.get("required", [])]
    if not merged["properties"]:
        del merged["properties"]
    if not merged["required"]:
        del merged["required"]
    rest = dict.fromkeys(("anyOf", "oneOf", "allOf", "if", "then", "else"), None)
    return {**{key: [] for key in ("anyOf", "oneOf", "allOf") if key in schema}, **merged} if rest else merged


def changed(rng: random.Random, value: Json, scalars: list[Json]) -> Json:
    """One member, item or character more, less or different."""
    if isinstance(value, dict):
        result = dict(value)
        if result and rng.random() < 0.4:
            result.pop(rng.choice(list(result)))
        else:
            result[rng.choice([*NAMES, "zz"])] = rng.choice(scalars)
        return result
    if isinstance(value, list):
        items = list(value)
        if items and rng.random() < 0.3:
            items.pop(rng.randrange(len(items)))
        elif items and rng.random() < 0.5:
            items.append(rng.choice(items))
        else:
            items.insert(rng.randint(0, len(items)), rng.choice(scalars))
        return items
    if isinstance(value, str):
        return value + rng.choice(["", "a", "b", " "]) if rng.random() < 0.6 else value[1:]
    return rng.choice(scalars)
