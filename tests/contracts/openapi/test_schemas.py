import json

import jsonschema_rs
import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from contracts.openapi.patterns import REGEX_ENGINE
from contracts.operations import ApiVersion
from tests.contracts.contract_helpers import compile_text, compiled, rules_of

REQUEST = "urn:ostiary:orders:v1:request"
RESPONSE = "urn:ostiary:orders:v1:response"


def contract(schema, *, version="3.1.0", schemas=None, files=None) -> ApiVersion:
    """A contract whose one operation takes and gives bodies of one schema."""
    body = {"content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": version,
        "info": {"title": "x", "version": "1"},
        "security": [],
        "paths": {
            "/a": {
                "post": {
                    "operationId": "a",
                    "requestBody": body,
                    "responses": {"200": {"description": "OK", **body}},
                }
            }
        },
        "components": {"schemas": schemas or {}},
    }
    return compiled(json.dumps(document), files=files)


def request_schema(version):
    return version.operations[0].body.content[0].schema


def response_schema(version):
    return version.operations[0].responses[0].content[0].schema


def accepts(version, instance, direction="request"):
    schema = request_schema(version) if direction == "request" else response_schema(version)
    validator = jsonschema_rs.Draft202012Validator(
        schema,
        registry=jsonschema_rs.Registry(list(version.documents.items())),
        pattern_options=REGEX_ENGINE,
        validate_formats=True,
        offline=True,
    )
    return validator.is_valid(instance)


