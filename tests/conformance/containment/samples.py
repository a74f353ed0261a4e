"""Instances that lean on schemas: their constants, their bounds and one beside, their members and one more."""

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any] | bool

_DEPTH = 5
_FORMATS = {
    "date": ["2026-01-31", "2026-02-30"],
    "date-time": ["2026-01-31T10:00:00Z", "2026-01-31T10:00:00"],
    "uuid": ["3fa85f64-5717-4562-b3fc-2c963f66afa6", "3fa85f64"],
    "ipv4": ["127.0.0.1", "127.0.0.256"],
    "ipv6": ["::1", "::g"],
    "email": ["a@example.com", "@"],
    "uri": ["https://example.com/a", "/a"],
}
_PLAIN: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 0.5, -0.5, 1.5, 100, 1e6, 2**31, -(2**31) - 1, 2**63),
    *("", "a", "b", "ab", "1", "x" * 6, "\u00e9", [], ["a"], [1], ["a", "a"], [1, 0.5], [None], [[1]]),
    *([True, False], [1, 2, 3], {}, {"a": 1}, {"a": "x"}, {"a": 1, "b": 2}, {"zz": None}),
]


class Samples:
    """Of several schemas at once; `chance` decides everything, so that a seed gives the same instances."""

    def __init__(self, schemas: tuple[Schema, ...], chance: random.Random) -> None:
        self._chance = chance
        self._constants: list[Any] = []
        self._numbers: list[float] = [0]
        self._lengths: set[int] = {0, 1, 2}
        self._names: list[str] = ["zz"]
        self._strings: list[str] = ["", "a"]
        for schema in schemas:
            self._collect(schema)

    def named(self) -> Iterator[Any]:
        """What the schemas name, and plain values of every type, alone and in small arrays and objects."""
        scalars = [*self._constants, *_PLAIN, *self._numbers, *self._strings]
        scalars += [chr(97 + n % 26) * n for n in sorted(self._lengths)]
        yield from scalars
        for name in dict.fromkeys(self._names):
            for value in scalars[:60]:
                yield {name: value}
        for value in scalars[:60]:
            yield [value]
            yield [value, value]
        for length in sorted(self._lengths):
            yield list(range(length))
            yield {f"k{number}": number for number in range(length)}
            yield dict.fromkeys(self._names[:length], 1)

    def like(self, schema: Schema, root: Schema, depth: int) -> Any:
        """A value that follows the schema as far as a simple reader gets."""
        chance = self._chance
        if not isinstance(schema, dict) or depth > _DEPTH:
            return chance.choice(_PLAIN[:20])
        merged = self._merged(schema, root, 0)
        if "const" in merged and chance.random() < 0.9:
            return merged["const"]
        if merged.get("enum") and chance.random() < 0.9:
            return chance.choice(merged["enum"])
        kind = merged.get("type") or self._implied(merged)
        if isinstance(kind, list):
            kind = chance.choice(kind)
        if kind == "object":
            return self._object(merged, root, depth)
        if kind == "array":
            return self._array(merged, root, depth)
        if kind in ("integer", "number"):
            number = chance.choice(self._numbers) + chance.choice((0, 0, 1, -1, 0.5, 7))
            return int(number) if kind == "integer" and chance.random() < 0.95 else number
        if kind == "string":
            return self._string(merged)
        return {"boolean": chance.random() < 0.5, "null": None}.get(kind)

    def mutated(self, value: Any) -> Any:
        """The value with one thing changed, somewhere."""
        chance = self._chance
        if isinstance(value, dict) and value and chance.random() < 0.9:
            result = dict(value)
            name = chance.choice(list(result))
            action = chance.randrange(4)
            if action == 0:
                del result[name]
            elif action == 1:
                result[chance.choice(self._names)] = chance.choice([*_PLAIN, *self._constants])
            else:
                result[name] = self.mutated(result[name])
            return result
        if isinstance(value, list) and value and chance.random() < 0.9:
            items = list(value)
            where = chance.randrange(len(items))
            action = chance.randrange(4)
            if action == 0:
                del items[where]
            elif action == 1:
                items.append(copy.copy(items[where]))
            else:
                items[where] = self.mutated(items[where])
            return items
        if isinstance(value, int | float) and not isinstance(value, bool) and chance.random() < 0.7:
            return value + chance.choice((1, -1, 0.5, 0.25))
        return chance.choice([*_PLAIN, *self._constants, *self._strings])

    def _implied(self, schema: dict[str, Any]) -> str:
        if any(key in schema for key in ("properties", "required", "additionalProperties", "patternProperties")):
            return "object"
        if any(key in schema for key in ("items", "prefixItems", "contains")):
            return "array"
        return self._chance.choice(("string", "integer", "number", "boolean", "null", "object", "array"))

    def _merged(self, schema: dict[str, Any], root: Schema, depth: int) -> dict[str, Any]:
        """The schema with its references, all of its allOf and one of its branches laid over each other."""
        result = dict(schema)
        parts: list[Schema] = list(schema.get("allOf", ()))
        if "$ref" in schema:
            parts.append(_target(root, schema["$ref"]))
        parts += [self._chance.choice(schema[key]) for key in ("anyOf", "oneOf") if schema.get(key)]
        parts += [schema[key] for key in ("then", "else") if key in schema and self._chance.random() < 0.5]
        parts += [part for part in schema.get("dependentSchemas", {}).values() if self._chance.random() < 0.5]
        for part in parts:
            if not isinstance(part, dict) or depth > 12:
                continue
            for key, value in self._merged(part, root, depth + 1).items():
                if key in ("properties", "patternProperties"):
                    result[key] = result.get(key, {}) | value
                elif key == "required":
                    result[key] = [*result.get(key, []), *value]
                else:
                    result[key] = value
        return result

    def _object(self, schema: dict[str, Any], root: Schema, depth: int) -> dict[str, Any]:
        chance = self._chance
        declared = schema.get("properties", {})
        required = schema.get("required", [])
        names = [name for name in declared if name in required or chance.random() < 0.6 / (1 + depth / 2)]
        names += [name for name in required if name not in names and chance.random() < 0.95]
        if schema.get("additionalProperties") is not False and chance.random() < 0.3:
            names.append(chance.choice(self._names))
        result = {}
        for name in dict.fromkeys(names):
            member = declared.get(name)
            if member is None:
                member = schema.get("additionalProperties", True)
                if member is True or member is False:
                    result[name] = chance.choice([*_PLAIN[:20], *self._constants])
                    continue
            if member is not False:
                result[name] = self.like(member, root, depth + 1)
        return result

    def _array(self, schema: dict[str, Any], root: Schema, depth: int) -> list[Any]:
        chance = self._chance
        length = max(chance.choice(sorted(self._lengths)[:6]), schema.get("minItems", 0))
        length = min(length, schema.get("maxItems", length), 8 if depth < 2 else 2)
        prefix = schema.get("prefixItems", [])
        items = schema.get("items", True)
        result = []
        for number in range(length):
            source = prefix[number] if number < len(prefix) else items
            if "contains" in schema and chance.random() < 0.4:
                source = schema["contains"]
            if source is False:
                break
            result.append(self.like(source, root, depth + 1))
        return result

    def _string(self, schema: dict[str, Any]) -> str:
        chance = self._chance
        if "pattern" in schema and chance.random() < 0.7:
            return matching(schema["pattern"], chance)
        if schema.get("format") in _FORMATS and chance.random() < 0.8:
            return chance.choice(_FORMATS[schema["format"]])
        if chance.random() < 0.4:
            return chance.choice(self._strings)
        length = chance.choice(sorted(self._lengths))
        return "".join(chance.choice("abcxyzABC019-_ é") for _ in range(min(length, 300)))

    def _collect(self, schema: Any) -> None:
        if isinstance(schema, list):
            for item in schema:
                self._collect(item)
        if not isinstance(schema, dict):
            return
        for key, value in schema.items():
            if key == "const":
                self._constants.append(value)
            elif key == "enum":
                self._constants += value
            elif key in ("properties", "components", "schemas", "dependentSchemas") and isinstance(value, dict):
                if key in ("properties", "dependentSchemas"):
                    self._names += value
                for member in value.values():
                    self._collect(member)
            elif key == "patternProperties":
                self._names += [matching(pattern, self._chance) for pattern in value for _ in range(3)]
                self._collect(list(value.values()))
            elif key == "required" and isinstance(value, list):
                self._names += value
            elif key == "dependentRequired":
                self._names += [*value, *(name for names in value.values() for name in names)]
            elif key == "pattern":
                self._strings += [matching(value, self._chance) for _ in range(8)]
            elif key == "format":
                self._strings += _FORMATS.get(value, [])
            elif isinstance(value, int | float) and not isinstance(value, bool):
                self._number(key, value)
            else:
                self._collect(value)

    def _number(self, key: str, value: float) -> None:
        if key in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
            self._lengths |= {max(0, int(value) + near) for near in (-1, 0, 1)}
        elif key in ("minContains", "maxContains"):
            self._lengths |= {int(value), int(value) + 1}
        else:
            self._numbers += [value, value + 1, value - 1, value + 0.5, value - 0.5]
            if key == "multipleOf":
                self._numbers += [value * factor for factor in (2, 3, 5, -1, 7, 100)]


