"""What `ostiary check` finds of version adapters: what is proved, what is shown by an example, what is unknown."""

from pathlib import Path

import pytest

from catalog.estates import load_estate
from contracts.findings import Finding, has_errors
from contracts.operations import HttpBackend
from tests.support.adapted_estate import API, V1, V2, write_adapted


def found(root: Path, *changes: tuple[str, str, str]) -> list[Finding]:
    rules = ("policy-invalid", "policy-unproved", "invalid-value", "missing-key", "unknown-key")
    return [each for each in load_estate(write_adapted(root, *changes))[1] if each.rule in rules]


def test_an_adapter_that_is_right_is_proved_to_be(tmp_path: Path) -> None:
    estate, findings = load_estate(write_adapted(tmp_path))
    assert not has_errors(findings)
    assert [each for each in findings if each.rule == "policy-unproved"] == []
    assert estate is not None
    (v1,) = (each for each in estate.versions if (each.api, each.version) == ("orders", "v1"))
    listed = v1.operations[0]
    assert listed.adapted is not None
    assert (listed.adapted.operation, listed.adapted.method, listed.adapted.path) == (
        "searchOrders",
        "GET",
        "/sales",
    )
    assert listed.backend == HttpBackend("bookshop")


@pytest.mark.parametrize(
    ("change", "place", "messages"),
    [
        (  # a member that the new contract demands
            (V1, "          - { default: /body/currency, value: EUR }\n", ""),
            "/request",
            ("a request of v1 is not one of v2 createOrder: ", "/body is required: `currency`"),
        ),
        (  # a value of a type that it lacks
            (
                V1,
                "          - { rename: /body/customer, to: customerId }\n          - { convert: /body/customerId",
                "          - { rename: /body/customer, to: customerId }\n          - { convert: /body/none",
            ),
            "/request",
            ('"customerId":', "must be a string"),
        ),
        (  # a value that no table has
            (V1, "values: { open: draft, done: sale }", "values: { open: draft }"),
            "/request",
            ("cannot be mapped: /query/state is none of the values that are mapped",),
        ),
        (  # a parameter that it does not know
            (V1, "          - { rename: /query/customer, to: customerId }\n", ""),
            "/request",
            ("a request of v1 is not one of v2 searchOrders", '"customer":'),
        ),
        (  # a bound that is tighter
            (V2, "{ street: { type: string, maxLength: 200 } }", "{ street: { type: string, maxLength: 40 } }"),
            "/request",
            ("/body/address/street must be at most 40 characters long",),
        ),
        (  # an answer with a value that the old contract lacks
            (
                V2,
                "        state: { type: string, enum: [draft, sale] }\n",
                "        state: { type: string, enum: [draft, sale, cancel] }\n",
            ),
            "/response",
            ("the 200 of v2 is not one of v1", "is none of the values that are mapped"),
        ),
        (  # an answer without a member that the old contract demands
            (V2, "required: [id, customerId, total_cents, state]", "required: [id, customerId, total_cents]"),
            "/response",
            ("the 200 of v2 is not one of v1", "/body is required: `state`"),
        ),
        (  # a status that the old contract lacks
            (V1, '          statuses: { "201": 200 }\n', ""),
            "",
            ("v2 answers 201, and the contract of v1 has no 201",),
        ),
    ],
)
def test_what_one_side_does_not_admit_is_shown_by_an_example(
    tmp_path: Path, change: tuple[str, str, str], place: str, messages: tuple[str, ...]
) -> None:
    findings = found(tmp_path, change)
    assert findings
    assert {(each.rule, each.severity) for each in findings} == {("policy-invalid", "error")}
    text = "\n".join(each.message for each in findings)
    for message in messages:
        assert message in text
    assert all(
        each.place.file == V1 and each.place.pointer.endswith(f"version-adapter{place}") for each in findings
    )
    assert all(each.place.line > 1 for each in findings)


