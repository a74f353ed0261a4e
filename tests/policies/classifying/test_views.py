"""What is left of an answer's text, by the class of what is in it."""

import json
from typing import Any

import pytest

from contracts.openapi.classification import CLASSIFICATION, LEVELS
from policies.classifying.places import Places
from policies.classifying.views import MOST_DEPTH, Mask, UnreadableError, View, rewritten, take
from policies.validation.validators import Validators

URN = "urn:ostiary:orders:v1:response"
SECRET = {CLASSIFICATION: "restricted"}
INNER = {CLASSIFICATION: "internal"}


def reference(name: str) -> str:
    return f"{URN}#/components/schemas/{name}"


def seen(schema: Any, text: str, *, clearance: str = "public", unknown_goes: bool = False, **schemas: Any) -> str:
    """The text as it is written to a caller; `untouched` where nothing is ever taken out."""
    places = Places(Validators({URN: {"components": {"schemas": schemas}}}))
    view = View(LEVELS.index(clearance), lambda place: take, unknown_goes=unknown_goes)
    effect = view.effect(places.of([(schema, "")]))
    if effect is None:
        return "untouched"
    made, _ = rewritten(effect, text.encode())
    return "gone" if made is None else made.decode()


def members(**schemas: Any) -> dict[str, Any]:
    return {"type": "object", "properties": schemas}


CARD = members(number=SECRET, kind={})