def matching(pattern: str, chance: random.Random) -> str:
    """A string that most often matches; the pattern's own text where Python cannot read it."""
    try:
        parsed = re._parser.parse(pattern)  # the only reader of patterns in the standard library
    except re.error:
        return pattern
    made = _from(parsed, chance)
    if not pattern.startswith("^") and chance.random() < 0.3:
        made = "q" + made
    if not pattern.endswith("$") and chance.random() < 0.3:
        made += "q"
    return made


def _from(parsed: Any, chance: random.Random) -> str:
    result = []
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            result.append(chr(argument))
        elif name in ("NOT_LITERAL", "ANY"):
            result.append(chance.choice("aZ5-"))
        elif name == "IN":
            result.append(_one_of(argument, chance))
        elif name == "BRANCH":
            result.append(_from(chance.choice(argument[1]), chance))
        elif name == "SUBPATTERN":
            result.append(_from(argument[3], chance))
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            times = chance.randint(least, min(int(most), least + 4))
            result += [_from(inner, chance) for _ in range(times)]
    return "".join(result)


def _one_of(argument: Any, chance: random.Random) -> str:
    operation, value = chance.choice(argument)
    name = str(operation)
    if name == "LITERAL":
        return chr(value)
    if name == "RANGE":
        return chr(chance.randint(*value))
    return {"CATEGORY_DIGIT": "5", "CATEGORY_SPACE": " "}.get(str(value), "a")


def _target(root: Schema, reference: str) -> Schema:
    value: Any = root
    for token in reference.removeprefix("#").split("/")[1:]:
        value = value[token.replace("~1", "/").replace("~0", "~")]
    return value
