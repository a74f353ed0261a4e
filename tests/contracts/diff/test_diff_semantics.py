"""What no single example shows: directions that turn around, ranges, inheritance, security as alternatives."""

import json
from typing import Any

import pytest

from contracts.containment.compare import compare
from contracts.containment.source import Schema
from contracts.containment.verdict import Answer
from contracts.diff.diff import verdict_of
from tests.conformance.containment.random_schemas import pair
from tests.support.diffs import changes_of

Members = dict[str, Any]
OK: Members = {"200": {"description": "OK"}}


def document(operation: Members, *, version: str = "3.1.0", item: Members | None = None, **root: Any) -> str:
    whole = {"openapi": version, "info": {"title": "T", "version": "1"}, **root}
    return json.dumps({**whole, "paths": {"/a": {"post": {"responses": OK, **operation}, **(item or {})}}})


def rules(base: str, revision: str) -> list[str]:
    return sorted(change.rule.id for change in changes_of(base, revision))


def json_body(schema: Any) -> Members:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def json_answer(schema: Any) -> Members:
    return {"responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}}


def callback(operation: Members) -> Members:
    return {"callbacks": {"done": {"{$request.body#/url}": {"post": {"responses": OK, **operation}}}}}


WIDE, NARROW = {"type": "integer"}, {"type": "integer", "maximum": 5}


@pytest.mark.parametrize(
    ("make", "narrowed", "widened"),
    [
        (json_body, "request-maximum-added", "request-maximum-removed"),
        (json_answer, "response-maximum-added", "response-maximum-removed"),
        # Consumers receive the body of a callback, and send the answer to it.
        (lambda schema: callback(json_body(schema)), "response-maximum-added", "response-maximum-removed"),
        (lambda schema: callback(json_answer(schema)), "request-maximum-added", "request-maximum-removed"),
    ],
)
def test_direction(make: Any, narrowed: str, widened: str) -> None:
    narrow, wide = document(make(NARROW)), document(make(WIDE))
    assert rules(wide, narrow) == [narrowed]
    assert rules(narrow, wide) == [widened]


def test_a_callback_keeps_the_name_of_its_operation_and_has_a_location_of_its_own() -> None:
    (change,) = changes_of(document(callback({})), document(callback(json_body(WIDE))))
    assert str(change.where.operation) == "POST /a"
    assert change.where.location == "/paths/~1a/post/callbacks/done/{$request.body#~1url}/post/requestBody"


def test_read_only_and_write_only_properties() -> None:
    def schema(flag: str, kind: str) -> Members:
        return {"type": "object", "required": ["x"], "properties": {"x": {"type": kind, flag: True}}}

    for flag, make in (("readOnly", json_body), ("writeOnly", json_answer)):
        assert rules(document(make(schema(flag, "string"))), document(make(schema(flag, "integer")))) == []
    for flag, make in (("writeOnly", json_body), ("readOnly", json_answer)):
        changes = changes_of(document(make(schema(flag, "string"))), document(make(schema(flag, "integer"))))
        assert verdict_of(changes) == "breaking"


def test_null_in_both_dialects() -> None:
    old = document(json_body({"type": "string", "nullable": True}), version="3.0.3")
    new = document(json_body({"type": ["string", "null"]}))
    assert rules(old, new) == ["openapi-version-changed"]
    without = document(json_body({"type": "string"}), version="3.0.3")
    assert rules(old, without) == ["request-nullable-removed"]


def test_parameters_of_the_path_item_are_those_of_its_operations() -> None:
    parameter = {"name": "n", "in": "query", "schema": WIDE}
    shared = document({}, item={"parameters": [parameter]})
    assert rules(shared, document({"parameters": [parameter]})) == []
    stricter = {"name": "n", "in": "query", "schema": NARROW}
    overridden = document({"parameters": [stricter]}, item={"parameters": [parameter]})
    assert rules(shared, overridden) == ["request-maximum-added"]


def test_headers_are_known_in_any_case_and_some_are_no_parameters() -> None:
    def header(name: str) -> Members:
        return {"parameters": [{"name": name, "in": "header", "schema": WIDE}]}

    assert rules(document(header("X-Trace")), document(header("x-trace"))) == []
    assert rules(document(header("Authorization")), document({})) == []


@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        (["application/*"], ["application/json", "application/*"], []),
        (["application/json"], ["application/*"], ["request-media-range-widened"]),
        (["*/*"], ["application/json"], ["request-media-range-narrowed"]),
        (["application/json"], ["application/json; charset=UTF-8"], []),
        (["application/json"], ["Application/JSON"], []),
        (["application/json"], ["text/csv"], ["request-media-type-added", "request-media-type-removed"]),
        (["application/json", "application/xml"], ["application/*"], ["request-media-range-widened"] * 2),
    ],
)
def test_media_ranges(base: list[str], revision: list[str], expected: list[str]) -> None:
    def body(ranges: list[str]) -> str:
        return document({"requestBody": {"content": {name: {} for name in ranges}}})

    assert rules(body(base), body(revision)) == expected


