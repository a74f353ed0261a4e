"""What counts as a difference between two answers, and how it is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.operations import MediaType, Response
from contracts.packed import at_once
from policies.shadows.answers import Comparison, Side
from policies.shadows.compare import Rules
from policies.validation.validators import validators_of
from tests.support.policy_world import operation, version

LINE = {
    "type": "object",
    "properties": {"sku": {"type": "string"}, "amount": {"type": "number"}, "note": {"type": ["string", "null"]}},
}
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "uid": {"type": "string", "format": "uuid"},
        "placed": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "tags": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        "moments": {"type": "array", "uniqueItems": True, "items": {"type": "string", "format": "date-time"}},
        "lines": {"type": "array", "items": LINE},
        "parent": {"$ref": "#/$defs/Order"},
    },
    "additionalProperties": {"type": "integer"},
}
DOCUMENTS = {"urn:test": {"$defs": {"Order": ORDER}}}
SCHEMA = {"allOf": [{"$ref": "urn:test#/$defs/Order"}]}


def comparison(rules: Rules = Rules(), schema: Any = SCHEMA, media_type: str = "application/json") -> Comparison:  # noqa: B008
    responses = (Response("2XX", (MediaType(media_type, schema),)),)
    made = operation(responses=responses)
    return Comparison(made, validators_of(version(made, documents=DOCUMENTS)), rules)


def sides(one: Any, other: Any, status: int = 200) -> tuple[Side, Side]:
    one, other = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in (one, other))
    return Side(status, "application/json", one), Side(status, "application/json", other)


def found(one: Any, other: Any, **rules: Any) -> set[tuple[str, str]]:
    got = at_once(comparison(Rules(**rules)).steps(*sides(one, other)))
    assert got is not None
    return set(got)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": 1}, b'{"id":1.0}'),
        ({"id": 1}, b'{ "id" : 1e0 }'),
        ({"id": 1, "uid": "A"}, b'{"uid":"a","id":1}'),
        ({"placed": "2026-05-01T10:00:00Z"}, {"placed": "2026-05-01T12:00:00.000+02:00"}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}),
        ({"moments": ["2026-05-01T10:00:00Z", "x"]}, {"moments": ["x", "2026-05-01T11:00:00+01:00"]}),
        ({"parent": {"parent": {"uid": "X"}}}, {"parent": {"parent": {"uid": "x"}}}),
        ({"lines": [{"amount": 1}, {"amount": 2.0}]}, {"lines": [{"amount": 1.0}, {"amount": 2}]}),
    ],
)
def test_what_the_contract_makes_no_difference_of_is_none(one: Any, other: Any) -> None:
    assert found(one, other) == set()


@pytest.mark.parametrize(
    ("one", "other", "differences"),
    [
        ({"id": 1}, {"id": 2}, {("value", "/id")}),
        ({"id": 1}, {"id": "1"}, {("type", "/id")}),
        ({"id": 1}, {"id": True}, {("type", "/id")}),
        ({"id": 1}, {"id": None}, {("type", "/id")}),
        ({"id": 1}, {}, {("missing", "/id")}),
        ({}, {"id": 1}, {("added", "/id")}),
        ({"day": "2026-05-01"}, {"day": "2026-05-01T00:00:00Z"}, {("value", "/day")}),
        ({"placed": "2026-05-01T10:00:00Z"}, {"placed": "2026-05-01T10:00:00"}, {("value", "/placed")}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, {("missing", "/tags/*"), ("added", "/tags/*")}),
        ({"lines": [{"sku": "a"}, {"sku": "b"}]}, {"lines": [{"sku": "b"}, {"sku": "a"}]}, {("order", "/lines")}),
        ({"lines": [{"sku": "a"}]}, {"lines": [{"sku": "b"}]}, {("value", "/lines/*/sku")}),
        ({"lines": [{"sku": "a"}]}, {"lines": [{"sku": "a"}, {}]}, {("length", "/lines")}),
        ({"lines": [{"sku": "a"}]}, {"lines": [{}, {}]}, {("length", "/lines"), ("missing", "/lines/*/sku")}),
        ({"lines": {}}, {"lines": []}, {("type", "/lines")}),
        ([1], {"a": 1}, {("type", "")}),
        ({"parent": {"id": 1}}, {"parent": {"id": 2}}, {("value", "/parent/id")}),
    ],
)
def test_what_differs_is_told_by_kind_and_place(one: Any, other: Any, differences: set[tuple[str, str]]) -> None:
    assert found(one, other) == differences


def test_a_name_that_the_contract_does_not_have_is_not_told() -> None:
    assert found({"jane@example.com": 1}, {"jane@example.com": 2}) == {("value", "/*")}
    assert found({}, {"jane@example.com": 2}) == {("undeclared", "/*")}
    assert found({"lines": [{"x": {"y": 1}}]}, {"lines": [{"x": {"y": 2}}]}) == {("value", "/lines/*/*/*")}
    got = at_once(comparison(schema=None).steps(*sides({"a": {"b": 1}}, {"a": {"b": 2}})))
    assert got == {("value", "/*/*")}


def test_a_name_is_escaped_as_pointers_have_it() -> None:
    schema = {"properties": {"a/b~c": {"type": "integer"}}}
    got = at_once(comparison(schema=schema).steps(*sides({"a/b~c": 1}, {"a/b~c": 2})))
    assert got == {("value", "/a~1b~0c")}
    rules = Rules(ignore=frozenset({"/a~1b~0c"}))
    assert at_once(comparison(rules, schema).steps(*sides({"a/b~c": 1}, {"a/b~c": 2}))) == set()


def test_what_is_ignored_is_not_looked_at_wherever_it_is() -> None:
    one = {"id": 1, "extra": 1, "lines": [{"sku": "a", "note": "x"}, {"sku": "b"}], "tags": ["a"]}
    other = {"id": 2, "extra": "1", "lines": [{"sku": "a"}, {"sku": "b", "note": "y"}], "tags": ["b"]}
    ignore = frozenset({"/id", "/extra", "/lines/*/note", "/tags/*"})
    assert found(one, other, ignore=ignore) == set()
    assert found(one, other, ignore=ignore - {"/lines/*/note"}) == {
        ("missing", "/lines/*/note"),
        ("added", "/lines/*/note"),
    }
    assert found({"parent": {"id": 1}}, {"parent": 3}, ignore=frozenset({"/parent"})) == set()


def test_items_correspond_by_their_key() -> None:
    one = {"lines": [{"sku": "a", "amount": 1}, {"sku": "b", "amount": 2}, {"sku": "c"}]}
    other = {"lines": [{"sku": "d"}, {"sku": "b", "amount": 3}, {"sku": "a", "amount": 1}]}
    assert found(one, other, keys={"/lines": "sku"}) == {
        ("value", "/lines/*/amount"),
        ("missing", "/lines/*"),
        ("added", "/lines/*"),
    }


def test_items_without_their_key_correspond_by_place() -> None:
    one, other = {"lines": [{"sku": "a"}, {}]}, {"lines": [{"sku": "b"}, {}]}
    assert found(one, other, keys={"/lines": "sku"}) == {("value", "/lines/*/sku")}
    twice = {"lines": [{"sku": "a", "amount": 1}, {"sku": "a", "amount": 2}]}
    assert found(twice, twice, keys={"/lines": "sku"}) == set()


def test_an_array_may_be_said_to_have_no_order() -> None:
    one, other = {"lines": [{"sku": "a"}, {"sku": "b"}]}, {"lines": [{"sku": "b"}, {"sku": "a"}]}
    assert found(one, other, unordered=frozenset({"/lines"})) == set()


@pytest.mark.parametrize(
    ("one", "other", "differences"),
    [
        (Side(200), Side(404), {("status", "200 404")}),
        (Side(404, problem="record-not-found"), Side(404), {("problem", "record-not-found (none)")}),
        (Side(404, problem="record-not-found"), Side(404, problem="record-not-found"), set()),
        (Side(200, "text/html"), Side(200, "application/json"), {("media-type", "text/html application/json")}),
        (Side(204), Side(204), set()),
        (Side(200, "text/html", b"a"), Side(200, "text/html", b"a"), set()),
        (Side(200, "text/html", b"a"), Side(200, "text/html", b"b"), None),
        (Side(200, "application/json", None), Side(200, "application/json", b"1"), None),
        (Side(200, "application/json", b"1"), Side(200, "application/json", b"{"), {("not-json", "")}),
        (Side(200, "application/json", b"{"), Side(200, "application/json", b"1"), None),
    ],
)
def test_heads_are_compared_first(one: Side, other: Side, differences: Any) -> None:
    assert at_once(comparison().steps(one, other)) == differences


def test_the_schema_is_that_of_the_status_and_media_type() -> None:
    one, other = ({"placed": f"2026-05-01T1{hour}:00:00+0{hour}:00"} for hour in (1, 2))
    assert at_once(comparison().steps(*sides(one, other, 201))) == set()
    assert at_once(comparison().steps(*sides(one, other, 404))) == {("value", "/*")}
    assert at_once(comparison(media_type="application/*").steps(*sides(one, other))) == set()
    assert at_once(comparison(media_type="text/plain").steps(*sides(one, other))) == {("value", "/*")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", "2026-05-01T10:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "placed", "tags", "lines", "zz"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_equal_bodies_never_differ_and_others_always_do(one: Any, other: Any) -> None:
    rules = Rules(unordered=frozenset({"/lines"}), keys={"/lines/*/lines": "id"})
    assert at_once(comparison(rules, None).steps(*sides(one, one))) == set()
    got = at_once(comparison(Rules(), None).steps(*sides(one, other)))
    assert got is not None
    assert bool(got) is (json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))


@given(JSON, JSON)
def test_no_value_and_no_undeclared_name_is_told(one: Any, other: Any) -> None:
    got = at_once(comparison().steps(*sides({"zz": one}, {"zz": other})))
    assert got is not None
    words = {word for _, where in got for word in where.split("/")}
    assert words <= {"", "*"}