@pytest.mark.parametrize(
    ("schema", "text", "left"),
    [
        (members(a={}, b={}), '{"a":1}', "untouched"),
        (members(a=SECRET, b={}), '{"a":1,"b":2}', '{"b":2}'),
        (members(a=SECRET), '{"b":2}', '{"b":2}'),
        (members(a=SECRET), "null", "null"),
        (SECRET, '{"b":2}', "gone"),
        (members(a=members(b=SECRET)), '{"a":{"b":1,"c":2},"d":{"b":1}}', '{"a":{"c":2},"d":{"b":1}}'),
        # Arrays.
        ({"type": "array", "items": CARD}, '[{"number":1},{"kind":2}]', '[{},{"kind":2}]'),
        ({"type": "array", "items": SECRET}, "[1,2]", "[]"),
        ({"type": "array", "contains": SECRET}, "[1,2]", "[]"),
        ({"type": "array", "prefixItems": [{}, SECRET], "items": {}}, "[1,2,3]", "[1,null,3]"),
        ({"type": "array", "prefixItems": [{}], "items": SECRET}, "[1,2,3]", "[1]"),
        ({"type": "array", "prefixItems": [{}], "unevaluatedItems": SECRET}, "[1,2,3]", "[1]"),
        ({"type": "array", "allOf": [{"prefixItems": [{}]}], "unevaluatedItems": SECRET}, "[1,2,3]", "[1]"),
        ({"type": "array", "prefixItems": [{}], "items": False}, "[1,2,3]", "[1]"),
        # Names that are not declared.
        ({"type": "object", "additionalProperties": SECRET, "properties": {"a": {}}}, '{"a":1,"b":2}', '{"a":1}'),
        ({"type": "object", "patternProperties": {"^s_": SECRET}}, '{"s_a":1,"a":2}', '{"a":2}'),
        (
            {"type": "object", "patternProperties": {"^s_": {}}, "additionalProperties": SECRET},
            '{"s_a":1,"a":2}',
            '{"s_a":1}',
        ),
        ({"type": "object", "properties": {"s_a": {}}, "patternProperties": {"^s_": SECRET}}, '{"s_a":1}', "{}"),
        (
            {"allOf": [members(a={})], "type": "object", "unevaluatedProperties": SECRET},
            '{"a":1,"b":2}',
            '{"a":1}',
        ),
        ({"anyOf": [members(a={})], "type": "object", "unevaluatedProperties": SECRET}, '{"a":1,"b":2}', "{}"),
        ({"propertyNames": SECRET, "type": "object"}, '{"a":1}', "gone"),
        # Closed objects.
        ({**members(a={}), "additionalProperties": False}, '{"a":1,"b":2}', '{"a":1}'),
        ({**members(a={}), "unevaluatedProperties": False}, '{"a":1,"b":2}', '{"a":1}'),
        ({"allOf": [{**members(a={}), "additionalProperties": False}, members(b={})]}, '{"b":1,"c":2}', '{"b":1}'),
        (
            {**members(a={}), "additionalProperties": False, "patternProperties": {"^x": {}}},
            '{"xa":1,"b":2}',
            '{"xa":1}',
        ),
        # Whatever may apply, applies.
        ({"allOf": [members(a={}), members(a=SECRET)]}, '{"a":1}', "{}"),
        ({"oneOf": [members(a={}), members(a=SECRET)]}, '{"a":1}', "{}"),
        ({"anyOf": [members(a=SECRET), members(b=SECRET)]}, '{"a":1,"b":2,"c":3}', '{"c":3}'),
        (
            {"if": members(a={}), "then": members(b=SECRET), "else": members(c=SECRET)},
            '{"b":1,"c":2,"d":3}',
            '{"d":3}',
        ),
        ({"if": members(a=SECRET), "then": {}}, '{"a":1,"b":2}', '{"b":2}'),
        ({"dependentSchemas": {"a": members(b=SECRET)}}, '{"b":1}', "{}"),
        ({"not": members(a=SECRET)}, '{"a":1}', "untouched"),
        ({"type": ["array", "object"], "items": SECRET, "properties": {"a": SECRET}}, '{"a":1}', "{}"),
        # References.
        ({"$ref": reference("Card")}, '{"number":1,"kind":2}', '{"kind":2}'),
        ({"$ref": reference("Card"), **SECRET}, '{"number":1,"kind":2}', "gone"),
        (members(a={"$ref": reference("Card"), **SECRET}, b={"$ref": reference("Card")}), '{"a":1}', "{}"),
        (
            {"$ref": reference("Tree")},
            '{"value":1,"children":[{"value":2,"children":[{"value":3,"name":"x"}]}]}',
            '{"children":[{"children":[{"name":"x"}]}]}',
        ),
        # A kind of value that the contract does not speak of, where something is taken out.
        (CARD, '"4111"', "gone"),
        (CARD, '[{"number":4111}]', "gone"),
        (members(card=CARD, a={}), '{"card":[{"number":1}],"a":1}', '{"a":1}'),
        ({"type": "array", "items": CARD}, '[{"number":1},[{"number":2}],"3",null]', "[{},null]"),
        ({"type": "array", "items": CARD}, '{"number":1}', "gone"),
    ],
)
def test_what_is_left(schema: Any, text: str, left: str) -> None:
    tree = members(value=SECRET, children={"type": "array", "items": {"$ref": reference("Tree")}})
    assert seen(schema, text, Card=CARD, Tree=tree) == left


@pytest.mark.parametrize(
    ("clearance", "left"),
    [
        ("public", '{"p":1,"n":5}'),
        ("internal", '{"p":1,"i":2,"n":5}'),
        ("confidential", '{"p":1,"i":2,"c":3,"n":5}'),
    ],
)
def test_a_clearance_opens_a_class_and_those_below_it(clearance: str, left: str) -> None:
    marked = {level[0]: {CLASSIFICATION: level} for level in LEVELS}
    assert seen(members(**marked, n={}), '{"p":1,"i":2,"c":3,"r":4,"n":5}', clearance=clearance) == left


def test_a_protected_value_opens_nothing_that_is_in_it() -> None:
    inner = {**members(a={CLASSIFICATION: "public"}), **SECRET}
    assert seen(members(o=inner), '{"o":{"a":1}}', clearance="confidential") == "{}"


