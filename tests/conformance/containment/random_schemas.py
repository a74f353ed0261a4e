"""Random pairs of small schemas, close to each other: containment is often true, and often nearly so.

Constants come from small pools: two schemas that never meet prove nothing.
"""

import copy
import random
from typing import Any

Json = Any
NAMES = ["a", "b", "c", "x-1"]
TEXTS = ["", "a", "b", "ab", "aa", "abc", "x-1"]
NUMBERS = [-2, -1, 0, 1, 2, 3, 4, 6, 0.5, 1.5, 2.0, -0.5]
PATTERNS = [
    "^a",
    "b$",
    "^[ab]+$",
    "^a*$",
    "^x-",
    "a|b",
    "^.{2}$",
    "^(ab)*$",
    "^[^a]",
    "^ab?c?$",
    "^$",
    "^[a-c]{1,2}$",
]
FORMATS = ["date", "uuid", "ipv4", "email", "uri", "uri-reference", "date-time", "own"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
VALUES: list[Json] = [
    None,
    True,
    False,
    0,
    1,
    2,
    1.5,
    "a",
    "ab",
    "",
    [],
    [1],
    ["a", "a"],
    {},
    {"a": 1},
    {"a": "a", "b": 2},
]


def schema(rng: random.Random, depth: int = 3) -> Json:
    """A schema of one type mostly, with some keywords of that type, and sometimes composition."""
    roll = rng.random()
    if roll < 0.04:
        return rng.random() < 0.6
    if roll < 0.12:
        return {"enum": rng.sample(VALUES, rng.randint(1, 4))}
    if roll < 0.15:
        return {"const": rng.choice(VALUES)}
    if depth and roll < 0.33:
        return composed(rng, depth)
    kind = rng.choice(TYPES if depth else TYPES[:5])
    found: dict[str, Json] = {}
    if rng.random() < 0.85:
        found["type"] = kind if rng.random() < 0.8 else rng.sample(TYPES, 2)
    for keyword in rng.sample(KEYWORDS[kind], min(len(KEYWORDS[kind]), rng.choice([0, 1, 1, 2, 3]))):
        add(rng, found, keyword, depth)
    if depth and rng.random() < 0.06:
        add(rng, found, rng.choice(["not", "if", "anyOf", "allOf", "oneOf"]), depth)
    return found


KEYWORDS: dict[str, list[str]] = {
    "null": [],
    "boolean": [],
    "integer": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
    "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
    "string": ["minLength", "maxLength", "pattern", "format", "pattern"],
    "array": [
        *("minItems", "maxItems", "uniqueItems", "items", "prefixItems", "contains", "items", "minContains"),
        "unevaluatedItems",
    ],
    "object": [
        *("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "properties"),
        *("minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
        "closed",
    ],
}
EVERY = sorted({keyword for keywords in KEYWORDS.values() for keyword in keywords})


def composed(rng: random.Random, depth: int) -> Json:
    keyword = rng.choice(["anyOf", "oneOf", "allOf", "not", "anyOf", "oneOf"])
    found: dict[str, Json] = {}
    add(rng, found, keyword, depth)
    return found


def add(rng: random.Random, found: dict[str, Json], keyword: str, depth: int) -> None:
    """Adds a keyword, at random."""
    below = max(0, depth - 1)
    if keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        found[keyword] = rng.choice(NUMBERS)
    elif keyword == "multipleOf":
        found[keyword] = rng.choice([1, 2, 3, 4, 6, 0.5, 1.5])
    elif keyword in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
        found[keyword] = rng.randint(0, 3)
    elif keyword == "pattern":
        found[keyword] = rng.choice(PATTERNS)
    elif keyword == "format":
        found[keyword] = rng.choice(FORMATS)
    elif keyword == "uniqueItems":
        found[keyword] = rng.random() < 0.8
    elif keyword == "prefixItems":
        found[keyword] = [schema(rng, below) for _ in range(rng.randint(1, 2))]
    elif keyword == "minContains":
        found["contains"] = schema(rng, below)
        found[rng.choice(["minContains", "maxContains"])] = rng.randint(0, 2)
    elif keyword in ("properties", "dependentSchemas"):
        names = rng.sample(NAMES, rng.randint(1, 2))
        found[keyword] = {name: schema(rng, below) for name in names}
    elif keyword == "patternProperties":
        found[keyword] = {rng.choice(["^x-", "^a", "b"]): schema(rng, below)}
    elif keyword == "required":
        found[keyword] = rng.sample(NAMES, rng.randint(1, 2))
    elif keyword == "dependentRequired":
        found[keyword] = {rng.choice(NAMES): rng.sample(NAMES, rng.randint(0, 2))}
    elif keyword == "closed":
        found["properties"] = {name: schema(rng, below) for name in rng.sample(NAMES, rng.randint(1, 3))}
        found["additionalProperties"] = False
    elif keyword in ("anyOf", "oneOf", "allOf"):
        found[keyword] = [schema(rng, below) for _ in range(rng.randint(1, 3))]
    elif keyword == "if":
        found["if"] = schema(rng, below)
        for branch in rng.sample(["then", "else"], rng.randint(1, 2)):
            found[branch] = schema(rng, below)
    elif keyword == "propertyNames":
        found[keyword] = rng.choice(
            [{"enum": rng.sample(NAMES, 2)}, {"pattern": rng.choice(PATTERNS)}, {"maxLength": rng.randint(0, 2)}]
        )
    elif keyword == "unevaluatedProperties" and rng.random() < 0.5:
        found[keyword] = False
    else:
        found[keyword] = schema(rng, below)


def mutated(rng: random.Random, value: Json, depth: int = 3, top: bool = True) -> Json:
    """A schema one small step away; sometimes one that says the same in other words."""
    if not isinstance(value, dict) or rng.random() < 0.08:
        return schema(rng, depth)
    result = copy.deepcopy(value)
    children = [(result, key) for key in result if isinstance(result[key], dict | bool) and key in HOLDERS]
    for key in ("properties", "patternProperties", "dependentSchemas", "$defs"):
        children += [(result[key], name) for name in result.get(key, {})]
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        children += [(result[key], index) for index in range(len(result.get(key, ())))]
    roll = rng.random()
    if children and roll < 0.35:
        holder, key = rng.choice(children)
        holder[key] = mutated(rng, holder[key], max(0, depth - 1), top=False)
    elif roll < 0.5 and result:
        result.pop(rng.choice(list(result)))
    elif roll < 0.62:
        add(rng, result, rng.choice(EVERY), min(depth, 1))
    elif roll < 0.8:
        nudge(rng, result)
    else:
        result = rewritten(rng, result, top)
    return result


HOLDERS = {"items", "additionalProperties", "not", "contains", "if", "then", "else", "propertyNames"}
HOLDERS |= {"unevaluatedItems", "unevaluatedProperties"}


def nudge(rng: random.Random, value: dict[str, Json]) -> None:
    """Moves one constant a little."""
    for key in rng.sample(list(value), len(value)):
        member = value[key]
        if isinstance(member, int | float) and not isinstance(member, bool):
            change = rng.choice([-1, 1])
            value[key] = max(0, member + change) if key.startswith("m") and key[3].isupper() else member + change
            if key == "multipleOf" and value[key] <= 0:
                value[key] = 1
            if key in ("minimum", "maximum") and rng.random() < 0.3:
                value["exclusiveM" + key[1:]] = value.pop(key)
            return
        if key == "enum":
            extra = [item for item in VALUES if not any(item is one or repr(item) == repr(one) for one in member)]
            if rng.random() < 0.5 and len(member) > 1:
                member.pop(rng.randrange(len(member)))
            elif extra:
                member.append(rng.choice(extra))
            return
        if key == "required":
            value[key] = rng.sample(NAMES, rng.randint(0, 3))
            return
        if key == "pattern":
            value[key] = rng.choice(PATTERNS)
            return
        if key == "type":
            value[key] = rng.choice([*TYPES, ["string", "null"], ["integer", "string"]])
            return


def rewritten(rng: random.Random, value: dict[str, Json], top: bool) -> Json:
    """Other words for the same."""
    roll = rng.randrange(8)
    if roll == 0:
        return {"allOf": [value]}
    if roll == 1:
        return {"anyOf": [value, False]}
    if roll == 2:
        return {"not": {"not": value}}
    if roll == 3:
        return {"oneOf": [value]}
    if roll == 4 and isinstance(value.get("type"), list) and "unevaluatedProperties" not in value:
        rest = {key: member for key, member in value.items() if key != "type"}
        return {"anyOf": [{"type": kind, **rest} for kind in value["type"]]}
    if roll == 5:
        return dict(reversed(value.items()))
    if roll == 6 and "unevaluatedItems" not in value and "unevaluatedProperties" not in value:
        keys = [key for key in value if key in ("type", "required", "enum", "minimum", "maxLength", "pattern")]
        if keys:
            key = rng.choice(keys)
            return {"allOf": [{key: value.pop(key)}, value]}
    if roll == 7 and top and "$ref" not in str(value):
        return {"$ref": "#/$defs/it", "$defs": {"it": value}}
    return value


def recursive(rng: random.Random) -> Json:
    """A schema that contains itself."""
    node = schema(rng, 1)
    node = node if isinstance(node, dict) else {}
    place = rng.choice(["properties", "items", "additionalProperties"])
    here = {"$ref": "#/$defs/node"}
    if place == "properties":
        node = {**node, "properties": {**node.get("properties", {}), rng.choice(NAMES): here}}
    else:
        node = {**node, place: rng.choice([here, {"anyOf": [here, {"type": "string"}]}])}
    return {"$ref": "#/$defs/node", "$defs": {"node": node}}


def mutual(rng: random.Random) -> Json:
    """Definitions that contain each other."""
    definitions: dict[str, Json] = {}
    for name in ("n", "m", "o"):
        node = schema(rng, 1)
        node = {key: value for key, value in node.items() if key != "$ref"} if isinstance(node, dict) else {}
        for _ in range(rng.randint(1, 2)):
            here: Json = {"$ref": f"#/$defs/{rng.choice('nmo')}"}
            if rng.random() < 0.3:
                here = {"anyOf": [here, schema(rng, 0)]}
            place = rng.choice(["properties", "properties", "items", "additionalProperties", "prefixItems"])
            if place == "properties":
                node = {**node, "properties": {**node.get("properties", {}), rng.choice(NAMES): here}}
                if rng.random() < 0.3:
                    node["required"] = [rng.choice(list(node["properties"]))]
            else:
                node = {**node, place: [here] if place == "prefixItems" else here}
        definitions[name] = node
    return {"$ref": "#/$defs/n", "$defs": definitions}


def pair(seed: int) -> tuple[Json, Json]:
    """Two schemas; the same ones for the same seed."""
    rng = random.Random(seed)
    roll = rng.random()
    if roll < 0.1:
        base = recursive(rng)
        revision = copy.deepcopy(base)
        revision["$defs"]["node"] = mutated(rng, revision["$defs"]["node"], 1, top=False)
        if not isinstance(revision["$defs"]["node"], dict):
            revision["$defs"]["node"] = {}
    elif roll < 0.2:
        base = mutual(rng)
        revision = copy.deepcopy(base)
        for name in rng.sample("nmo", rng.randint(1, 2)):
            found = mutated(rng, revision["$defs"][name], 1, top=False)
            revision["$defs"][name] = found if isinstance(found, dict) else {}
    else:
        base = schema(rng)
        revision = schema(rng) if roll < 0.33 else mutated(rng, base)
        for _ in range(rng.choice([0, 0, 1, 2])):
            revision = mutated(rng, revision) if "$ref" not in str(revision) else revision
    return (base, revision) if rng.random() < 0.5 else (revision, base)
