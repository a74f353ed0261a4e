"""What can be seen of requests: only what the contract names, to a depth and a number."""

from typing import Any

import pytest

from contracts.operations import HttpBackend, JsonSchema, MediaType, Operation, Parameter, RequestBody, Response
from contracts.usage.fields import MAX_DEPTH, MAX_PLACES, Observable


def operation(*media: MediaType, parameters: tuple[Parameter, ...] = ()) -> Operation:
    body = RequestBody(True, media) if media else None
    backend = HttpBackend("shop")
    responses = (Response("200"), Response("4XX"), Response("default"))
    return Operation(
        "place", "POST", "/orders", "/x", backend, parameters=parameters, body=body, responses=responses
    )


def names(schema: JsonSchema, documents: dict[str, dict[str, Any]] | None = None) -> set[str]:
    """Places as `pointer`, values as `pointer=value`."""
    made = operation(MediaType("application/json", schema))
    terms = Observable(made, documents or {}).terms()
    return {f"{term.name}={term.value}" if term.value else term.name for term in terms if term.kind == "body"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, {""}),
        ({"type": "string"}, {""}),
        ({"type": "object"}, {"", "/*"}),
        ({"properties": {"a": {}, "b/c~": {}}}, {"", "/a", "/b~1c~0", "/*"}),
        ({"type": "array", "items": {"properties": {"a": {}}}}, {"", "/*", "/*/a", "/*/*"}),
        ({"prefixItems": [{"const": 1}], "items": {"const": 2}}, {"", "/*", "/*=1", "/*=2"}),
        ({"additionalProperties": {"enum": ["a"]}}, {"", "/*", '/*="a"'}),
        ({"patternProperties": {"^x": {"properties": {"a": {}}}}}, {"", "/*", "/*/a", "/*/*"}),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"", "/a", "/b", "/*"}),
        (
            {"oneOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 2}}}]},
            {"", "/a", "/a=1", "/a=2", "/*"},
        ),
        ({"if": {"properties": {"a": {}}}, "then": {"properties": {"b": {}}}}, {"", "/a", "/b", "/*"}),
        ({"dependentSchemas": {"x": {"properties": {"a": {}}}}}, {"", "/a", "/*"}),
        ({"enum": ["a", 1, 1.0, True, None, {"b": 1}, ["c"]]}, {"", '="a"', "=1", "=true", "=null"}),
        ({"enum": ["x" * 300, "é"]}, {"", '="é"'}),
        ({"properties": {"n" * 600: {}}}, {"", "/*"}),
    ],
)
def test_places_follow_from_schemas(schema: JsonSchema, expected: set[str]) -> None:
    assert names(schema) == expected


def test_references_are_followed_from_document_to_document() -> None:
    documents = {
        "urn:a": {
            "components": {
                "schemas": {
                    "Order": {"properties": {"line": {"$ref": "#/components/schemas/Line"}}},
                    "Line": {"properties": {"sku": {"$ref": "urn:b#/defs/a~1b/0"}}},
                }
            }
        },
        "urn:b": {"defs": {"a/b": [{"const": "x"}]}},
    }
    found = names({"$ref": "urn:a#/components/schemas/Order"}, documents)
    assert found == {"", "/line", "/line/sku", '/line/sku="x"', "/line/*", "/*"}
    assert names({"$ref": "urn:gone#/x"}, documents) == {""}


def test_a_schema_that_holds_itself_ends() -> None:
    documents = {"urn:a": {"n": {"properties": {"next": {"$ref": "#/n"}, "also": {"allOf": [{"$ref": "#/n"}]}}}}}
    found = names({"$ref": "urn:a#/n"}, documents)
    assert len(found) == MAX_PLACES
    one = names({"$ref": "urn:a#/n"}, {"urn:a": {"n": {"properties": {"next": {"$ref": "#/n"}}}}})
    assert max(name.count("/") for name in one) == MAX_DEPTH


def test_of_too_many_those_nearest_to_the_root_stay() -> None:
    wide = {f"p{number}": {"properties": {"deep": {}}} for number in range(MAX_PLACES - 5)}
    found = names({"properties": wide})
    assert len(found) == MAX_PLACES
    assert {name for name in found if name.count("/") == 1} >= {f"/{name}" for name in wide}


def test_parameters_have_places_too() -> None:
    schema = {"type": "array", "items": {"enum": ["open"]}}
    made = operation(
        parameters=(
            Parameter("status", "query", "form", True, schema),
            Parameter("X-Trace", "header", "simple", False, {"type": "string"}),
            Parameter("a/b", "cookie", "form", True, {"type": "string"}),
            Parameter("id", "path", "simple", False, {"enum": [1]}, required=True),
        )
    )
    found = {(term.kind, term.name, term.value) for term in Observable(made, {}).terms()}
    assert found == {
        ("query", "status", ""),
        ("query", "status/*", ""),
        ("query", "status/*", '"open"'),
        ("header", "x-trace", ""),
        ("cookie", "a~1b", ""),
    }


def test_of_media_types_only_json_is_looked_into() -> None:
    made = operation(
        MediaType("application/xml", {"properties": {"xml": {}}}),
        MediaType("application/merge-patch+json; charset=utf-8", {"properties": {"patch": {}}}),
        MediaType("application/json", {"properties": {"json": {}}}),
    )
    assert {term.name for term in Observable(made, {}).terms()} == {"", "/patch", "/json", "/*"}
    assert Observable(operation(), {}).body is None


def test_statuses_are_the_codes_that_the_contract_has() -> None:
    assert Observable(operation(), {}).statuses == {200}