def test_names_that_nothing_is_said_of_go_everywhere_where_that_is_asked_for() -> None:
    schema = members(a={}, b=members(c={}), d={}, e={"type": "array", "items": members(f={})})
    text = '{"a":1,"x":2,"b":{"c":3,"x":4},"d":{"x":5},"e":[{"f":6,"x":7}]}'
    assert seen(schema, text, unknown_goes=True) == '{"a":1,"b":{"c":3},"d":{},"e":[{"f":6}]}'
    assert seen(schema, text) == "untouched"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"n":1.10,"s":0}', '{"n":1.10}'),
        ('{"n":12345678901234567890123456789.000}', '{"n":12345678901234567890123456789.000}'),
        ('{"n":1e400,"z":-0.0}', '{"n":1e400,"z":-0.0}'),
        ('{"z":1,"s":2,"a":3,"m":4}', '{"z":1,"a":3,"m":4}'),
        ('{"n":"\\u00e9\\ud83d\\ude00"}', '{"n":"\\u00e9\\ud83d\\ude00"}'),
        ('{"n":{ "x" : [ 1 , 2 ] } }', '{"n":{ "x" : [ 1 , 2 ] }}'),
        (' \n{"s":1}\t', "{}"),
        ('{"\\u0073":1,"n":2}', '{"n":2}'),  # an escaped `s`
        ('{"s":1,"n":2,"s":3}', '{"n":2}'),
        ('{"o":{"s":1},"o":{"n":2}}', '{"o":{"n":2}}'),
        ('{"o":{"n":2},"o":{"s":1}}', '{"o":{}}'),
        ('{"n":1,"n":2}', '{"n":2}'),
    ],
)
def test_what_is_left_is_as_it_was_written(text: str, left: str) -> None:
    assert seen(members(s=SECRET, n={}, o=members(s=SECRET)), text) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "{",
        '{"s":1}x',
        '{"n":1,}',
        '{"n":tru}',
        '{"n":01}',
        '{"n":"\\ud800"}',
        '{"o":{"s":1}',
        "\ufeff{}",
        '{"n":[1,2}',
        "{'s':1}",
    ],
)
def test_what_is_no_json_is_not_read(text: str) -> None:
    with pytest.raises(UnreadableError):
        seen(members(s=SECRET, o=members(s=SECRET)), text)


def test_names_that_are_no_utf_8_are_not_read() -> None:
    effect = View(0, lambda place: take, unknown_goes=False).effect(Places(Validators({})).of([(CARD, "")]))
    assert effect is not None
    with pytest.raises(UnreadableError):
        rewritten(effect, b'{"\xff":1}')


@pytest.mark.parametrize(("depth", "readable"), [(MOST_DEPTH // 2, True), (MOST_DEPTH, False), (50_000, False)])
def test_what_is_nested_too_deep_is_not_read(depth: int, readable: bool) -> None:
    tree = members(value=SECRET, children={"type": "array", "items": {"$ref": reference("Tree")}})
    text = '{"children":[' * depth + '{"value":1}' + "]}" * depth
    if readable:
        assert "value" not in seen({"$ref": reference("Tree")}, text, Tree=tree)
    else:
        with pytest.raises(UnreadableError):
            seen({"$ref": reference("Tree")}, text, Tree=tree)


def test_what_was_taken_or_masked_is_counted() -> None:
    schema = members(a=SECRET, b={"type": "array", "items": INNER}, c={})
    places = Places(Validators({}))
    view = View(0, lambda place: Mask("***") if place.level == 1 else take, unknown_goes=False)
    effect = view.effect(places.of([(schema, "")]))
    assert effect is not None
    assert rewritten(effect, b'{"a":1,"b":[2,3],"c":4}') == (b'{"b":["***","***"],"c":4}', 3)
    assert rewritten(effect, b'{ "c": 4 }') == (b'{"c":4}', 0)


def test_schemas_that_lead_back_to_each_other_are_bound_once() -> None:
    schemas: dict[str, Any] = {
        name: members(**{other: {"$ref": reference(other)} for other in "ABCDEFGH"}, value=SECRET)
        for name in "ABCDEFGH"
    }
    text = json.dumps({"A": {"B": {"C": {"A": {"value": 1, "x": 2}}}}})
    assert seen({"$ref": reference("A")}, text, **schemas) == '{"A":{"B":{"C":{"A":{"x":2}}}}}'