def test_what_a_range_covered_is_compared_with_it() -> None:
    base = {"requestBody": {"content": {"application/*": {"schema": WIDE}}}}
    revision = {
        "requestBody": {"content": {"application/*": {"schema": WIDE}, "application/json": {"schema": NARROW}}}
    }
    assert rules(document(base), document(revision)) == ["request-maximum-added"]

    def answers(**schemas: Members) -> Members:
        content = {name: {"application/json": {"schema": schema}} for name, schema in schemas.items()}
        return {
            "responses": {name.strip("_"): {"description": "x", "content": each} for name, each in content.items()}
        }

    covered = document(answers(default=NARROW))
    listed = document(answers(default=NARROW, _404=WIDE))
    assert rules(covered, listed) == ["response-maximum-removed", "response-status-specified"]


SCHEMES = {
    "a": {"type": "apiKey", "in": "header", "name": "X-A"},
    "b": {"type": "apiKey", "in": "header", "name": "X-B"},
    "o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://i.example/t", "scopes": {}}}},
}


@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        ([{"a": []}, {"b": []}], [{"b": []}, {"a": []}], []),
        ([{"a": []}], [{"a": [], "b": []}, {"a": []}], []),
        ([{"a": [], "b": []}], [{"a": []}, {"b": []}], ["security-scheme-removed"]),
        ([{"o": ["r"]}], [{"o": ["r", "w"]}, {"o": ["x"]}], ["security-scope-added"]),
        ([{"o": ["r", "w"]}], [{"o": ["r"]}], ["security-scope-removed"]),
        ([{"o": ["r"]}], [{"o": ["w"]}], ["security-scope-added", "security-scope-removed"]),
        ([{"a": []}], [{"b": []}], ["security-alternative-added", "security-alternative-removed"]),
        ([], [{"a": []}, {}], ["security-alternative-added"]),
        ([{"a": []}, {}], [], []),
    ],
)
def test_security_is_a_choice_of_conjunctions(base: Any, revision: Any, expected: list[str]) -> None:
    components = {"securitySchemes": SCHEMES}
    old, new = (document({"security": each}, components=components) for each in (base, revision))
    assert rules(old, new) == expected


def test_a_key_that_was_sent_and_now_signs_is_another_credential() -> None:
    def contract(**extension: bool) -> Any:
        scheme = {"type": "apiKey", "in": "header", "name": "Signature", **extension}
        return document({"security": [{"s": []}]}, components={"securitySchemes": {"s": scheme}})

    sent, told, signs = (
        contract(),
        contract(**{"x-ostiary-signature": False}),
        contract(**{"x-ostiary-signature": True}),
    )
    assert rules(sent, told) == []
    for old, new in ((sent, signs), (signs, sent), (told, signs)):
        assert rules(old, new) == ["security-scheme-type-changed"]


def test_security_and_servers_are_inherited() -> None:
    components = {"securitySchemes": SCHEMES}
    own = document({"security": [{"a": []}], "servers": [{"url": "https://x"}]}, components=components)
    inherited = document({}, components=components, security=[{"a": []}], servers=[{"url": "https://x"}])
    assert rules(inherited, document({}, components=components, servers=[{"url": "https://x"}])) == [
        "security-removed"
    ]
    assert "security-added" not in rules(own, inherited)


def test_a_scheme_that_is_only_called_otherwise_is_the_same() -> None:
    old = document({"security": [{"a": []}]}, components={"securitySchemes": {"a": SCHEMES["a"]}})
    new = document({"security": [{"key": []}]}, components={"securitySchemes": {"key": SCHEMES["a"]}})
    assert rules(old, new) == []


