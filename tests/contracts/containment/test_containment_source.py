"""Schemas where they stand: the dialect of OAS 3.0, formats of OpenAPI, and directions."""

import jsonschema_rs
import pytest

from contracts.containment.compare import compare
from contracts.containment.decide import contains
from contracts.containment.export import Unreadable, export
from contracts.containment.source import Schema, Schemas
from contracts.containment.verdict import Answer
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schemas import SchemaBundle
from tests.contracts.contract_helpers import document_of

LEGACY = [
    ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    ({"nullable": True, "enum": ["a"]}, {"enum": ["a"]}),
    ({"type": "string", "nullable": True, "enum": ["a"]}, {"enum": ["a"]}),
    ({"type": "string", "nullable": True, "enum": ["a", None]}, {"enum": ["a", None]}),
    ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 1}),
    ({"type": "number", "maximum": 1, "exclusiveMaximum": False}, {"type": "number", "maximum": 1}),
    ({"type": "integer", "format": "int32"}, {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}),
    (
        {"type": "integer", "format": "int64", "minimum": 0},
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
    ),
    ({"type": "string", "format": "double"}, {"type": "string"}),
]


@pytest.mark.parametrize(("legacy", "modern"), LEGACY, ids=str)
def test_oas_3_0_says_the_same_in_other_words(legacy, modern):
    old, new = Schema.of(legacy, legacy=True), Schema.of(modern)
    assert contains(old, new).answer is Answer.CONTAINED
    assert contains(new, old).answer is Answer.CONTAINED


def test_nullable_says_nothing_in_later_versions():
    assert contains(Schema.of({"type": "string", "nullable": True}), Schema.of({"type": "string"})).contained


def test_nothing_counts_beside_a_reference_in_oas_3_0():
    value = {"$ref": "#/$defs/a", "minLength": 3, "$defs": {"a": {"type": "string"}}}
    assert contains(Schema.of({"type": "string"}), Schema.of(value, legacy=True)).contained
    assert contains(Schema.of({"type": "string"}), Schema.of(value)).answer is Answer.NOT_CONTAINED


USER = {
    "type": "object",
    "required": ["id", "password"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "password": {"$ref": "#/$defs/secret"},
    },
    "additionalProperties": False,
    "$defs": {"secret": {"type": "string", "writeOnly": True}},
}


@pytest.mark.parametrize(
    ("direction", "instance", "valid"),
    [
        ("request", {"password": "x"}, True),
        ("request", {"id": 5, "password": "x"}, True),
        ("request", {"id": "a"}, False),
        ("request", {"password": "x", "other": 1}, False),
        ("response", {"id": "a"}, True),
        ("response", {"password": "x"}, False),
        (None, {"id": "a"}, False),
        (None, {"id": "a", "password": "x"}, True),
    ],
)
def test_a_direction_asks_nothing_of_what_its_messages_do_not_carry(direction, instance, valid):
    exported = export(Schema.of(USER, direction=direction))
    assert jsonschema_rs.Draft202012Validator(exported).is_valid(instance) is valid


def test_what_a_direction_does_not_carry_may_change():
    changed = {**USER, "properties": {**USER["properties"], "id": {"type": "integer", "readOnly": True}}}
    for direction, answer in (("request", Answer.CONTAINED), ("response", Answer.NOT_CONTAINED)):
        found = compare(Schema.of(USER, direction=direction), Schema.of(changed, direction=direction))
        assert found.narrowed is answer


def test_hidden_names_are_those_of_all_parts_of_an_object():
    value = {
        "allOf": [{"$ref": "#/$defs/base"}, {"required": ["id", "name"]}],
        "$defs": {"base": {"type": "object", "properties": {"id": {"readOnly": True}}}},
    }
    schema = Schema.of(value, direction="request")
    assert contains(Schema.of({"type": "object", "required": ["name"]}), schema).contained


DOCUMENT = """\
openapi: 3.0.3
info: {title: T, version: "1"}
paths: {}
components:
  schemas:
    Node:
      type: object
      nullable: true
      required: [id, next]
      properties:
        id: {type: integer, format: int32, readOnly: true}
        next: {$ref: '#/components/schemas/Node'}
        tags: {type: array, items: {type: string, maxLength: 9}, uniqueItems: true}
        price: {type: number, minimum: 0, exclusiveMinimum: true}
      additionalProperties: false
"""
INSTANCES = [
    None,
    {},
    {"next": None},
    {"id": 1, "next": None},
    {"id": 2**40, "next": {"id": 1, "next": None}},
    {"id": 1, "next": {"id": 1}},
    {"id": 1, "next": None, "tags": ["a", "a"]},
    {"id": 1, "next": None, "price": 0},
    {"id": 1, "next": None, "price": 0.5, "tags": ["a"]},
    {"id": 1, "next": None, "more": 1},
]


def test_what_is_exported_validates_as_enforcement_does():
    document = document_of(DOCUMENT)
    references = References(document, lambda _: None, Report())
    node = document.at("/components/schemas/Node")
    bundle = SchemaBundle(references, "urn:x", "response", Report())
    enforced = jsonschema_rs.Draft202012Validator(
        bundle.inline(node), registry=jsonschema_rs.Registry([("urn:x", bundle.resource())])
    )
    compared = jsonschema_rs.Draft202012Validator(export(Schemas.of_references(references, "response").at(node)))
    answers = [enforced.is_valid(instance) for instance in INSTANCES]
    assert [compared.is_valid(instance) for instance in INSTANCES] == answers
    assert set(answers) == {True, False}


def test_references_across_files_are_followed_where_they_stand():
    main = document_of("$defs: {a: {$ref: 'b.yaml#/$defs/b'}}\n", "a.yaml")
    other = document_of(
        "$defs: {b: {type: object, properties: {x: {$ref: '#/$defs/c'}}}, c: {type: string}}\n", "b.yaml"
    )
    references = References(main, lambda name: other if name == "b.yaml" else None, Report(), "schema")
    schema = Schemas.of_references(references).at(main.at("/$defs/a"))
    verdict = contains(schema, Schema.of({"properties": {"x": {"maxLength": 3}}, "type": "object"}))
    assert verdict.witness.value == {"x": "aaaa"}


@pytest.mark.parametrize("value", [{"$ref": "#/no"}, {"$ref": "other.json"}, {"$dynamicRef": "#a"}], ids=str)
def test_what_leads_nowhere_cannot_be_exported(value):
    with pytest.raises(Unreadable):
        export(Schema.of(value))