LEGACY = [
    # OAS 3.0 schema, instances that it admits, instances that it does not
    ({"type": "string"}, ["a"], [None, 1]),
    ({"type": "string", "nullable": True}, ["a", None], [1]),
    ({"type": "string", "nullable": False}, ["a"], [None]),
    ({"type": "object", "nullable": True, "required": ["a"]}, [{"a": 1}, None], [{}, []]),
    ({"type": "string", "nullable": True, "enum": ["a", None]}, ["a", None], ["b"]),
    ({"type": "string", "nullable": True, "minLength": 2}, ["ab", None], ["a"]),
    ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, [1.1, 2], [1, 0]),
    ({"type": "number", "minimum": 1, "exclusiveMinimum": False}, [1, 2], [0]),
    ({"type": "number", "maximum": 5, "exclusiveMaximum": True}, [4.9], [5, 6]),
    ({"type": "number", "minimum": 0, "maximum": 5, "exclusiveMaximum": False}, [0, 5], [-1, 6]),
    ({"type": "integer", "format": "int32"}, [0, 2**31 - 1, -(2**31)], [2**31, -(2**31) - 1]),
    ({"type": "integer", "format": "int32", "minimum": 5}, [5], [4, 2**31]),
    ({"type": "integer", "format": "int32", "maximum": 2**40}, [7], [2**31]),
    ({"type": "integer", "format": "int64"}, [2**63 - 1], [2**63]),
    ({"type": "string", "format": "byte"}, ["YQ==", "YWE=", "YWFh", ""], ["a", "Y===", "YQ"]),
    ({"type": "string", "format": "date"}, ["2026-02-28"], ["2026-02-30", "x"]),
    ({"type": "string", "format": "date-time"}, ["2026-02-28T10:00:00Z"], ["2026-02-28"]),
    ({"type": "string", "format": "of-our-own"}, ["anything"], [1]),
    ({"type": "array", "items": {"type": "integer", "nullable": True}}, [[1, None], []], [["a"], {}]),
    ({"$ref": "#/components/schemas/S", "nullable": True, "minLength": 9}, ["a"], [None, 1, ""]),
    ({"allOf": [{"$ref": "#/components/schemas/S"}, {"maxLength": 2}]}, ["a"], ["abc", ""]),
    ({"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "integer"}]}, ["a", 1], [None, 1.5]),
    ({"not": {"type": "string"}}, [1], ["a"]),
    (
        {"type": "object", "additionalProperties": False, "properties": {"a": {"$ref": "#/components/schemas/S"}}},
        [{}, {"a": "x"}],
        [{"b": 1}, {"a": None}],
    ),
    (
        {"type": "object", "additionalProperties": {"type": "integer", "nullable": True}},
        [{"a": None}],
        [{"a": ""}],
    ),
    (
        {"type": "object", "example": {"type": "integer"}, "properties": {"example": {"type": "string"}}},
        [{}],
        [{"example": 1}],
    ),
    (
        {"type": "object", "properties": {"nullable": {"type": "boolean"}}},
        [{"nullable": True}],
        [{"nullable": None}],
    ),
]
# The validator of openapi-schema-validator reads these differently from OAS 3.0.
NOT_ASKED = {
    "byte",  # decodes leniently: `Y===` passes
    "S",  # would need the components
}


@pytest.mark.parametrize(("schema", "good", "bad"), LEGACY, ids=[json.dumps(row[0])[:70] for row in LEGACY])
def test_a_legacy_schema_admits_what_it_admitted(schema, good, bad):
    version = contract(schema, version="3.0.3", schemas={"S": {"type": "string", "minLength": 1}})
    assert [i for i in good if not accepts(version, i)] == []
    assert [i for i in bad if accepts(version, i)] == []
    if "#/components" not in json.dumps(schema) and schema.get("format") not in NOT_ASKED:
        oracle = OAS30Validator(schema, format_checker=oas30_format_checker)
        assert [i for i in good if not oracle.is_valid(i)] == []
        assert [i for i in bad if oracle.is_valid(i)] == []


def test_null_must_be_listed_where_an_enumeration_is():
    # OAS 3.0.3, Schema Object, and the proposal that clarified `nullable`: it widens the type, not the enum.
    version = contract({"type": "string", "nullable": True, "enum": ["a"]}, version="3.0.3")
    assert accepts(version, "a")
    assert not accepts(version, None)


def test_a_modern_schema_stays_as_it_is():
    schema = {
        "type": ["object", "null"],
        "properties": {"a": {"type": "array", "prefixItems": [{"const": 1}], "items": False}},
        "patternProperties": {"^x": {"exclusiveMinimum": 3}},
        "dependentRequired": {"a": ["b"]},
        "dependentSchemas": {"b": {"minProperties": 2}},
        "if": {"required": ["c"]},
        "then": {"maxProperties": 4},
        "else": True,
        "propertyNames": {"maxLength": 10},
        "unevaluatedProperties": False,
        "allOf": [{"contains": {"type": "string"}, "minContains": 0}],
    }
    assert request_schema(contract(schema)) == schema


def test_annotations_are_left_out_but_those_that_policies_act_on():
    schema = {
        "title": "T",
        "description": "D",
        "type": "string",
        "default": "a",
        "example": "a",
        "examples": ["a"],
        "deprecated": True,
        "xml": {"name": "x"},
        "externalDocs": {"url": "https://docs.example"},
        "discriminator": {"propertyName": "kind"},
        "contentMediaType": "text/plain",
        "$comment": "no",
        "x-internal": 1,
        "enum": ["a", "b"],
        "readOnly": False,
    }
    enforced = {"type": "string", "enum": ["a", "b"], "default": "a", "readOnly": False}
    assert request_schema(contract(schema)) == enforced


def test_a_reference_keeps_what_stands_beside_it_in_3_1_and_not_in_3_0():
    schemas = {"S": {"type": "string"}}
    schema = {"$ref": "#/components/schemas/S", "maxLength": 2}
    modern, legacy = contract(schema, schemas=schemas), contract(schema, version="3.0.3", schemas=schemas)
    assert request_schema(modern) == {"$ref": f"{REQUEST}#/components/schemas/S", "maxLength": 2}
    assert request_schema(legacy) == {"$ref": f"{REQUEST}#/components/schemas/S"}
    assert not accepts(modern, "abc")
    assert accepts(legacy, "abc")


ORDER = {
    "type": "object",
    "required": ["id", "secret", "name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "secret": {"type": "string", "writeOnly": True},
        "name": {"type": "string"},
    },
}


def test_read_only_is_not_required_in_requests_but_validated_if_sent():
    version = contract({"$ref": "#/components/schemas/Order"}, schemas={"Order": ORDER})
    assert accepts(version, {"secret": "s", "name": "n"})
    assert accepts(version, {"id": 1, "secret": "s", "name": "n"})
    assert not accepts(version, {"id": "one", "secret": "s", "name": "n"})
    assert not accepts(version, {"id": 1, "name": "n"})


def test_write_only_is_not_required_in_responses():
    version = contract({"$ref": "#/components/schemas/Order"}, schemas={"Order": ORDER})
    assert accepts(version, {"id": 1, "name": "n"}, "response")
    assert not accepts(version, {"secret": "s", "name": "n"}, "response")


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_read_only_is_seen_through_references_and_branches(openapi):
    schemas = {
        "Id": {"type": "integer", "readOnly": True},
        "Base": {"type": "object", "properties": {"id": {"$ref": "#/components/schemas/Id"}}},
        "Whole": {
            "allOf": [
                {"$ref": "#/components/schemas/Base"},
                {"type": "object", "required": ["id", "created"], "properties": {"name": {"type": "string"}}},
            ],
            "properties": {"created": {"allOf": [{"type": "string"}, {"readOnly": True}]}},
        },
    }
    version = contract({"$ref": "#/components/schemas/Whole"}, version=openapi, schemas=schemas)
    assert accepts(version, {"name": "x"})
    assert not accepts(version, {"name": "x"}, "response")
    assert accepts(version, {"id": 1, "created": "now"}, "response")


def test_read_only_is_seen_in_what_follows_from_a_condition():
    schema = {
        "properties": {"id": {"readOnly": True}, "kind": {"type": "string"}, "name": {"type": "string"}},
        "if": {"required": ["kind"]},
        "then": {"required": ["id", "name"]},
    }
    version = contract(schema)
    assert accepts(version, {"kind": "a", "name": "b"})
    assert not accepts(version, {"kind": "a"})
    assert not accepts(version, {"kind": "a", "name": "b"}, "response")


def test_beside_a_reference_read_only_counts_in_3_1_alone():
    def schemas():
        return {
            "I": {"type": "integer"},
            "O": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"$ref": "#/components/schemas/I", "readOnly": True}},
            },
        }

    reference = {"$ref": "#/components/schemas/O"}
    assert accepts(contract(reference, schemas=schemas()), {})
    assert not accepts(contract(reference, version="3.0.3", schemas=schemas()), {})