def test_an_extension_of_the_document_holds_for_its_operations() -> None:
    (change,) = changes_of(document({}), document({}, **{"x-ostiary-classification": "restricted"}))
    assert (change.rule.id, str(change.where.operation)) == ("classification-tightened", "POST /a")


def refers_to_itself(seed: int) -> bool:
    """Such a schema has its definitions beside it, where a document cannot find them."""
    return "#/$defs" in json.dumps(pair(seed))


@pytest.mark.parametrize("chunk", range(12))
def test_nothing_that_containment_denies_is_called_compatible(chunk: int) -> None:
    seeds = [seed for seed in range(chunk * 50, chunk * 50 + 50) if not refers_to_itself(seed)]
    assert len(seeds) > 30
    for seed in seeds:
        agrees(*pair(seed))


def agrees(base: Any, revision: Any) -> None:
    found = compare(Schema.of(base), Schema.of(revision))
    lenient = any(change.undeclared for change in found.changes)
    for make, answer in ((json_body, found.narrowed), (json_answer, found.widened)):
        verdict = verdict_of(changes_of(document(make(base)), document(make(revision))))
        if answer is Answer.CONTAINED:
            assert verdict == "compatible"
        elif answer is Answer.NOT_CONTAINED:
            assert verdict == "breaking" or lenient
        else:
            assert verdict != "compatible" or lenient


FLAGS = [(json_body, "request", "readOnly", "read-only"), (json_answer, "response", "writeOnly", "write-only")]


def member(schema: Any, *required: str) -> Members:
    return {"type": "object", "properties": {"a": schema}, "required": list(required)}


@pytest.mark.parametrize(("make", "direction", "flag", "kind"), FLAGS)
def test_a_property_that_messages_do_not_carry_any_more(make: Any, direction: str, flag: str, kind: str) -> None:
    carried, hidden = {"type": "string", "maxLength": 5}, {"type": "integer", flag: True}
    for base, revision, action in ((carried, hidden, "added"), (hidden, carried, "removed")):
        (change,) = changes_of(document(make(member(base))), document(make(member(revision))))
        assert change.rule.id == f"{direction}-{kind}-{action}"
        assert change.rule.severity == ("warning" if action == "added" else "info")
        assert change.location.endswith(f"/schema/properties/a/{flag}")


def test_a_required_property_that_messages_do_not_carry_any_more() -> None:
    base, revision = member({"type": "string"}, "a"), member({"type": "string", "writeOnly": True}, "a")
    found = rules(document(json_answer(base)), document(json_answer(revision)))
    assert found == ["response-required-removed", "response-write-only-added"]


@pytest.mark.parametrize(("make", "direction", "flag", "kind"), FLAGS)
def test_a_flag_hides_properties_alone(make: Any, direction: str, flag: str, kind: str) -> None:
    base, revision = {"type": "string"}, {"type": "integer", flag: True}
    found = rules(*(document(make({"type": "array", "items": each})) for each in (base, revision)))
    assert {f"{direction}-type-added", f"{direction}-type-removed"} < set(found)


def test_an_additional_operation_has_its_own_location() -> None:
    def copying(operation: Members) -> str:
        item = {"additionalOperations": {"COPY": {"responses": OK, **operation}}}
        return document({}, version="3.2.0", item=item)

    (change,) = changes_of(copying({}), copying(json_body(WIDE)))
    assert str(change.where.operation) == "COPY /a"
    assert change.location == "/paths/~1a/additionalOperations/COPY/requestBody"
    narrowed = changes_of(copying(json_body(WIDE)), copying(json_body(NARROW)))
    assert "of the request body (`application/json`)" in narrowed[0].message


def test_a_value_of_a_discriminator_has_a_location() -> None:
    def by(value: str) -> str:
        mapping = {"c": f"#/components/schemas/{value}"}
        pet = {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}],
            "discriminator": {"propertyName": "t", "mapping": mapping},
        }
        cat = {"type": "object", "required": ["t"], "properties": {"t": {"const": "c"}}}
        return document(json_answer(pet), components={"schemas": {"Cat": cat, "Tom": cat}})

    (change,) = changes_of(by("Cat"), by("Tom"))
    assert change.rule.id == "response-discriminator-mapping-changed"
    assert change.location.endswith("/schema/discriminator/mapping/c")
