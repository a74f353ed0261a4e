"""What is found out of a rule before any request holds of all of them: no value that matches the contract, however
large, leaves a rule that was taken without a word, and none that does not match gets one.

The values are generated from the schemas by a small generator of its own, with a seed.
"""

import random
from typing import Any

import jsonschema_rs
import pytest

from contracts.operations import HttpBackend, MediaType, Operation, RequestBody
from policies.object_rules.declared import MOST_ITEMS
from policies.object_rules.program import Rule, RuleError, check_types
from policies.object_rules.request import declared_values
from policies.object_rules.syntax import Call, Const, Ident, Loop, Select, all_of, tree_of
from tests.support.policy_world import NOW, version

TEXT = {"type": "string", "maxLength": 20}
LINE = {
    "type": "object",
    "required": ["sku", "quantity", "price", "gift"],
    "properties": {
        "sku": TEXT,
        "quantity": {"type": "integer", "minimum": -5, "maximum": 5},
        "price": {"type": "number", "minimum": 0, "maximum": 9},
        "gift": {"type": "boolean"},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "lines", "note", "tags", "kind"],
    "properties": {
        "id": TEXT,
        "note": {"type": ["string", "null"], "maxLength": 20},
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "maxItems": 12, "items": TEXT},
        "lines": {"type": "array", "maxItems": 80, "items": LINE},
        "loose": {"type": "array", "items": {"type": "integer"}},
    },
}
TOTAL_RULES = (
    "body.id == body.kind || body.id < 'm'",
    "body.note == null || body.note != 'x'",
    "body.lines.all(l, l.quantity < 4 || l.gift)",
    "body.lines.exists(l, l.price * 2.0 > 9.0)",
    "body.lines.exists_one(l, l.sku == body.id)",
    "body.lines.map(l, l.quantity).all(q, q >= -5)",
    "body.lines.filter(l, l.gift).size() >= 0",
    "body.lines.all(l, body.tags.all(t, t != l.sku || t == l.sku))",
    "size(body.tags) <= 12 && size(body.lines) <= 80",
    "body.kind in ['a', 'b'] && !('zz' in body.tags)",
    "body.id.startsWith('a') ? body.id.contains('b') : body.id.matches('^[^a]?.*$')",
    "!has(body.loose) || body.loose.all(n, n < 9223372036854775807)",
    "double(size(body.tags)) * 1.5 >= 0.0",
)


def operation_of(schema: Any) -> Operation:
    body = RequestBody(True, (MediaType("application/json", schema),))
    return Operation("a", "POST", "/a", "/a", HttpBackend("erp"), public=True, body=body)


def generated(schema: Any, dice: random.Random, full: bool) -> Any:
    """A value that matches; `full` is one with all that there may be."""
    if "enum" in schema:
        return dice.choice(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    match dice.choice(kinds):
        case "string":
            length = schema["maxLength"] if full else dice.randint(0, schema["maxLength"])
            return "".join(dice.choices("abxyz'\"\\{}é\u0000", k=length))
        case "integer":
            return dice.randint(schema.get("minimum", -(1 << 63)), schema.get("maximum", (1 << 63) - 1))
        case "number":
            return dice.choice([dice.randint(0, 9), dice.uniform(0, 9)])
        case "boolean":
            return dice.random() < 0.5
        case "array":
            most = schema.get("maxItems", MOST_ITEMS)
            return [generated(schema["items"], dice, full) for _ in range(most if full else dice.randint(0, most))]
        case "object":
            names = [
                name for name in schema["properties"] if full or name in schema["required"] or dice.random() < 0.5
            ]
            return {name: generated(schema["properties"][name], dice, full) for name in names}
        case _:
            return None


def compiled(text: str) -> Rule:
    declared = declared_values(version(), operation_of(SCHEMA), {})
    check_types(text, declared)
    return Rule(text, declared)


@pytest.mark.parametrize("text", TOTAL_RULES)
def test_a_rule_that_was_taken_has_a_word_for_whatever_matches_the_contract(text: str) -> None:
    dice = random.Random(text)
    rule = compiled(text)
    valid = jsonschema_rs.Draft202012Validator(SCHEMA).is_valid
    for number in range(40):
        body = generated(SCHEMA, dice, full=number < 3)
        assert valid(body)
        assert rule.admits({"body": body}, NOW) in (True, False)


@pytest.mark.parametrize("text", TOTAL_RULES)
def test_a_value_of_another_type_anywhere_that_it_reads_leaves_it_without_a_word(text: str) -> None:
    dice = random.Random(text)
    rule = compiled(text)
    read = {name for name in SCHEMA["properties"] if f"body.{name}" in text}
    tried = 0
    for _ in range(60):
        body = generated(SCHEMA, dice, full=True)
        name = dice.choice(sorted(read))
        body[name] = dice.choice([{"a": 1}, 1 << 70, float("1e300"), True])
        if jsonschema_rs.Draft202012Validator(SCHEMA).is_valid(body):
            continue
        tried += 1
        assert rule.admits({"body": body}, NOW) is None
    assert tried > 20


LARGEST = (
    "body.lines.all(l, {})",
    "body.lines.exists(l, {})",
    "body.lines.filter(l, {}).size() > 0",
    "body.lines.all(l, body.tags.all(t, {}))",
    "body.lines.map(l, l.sku + l.sku).all(s, {})",
)
INNER = ("true", "body.id != ''", "size(body.tags) > 0", "'a' in body.tags", "body.id.contains(body.id)")


@pytest.mark.parametrize("outer", LARGEST)
def test_rules_that_were_taken_stay_within_the_rounds_of_the_library(outer: str) -> None:
    taken = 0
    body = generated(SCHEMA, random.Random(1), full=True)
    for inner in INNER:
        try:
            rule = compiled(outer.format(inner))
        except RuleError:
            continue
        taken += 1
        assert rule.admits({"body": body}, NOW) is not None
    assert taken >= 3


def test_the_syntax_tree_is_the_one_that_was_written() -> None:
    rule = compiled(
        "body.lines.all(l, has(l.gift) && l.quantity < -2) && body.id == 'é' && 1.5 < double(2) && !false"
    )
    nodes = list(all_of(rule.tree.root))
    assert [node.variable for node in nodes if isinstance(node, Loop)] == ["l"]
    assert {node.field for node in nodes if isinstance(node, Select)} == {"lines", "gift", "quantity", "id"}
    assert [node.field for node in nodes if isinstance(node, Select) and node.tested] == ["gift"]
    assert {-2, "é", 1.5, 2} <= {node.value for node in nodes if isinstance(node, Const)}
    assert {"_<_", "_==_", "_&&_"} <= {node.function for node in nodes if isinstance(node, Call)}
    assert {"body", "l", "@result"} <= {node.name for node in nodes if isinstance(node, Ident)}
    assert rule.tree.positions[rule.tree.root.id] > 0


@pytest.mark.parametrize("data", [b"\x0b", b"\x0a\x05ab", b"\x12\x02\x22\x00", b"\xff"])
def test_what_is_no_syntax_tree_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        tree_of(data)