def test_only_schemas_that_are_reached_are_bundled():
    schemas = {
        "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"items": {"$ref": "#/components/schemas/A"}},
        "Unused": {"type": "string"},
    }
    version = contract({"$ref": "#/components/schemas/A"}, schemas=schemas)
    assert version.documents == {
        uri: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": uri,
            "components": {
                "schemas": {
                    "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
                    "B": {"items": {"$ref": "#/components/schemas/A"}},
                }
            },
        }
        for uri in (REQUEST, RESPONSE)
    }


def test_schemas_of_other_files_get_names_of_their_own():
    files = {
        "common/money.yaml": """
components:
  schemas:
    Money:
      type: object
      properties: {currency: {$ref: "#/components/schemas/Currency"}, next: {$ref: "more.yaml"}}
    Currency: {type: string, pattern: "^[A-Z]{3}$"}
""",
        "common/more.yaml": "{type: array, items: {$ref: 'money.yaml#/components/schemas/Money'}}",
        "other/money.yaml": "{components: {schemas: {Money: {type: string}}}}",
    }
    schemas = {
        "Money": {"type": "integer"},
        "Odd name": {"type": "boolean"},
    }
    schema = {
        "properties": {
            "own": {"$ref": "#/components/schemas/Money"},
            "theirs": {"$ref": "../../common/money.yaml#/components/schemas/Money"},
            "others": {"$ref": "../../other/money.yaml#/components/schemas/Money"},
            "deep": {"$ref": "../../common/money.yaml#/components/schemas/Money/properties/currency"},
        }
    }
    version = contract(schema, schemas={"Money": schemas["Money"]}, files=files)
    members = version.documents[REQUEST]["components"]["schemas"]
    assert members == {
        "Money": {"type": "integer"},
        "money.Money": {
            "type": "object",
            "properties": {
                "currency": {"$ref": "#/components/schemas/Currency"},
                "next": {"$ref": "#/components/schemas/more"},
            },
        },
        "money.Money-2": {"type": "string"},
        "Currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "more": {"type": "array", "items": {"$ref": "#/components/schemas/money.Money"}},
        "Money.currency": {"$ref": "#/components/schemas/Currency"},
    }
    assert accepts(version, {"own": 1, "theirs": {"currency": "EUR", "next": [{}]}, "others": "x", "deep": "EUR"})
    assert not accepts(version, {"theirs": {"next": [{"currency": "eur"}]}})
    assert not accepts(version, {"deep": "eur"})


def test_the_same_text_names_its_schemas_alike_every_time():
    schema = {"properties": {"a": {"$ref": "#/components/schemas/A"}}}
    schemas = {
        "A": {"properties": {"x": {"$ref": "#/components/schemas/A/properties/y"}, "y": {"type": "string"}}}
    }
    first, second = contract(schema, schemas=schemas), contract(schema, schemas=schemas)
    assert first == second
    assert list(first.documents[REQUEST]["components"]["schemas"]) == ["A", "A.y"]


def test_a_boolean_schema_is_a_schema():
    version = contract({"$ref": "#/components/schemas/Never"}, schemas={"Never": False})
    assert not accepts(version, 1)


@pytest.mark.parametrize("pattern", [r"^\d{3}-[A-Z]+$", r"^[\w.-]+$", r"\p{L}+", r"^a\/b$", "é"])
def test_patterns_run_in_linear_time(pattern):
    version = contract({"type": "string", "pattern": pattern})
    assert request_schema(version)["pattern"] == pattern


def test_a_pattern_that_backtracks_is_refused_and_the_rest_still_checked():
    text = """
openapi: 3.1.0
info: {title: x, version: "1"}
security: []
paths:
  /a:
    get:
      operationId: a
      parameters: [{name: q, in: query, schema: {type: string, pattern: "^(?!x)"}}]
      responses: {"200": {description: OK, content: {application/json: {schema: {type: nothing}}}}}
"""
    version, findings = compile_text(text)
    assert version is None
    assert rules_of(findings) == ["pattern-unsupported", "schema-invalid"]