@pytest.mark.parametrize(
    ("change", "file", "pointer", "message"),
    [
        (
            (API, "version: v2", "version: v3"),
            API,
            "/versions/v1/policies/version-adapter/version",
            "there is no version 'v3'",
        ),
        (
            (API, "version: v2", "version: v1"),
            API,
            "/versions/v1/policies/version-adapter/version",
            "v1 is this version itself",
        ),
        (
            (V1, "operation: searchOrders", "operation: serchOrders"),
            V1,
            "/paths/~1orders/get/x-ostiary-policies/version-adapter/operation",
            "v2 has no operation 'serchOrders' (did you mean 'searchOrders'?)",
        ),
        (
            (API, "  v2: {}\n", "  v2: { policies: { version-adapter: { version: v1 } } }\n"),
            API,
            "/versions/v1/policies/version-adapter/version",
            "'getOrder' of v2 is itself served by v1; name that one",
        ),
        (
            (V1, "- { rename: /query/customer, to: customerId }", "- { rename: /qwery/customer, to: customerId }"),
            V1,
            "/paths/~1orders/get/x-ostiary-policies/version-adapter/request/0/rename",
            "'/qwery/customer' is below none of /path, /query, /header, /body",
        ),
        (
            (V1, "- { move: /body/items, to: /body }", "- { move: /body/items, to: /path }"),
            V1,
            "/paths/~1orders/get/x-ostiary-policies/version-adapter/response/0/to",
            "'/path' is below none of /body",
        ),
        (
            (V1, "- { rename: /path/number, to: id }", "- { rename: /path/number, to: id, value: 1 }"),
            V1,
            "/paths/~1orders~1{number}/get/x-ostiary-policies/version-adapter/request/0/value",
            "'value' means nothing beside 'rename'",
        ),
        (
            (API, "version: v2 }", "version: v2, consumers: { reading-club: off } }"),
            V1,
            "/paths/~1orders/get/x-ostiary-policies/version-adapter",
            "a version is served in one way to all callers",
        ),
        (
            (V1, 'statuses: { "201": 200 }', 'statuses: { "201": 900 }'),
            V1,
            "/paths/~1orders/post/x-ostiary-policies/version-adapter/statuses/201",
            "900 should be",
        ),
    ],
)
def test_what_cannot_be_served_is_found_at_its_place(
    tmp_path: Path, change: tuple[str, str, str], file: str, pointer: str, message: str
) -> None:
    findings = [each for each in found(tmp_path, change) if message in each.message]
    assert findings, message
    assert (findings[0].place.file, findings[0].place.pointer) == (file, pointer)
    assert findings[0].place.line > 1


def test_what_cannot_be_proved_is_tried_and_said_to_be_unproved(tmp_path: Path) -> None:
    computed = "- { compute: /body/currency, jmespath: \"'EUR'\" }"
    (finding,) = found(tmp_path, (V1, "- { default: /body/currency, value: EUR }", computed))
    assert (finding.rule, finding.severity) == ("policy-unproved", "warning")
    assert "what /body/currency is computed to be is not known before; " in finding.message
    assert "examples were right" in finding.message


def test_what_cannot_be_proved_and_is_wrong_is_found_by_an_example(tmp_path: Path) -> None:
    computed = "- { compute: /body/currency, jmespath: \"'GBP'\" }"
    (finding,) = found(tmp_path, (V1, "- { default: /body/currency, value: EUR }", computed))
    assert finding.rule == "policy-invalid"
    assert 'must be one of "EUR", "USD"'.replace("\\", "") in finding.message


def test_an_operation_may_stay_with_a_backend_of_its_own(tmp_path: Path) -> None:
    estate, findings = load_estate(
        write_adapted(tmp_path, (V1, "          operation: searchOrders\n", "          mode: off\n"))
    )
    assert estate is not None, findings
    (v1,) = (each for each in estate.versions if (each.api, each.version) == ("orders", "v1"))
    assert [each.adapted is None for each in v1.operations] == [True, False, False]


@pytest.mark.parametrize(
    ("schema", "rules"),
    [
        ("{ type: string }", ["policy-invalid"]),
        ("{ type: string, enum: [a, b.c] }", []),
        ("{ type: string, pattern: '^[a-z0-9-]+$' }", []),
        ("{ type: string, pattern: '^x' }", ["policy-unproved"]),
        ("{ type: [integer, 'null'] }", ["policy-invalid"]),
    ],
)
def test_what_moves_into_a_path_has_to_be_a_segment_of_it(tmp_path: Path, schema: str, rules: list[str]) -> None:
    number = "schema: { type: integer, minimum: 1 } }\n      responses:\n"
    changes = (
        (V1, "  /orders/{number}:\n", "  /order:\n"),
        (V1, "{ name: number, in: path, required: true,", "{ name: number, in: query, required: true,"),
        (V1, number, f"schema: {schema} }}\n      responses:\n"),
        (V1, "{ rename: /path/number, to: id }", "{ move: /query/number, to: /path/id }"),
        (V2, number, "schema: { type: [string, integer] } }\n      responses:\n"),
    )
    assert [each.rule for each in found(tmp_path, *changes)] == rules


def test_text_of_a_path_is_proved_to_be_text_of_a_path(tmp_path: Path) -> None:
    number = "schema: { type: integer, minimum: 1 } }\n      responses:\n"
    text = "schema: { type: string, maxLength: 9 } }\n      responses:\n"
    assert found(tmp_path, (V1, number, text), (V2, number, text)) == []
