"""Documents that are made to be hard: small to write, large or endless to a reader who does not watch out.

Each gives the texts of a base and a revision. What is asked is that the commands end by themselves, within bounds
that the kernel enforces, and that they say something true: never `compatible` where they do not know.
"""

import json
from collections.abc import Callable
from typing import Any

Pair = tuple[str, str]
Json = Any

WRITTEN: dict[str, tuple[str, Callable[[], Pair]]] = {}
"""By name: the suffix of its files, and what makes them."""


def _pair(suffix: str = "json") -> Callable[[Callable[[], Pair]], Callable[[], Pair]]:
    def taken(make: Callable[[], Pair]) -> Callable[[], Pair]:
        WRITTEN[make.__name__] = (suffix, make)
        return make

    return taken


def contract(schema: Json, components: Json = None) -> str:
    """A document whose one request has the schema as its body."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Hostile", "version": "1.0.0"},
            "paths": {"/a": {"post": {"requestBody": body, "responses": {"200": {"description": "Done"}}}}},
            "components": {"schemas": components or {}},
        }
    )


def _ref(name: object) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


@_pair("yaml")
def billion_laughs() -> Pair:
    lines = ["openapi: 3.1.0", "info: {title: Laughs, version: 1.0.0}", "paths: {}", 'x-0: &x0 "ha"']
    lines += [f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 13)]
    text = "\n".join(lines) + "\n"
    return text, text


@_pair("yaml")
def deep_yaml() -> Pair:
    text = "openapi: 3.1.0\ninfo: {title: Deep, version: 1.0.0}\npaths: {}\nx-deep: " + "[" * 10_000 + "]" * 10_000
    return text, text


@_pair("yaml")
def deep_yaml_by_indentation() -> Pair:
    nested = "".join(" " * n + "a:\n" for n in range(1, 3_000))
    text = "openapi: 3.1.0\ninfo: {title: Deep, version: 1.0.0}\npaths: {}\nx-deep:\n" + nested
    return text, text


@_pair()
def deep_json() -> Pair:
    text = '{"openapi": "3.1.0", "x-deep": ' + "[" * 10_000 + "]" * 10_000 + "}"
    return text, text


@_pair()
def references_that_chase_each_other() -> Pair:
    text = contract(_ref("A"), {"A": _ref("B"), "B": _ref("A")})
    return text, text


@_pair()
def a_schema_that_holds_itself_in_place() -> Pair:
    text = contract(_ref("A"), {"A": {"allOf": [_ref("B")]}, "B": {"anyOf": [_ref("A"), {"type": "string"}]}})
    return text, text


@_pair()
def everything_refers_to_everything() -> Pair:
    def side(bound: int) -> str:
        names = range(40)
        members = {f"p{name}": _ref(f"S{name}") for name in names} | {"n": {"type": "integer", "maximum": bound}}
        return contract(_ref("S0"), {f"S{name}": {"type": "object", "properties": members} for name in names})

    return side(10), side(9)


@_pair()
def a_hundred_overlapping_branches() -> Pair:
    def side(more: int) -> str:
        branch = [
            {
                "type": "object",
                "properties": {f"p{n}": {"type": "integer", "minimum": n}, f"p{n + 1}": {"maxLength": n + more}},
                "minProperties": n % 3,
            }
            for n in range(100)
        ]
        return contract({"oneOf": branch})

    return side(1), side(2)


@_pair()
def a_hundred_tagged_branches() -> Pair:
    def side(last: int) -> str:
        branch = [
            {"type": "object", "required": ["t"], "properties": {"t": {"const": f"tag-{n}"}, "v": {"maximum": n}}}
            for n in range(last)
        ]
        return contract({"oneOf": branch})

    return side(100), side(99)


@_pair()
def a_hundred_thousand_values() -> Pair:
    values = [f"value-{n}" for n in range(100_000)]
    return contract({"enum": values}), contract({"enum": [*values[:50_000], *values[50_001:]]})


@_pair()
def doubling_all_of() -> Pair:
    def side(bound: int) -> str:
        schemas = {f"S{n}": {"allOf": [_ref(f"S{n + 1}"), _ref(f"S{n + 1}")]} for n in range(40)}
        return contract(_ref("S0"), schemas | {"S40": {"type": "integer", "maximum": bound}})

    return side(10), side(9)


@_pair()
def doubling_any_of() -> Pair:
    def side(bound: int) -> str:
        schemas = {
            f"S{n}": {"anyOf": [_ref(f"S{n + 1}"), {"type": "object", "properties": {"a": _ref(f"S{n + 1}")}}]}
            for n in range(40)
        }
        return contract(_ref("S0"), schemas | {"S40": {"type": "integer", "maximum": bound}})

    return side(10), side(9)


@_pair()
def a_product_of_choices() -> Pair:
    def side(more: int) -> str:
        choices = [
            {"anyOf": [{"required": [f"a{n}"]}, {"required": [f"b{n}"], "maxProperties": 60 + n + more}]}
            for n in range(30)
        ]
        return contract({"type": "object", "allOf": choices})

    return side(1), side(0)


@_pair()
def a_product_of_exclusive_choices() -> Pair:
    def side(more: int) -> str:
        parts = [
            {
                "oneOf": [
                    {"properties": {f"a{n}": {"minimum": more}}},
                    {"properties": {f"b{n}": {"type": "string"}}},
                ]
            }
            for n in range(20)
        ]
        return contract({"type": "object", "allOf": parts})

    return side(0), side(1)


@_pair()
def nested_negations() -> Pair:
    def side(bound: int) -> str:
        schema: Json = {"type": "object", "properties": {"n": {"maximum": bound}}}
        for n in range(15):
            schema = {"not": {"anyOf": [{"required": [f"x{n}"]}, {"not": schema}]}}
        return contract(schema)

    return side(1), side(0)


@_pair()
def a_long_chain_of_references() -> Pair:
    def side(bound: int) -> str:
        schemas = {f"S{n}": {"type": "object", "properties": {"a": _ref(f"S{n + 1}")}} for n in range(1_000)}
        return contract(_ref("S0"), schemas | {"S1000": {"type": "integer", "maximum": bound}})

    return side(10), side(9)


@_pair()
def a_long_chain_in_place() -> Pair:
    def side(bound: int) -> str:
        schemas = {f"S{n}": {"allOf": [_ref(f"S{n + 1}")]} for n in range(1_000)}
        return contract(_ref("S0"), schemas | {"S1000": {"type": "integer", "maximum": bound}})

    return side(10), side(9)


@_pair()
def a_megabyte_of_pattern() -> Pair:
    return contract({"type": "string", "pattern": "a" * 1_000_000}), contract({"pattern": "b" * 1_000_000})


@_pair()
def patterns_that_explode() -> Pair:
    # As an automaton without nondeterminism, the first has two states for each of forty places.
    return (
        contract({"type": "string", "pattern": "^(a|b)*a(a|b){40}$"}),
        contract({"type": "string", "pattern": "^(a|b)*b(a|b){41}$"}),
    )


@_pair()
def counted_repetitions() -> Pair:
    return (
        contract({"type": "string", "pattern": "^((a{1,900}){1,900}){1,900}$"}),
        contract({"type": "string", "pattern": "^((a{1,901}){1,901}){1,901}$"}),
    )


@_pair()
def huge_bounds_of_text() -> Pair:
    return contract({"type": "string", "minLength": 10**12}), contract({"type": "string", "minLength": 10**13})


@_pair()
def huge_bounds_of_arrays() -> Pair:
    return (
        contract({"type": "array", "minItems": 10**12, "uniqueItems": True}),
        contract({"type": "array", "minItems": 10**13, "uniqueItems": True}),
    )


@_pair()
def huge_bounds_of_objects() -> Pair:
    return (
        contract({"type": "object", "minProperties": 10**12}),
        contract({"type": "object", "minProperties": 10**13}),
    )


@_pair()
def huge_ranges() -> Pair:
    return (
        contract({"type": "integer", "minimum": 1, "maximum": 10**300, "multipleOf": 10**150 + 1}),
        contract({"type": "integer", "minimum": 1, "maximum": 10**300, "multipleOf": 10**150 + 3}),
    )


@_pair()
def tiny_steps() -> Pair:
    return (
        contract({"type": "number", "minimum": -1e300, "maximum": 1e300, "multipleOf": 1e-300}),
        contract({"type": "number", "minimum": -1e300, "maximum": 1e300, "multipleOf": 3e-300}),
    )


@_pair()
def huge_counts_in_contains() -> Pair:
    return (
        contract({"type": "array", "contains": {"type": "string"}, "minContains": 10**9}),
        contract({"type": "array", "contains": {"type": "string"}, "minContains": 10**9 + 1}),
    )


@_pair()
def many_required_names() -> Pair:
    names = [f"name-{n}" for n in range(20_000)]
    return contract({"type": "object", "required": names[:-1]}), contract({"type": "object", "required": names})


@_pair()
def many_overlapping_name_patterns() -> Pair:
    def side(bound: int) -> str:
        patterns = {f"^{chr(97 + n % 26)}|{chr(97 + n // 2)}$": {"maximum": n + bound} for n in range(24)}
        return contract({"type": "object", "patternProperties": patterns, "additionalProperties": False})

    return side(1), side(0)


@_pair()
def a_long_tuple() -> Pair:
    def side(kind: str) -> str:
        items = [{"type": "integer", "minimum": n} for n in range(2_000)]
        return contract({"type": "array", "prefixItems": [*items, {"type": kind}], "uniqueItems": True})

    return side("integer"), side("string")


@_pair()
def a_ring_of_recursion() -> Pair:
    def side(kind: str) -> str:
        made = json.loads(contract({"type": "string"}))
        for n in range(600):
            schema = {
                "type": "object",
                "properties": {"v": {"type": "integer"}, "next": _ref(f"S{(n + 1) % 600}")},
            }
            made["components"]["schemas"][f"S{n}"] = schema
            answer = {"description": "Done", "content": {"application/json": {"schema": _ref(f"S{n}")}}}
            made["paths"][f"/r{n}"] = {"get": {"responses": {"200": answer}}}
        made["components"]["schemas"]["S5"]["properties"]["v"]["type"] = kind
        return json.dumps(made)

    return side("integer"), side("number")


@_pair()
def a_thousand_demands_at_once() -> Pair:
    def side(last: int) -> str:
        parts = [{"properties": {f"p{n % 40}": {"not": {"const": n}}}} for n in range(last)]
        return contract({"type": "object", "allOf": parts})

    return side(999), side(1_000)
