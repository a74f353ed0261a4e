"""Verdicts, bumps, and what makes two findings the same one."""

import json
from datetime import date

import pytest

from contracts.diff.context import Options
from contracts.diff.diff import bump_of, verdict_of
from contracts.diff.outcome import outcome_of
from contracts.reports.entry import Entry
from tests.support.diffs import TODAY, changes_of

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"


def one(operation: str, path: str = "/a/{id}", rest: str = "") -> str:
    return f"{HEAD}paths:\n  {path}:\n    get: {operation}\n{rest}"


def with_parameters(*parameters: str, path: str = "/a/{id}") -> str:
    listed = ", ".join(parameters)
    return one(f"{{parameters: [{listed}], responses: {{'200': {{description: OK}}}}}}", path)


ID = "{name: id, in: path, required: true, schema: {type: string}}"
KEY = "{name: key, in: path, required: true, schema: {type: string}}"
SORT = "{name: sort, in: query, schema: {type: string}}"
SORTED = "{name: sort, in: query, required: true, schema: {type: string}}"
PAGE = "{name: page, in: query, schema: {type: integer}}"


def test_the_same_document_has_no_changes_and_asks_for_no_version() -> None:
    changes = changes_of(with_parameters(ID, SORT), with_parameters(ID, SORT))
    assert (changes, verdict_of(changes), bump_of(changes)) == ((), "compatible", "none")


@pytest.mark.parametrize(
    ("base", "revision", "verdict", "strict", "bump"),
    [
        (with_parameters(ID), with_parameters(ID, SORT), "compatible", "compatible", "minor"),
        (with_parameters(ID, SORT), with_parameters(ID, SORTED), "breaking", "breaking", "major"),
        (with_parameters(ID), with_parameters(KEY, path="/a/{key}"), "compatible", "compatible", "patch"),
        (one("{x-ostiary-rule: a}"), one("{x-ostiary-rule: b}"), "undecided", "undecided", "major"),
        (one("{operationId: a}"), one("{operationId: b}"), "compatible", "breaking", "minor"),
    ],
)
def test_verdict_and_bump(base: str, revision: str, verdict: str, strict: str, bump: str) -> None:
    changes = changes_of(base, revision)
    assert (verdict_of(changes), verdict_of(changes, "warning"), bump_of(changes)) == (verdict, strict, bump)


@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        ("[a, b]", "[b, a, c]", ["access-rule-tightened"]),
        ("[a, b]", "b", ["access-rule-loosened"]),
        ("a", "[{rule: a, message: No.}]", []),
        ("[{rule: a, message: No.}]", "[{rule: a, message: Never.}]", []),
        ("[a]", "'a && b'", ["access-rule-tightened"]),
        ("[a, b]", "[a, c]", ["access-rule-changed"]),
    ],
)
def test_all_rules_of_a_list_have_to_hold(base: str, revision: str, expected: list[str]) -> None:
    changes = changes_of(one(f"{{x-ostiary-rule: {base}}}"), one(f"{{x-ostiary-rule: {revision}}}"))
    assert [change.rule.id for change in changes] == expected


def marks(base: str, revision: str) -> set[tuple[str, str]]:
    return {(change.rule.id, change.fingerprint) for change in changes_of(base, revision)}


def test_a_fingerprint_does_not_move_with_order_or_with_names_of_path_parameters() -> None:
    expected = marks(with_parameters(ID, SORT), with_parameters(ID, SORTED))
    assert marks(with_parameters(PAGE, SORT, ID), with_parameters(SORTED, ID, PAGE)) == expected
    renamed = with_parameters(KEY, SORT, path="/a/{key}"), with_parameters(KEY, SORTED, path="/a/{key}")
    assert marks(*renamed) == expected


def test_a_fingerprint_does_not_move_when_a_definition_does() -> None:
    def document(schema: str, components: str = "{}") -> str:
        content = f"{{application/json: {{schema: {schema}}}}}"
        body = f"{{requestBody: {{content: {content}}}, responses: {{'200': {{description: OK}}}}}}"
        return f"{HEAD}paths: {{/a: {{post: {body}}}}}\ncomponents: {components}\n"

    before, after = (
        "{type: object, properties: {n: {maximum: 9}}}",
        "{type: object, properties: {n: {maximum: 5}}}",
    )
    inline = marks(document(before), document(after))
    reference = "{$ref: '#/components/schemas/A'}"
    moved = marks(
        document(reference, f"{{schemas: {{A: {before}}}}}"), document(reference, f"{{schemas: {{A: {after}}}}}")
    )
    assert inline == moved
    assert {rule for rule, _ in inline} == {"request-maximum-narrowed"}


def test_fingerprints_tell_operations_and_locations_apart() -> None:
    def document(maximum: int) -> str:
        schema = f"{{type: integer, maximum: {maximum}}}"
        parameters = f"[{{name: x, in: query, schema: {schema}}}, {{name: y, in: query, schema: {schema}}}]"
        operation = f"{{parameters: {parameters}, responses: {{'200': {{description: OK}}}}}}"
        return f"{HEAD}paths: {{/a: {{get: {operation}, post: {operation}}}, /b: {{get: {operation}}}}}\n"

    changes = changes_of(document(9), document(5))
    assert len(changes) == len({change.fingerprint for change in changes}) == 6


def test_changes_are_sorted_the_worst_first() -> None:
    base = one("{operationId: a, parameters: [" + ID + ", " + SORT + "], tags: [x], x-ostiary-rule: a}")
    revision = one("{operationId: b, parameters: [" + ID + ", " + SORTED + "], tags: [y], x-ostiary-rule: b}")
    changes = changes_of(base, revision)
    assert [change.rule.id for change in changes] == [
        "query-parameter-became-required",
        "access-rule-changed",
        "operation-id-changed",
        "operation-tag-added",
        "operation-tag-removed",
    ]


def test_messages_quote_before_and_after() -> None:
    (change,) = changes_of(
        with_parameters(ID, "{name: n, in: query, schema: {type: integer, maximum: 9}}"),
        with_parameters(ID, "{name: n, in: query, schema: {type: integer, maximum: 5}}"),
    )
    assert change.message.startswith("`maximum` went from `9` to `5`")
    assert (change.before, change.after) == ("9", "5")
    assert change.where.location == "/paths/~1a~1{id}/get/parameters/1/schema/maximum"
    assert str(change.place).startswith("openapi.yaml:5:")


def test_the_json_object_has_exactly_the_members_that_are_promised() -> None:
    changes = changes_of(with_parameters(ID, SORT), with_parameters(ID, SORTED))
    value = json.loads(outcome_of("a to b", changes, today=TODAY.today).json())
    assert list(value) == ["verdict", "suggested_bump", "changes"]
    assert value["verdict"] == "breaking"
    assert value["changes"] == [
        {
            "id": "query-parameter-became-required",
            "severity": "error",
            "direction": "request",
            "operation": {"method": "GET", "path": "/a/{id}"},
            "location": "/paths/~1a~1{id}/get/parameters/1/required",
            "message": "the query parameter `sort` was optional and is required now",
            "fingerprint": changes[0].fingerprint,
        }
    ]


def test_the_report_for_other_formats_has_an_entry_for_each_change() -> None:
    changes = changes_of(with_parameters(ID, SORT), with_parameters(ID, SORTED))
    report = outcome_of("a to b", changes, today=TODAY.today).report()
    (entry,) = report.entries
    assert isinstance(entry, Entry)
    assert (entry.rule, entry.severity, entry.direction) == ("query-parameter-became-required", "error", "request")
    assert entry.place.file == "openapi.yaml"


@pytest.mark.parametrize(
    ("sunset", "days", "today", "rules"),
    [
        ("2026-12-31", 90, "2026-01-01", {"operation-deprecated", "sunset-added"}),
        ("2026-02-01", 90, "2026-01-01", {"operation-deprecated", "sunset-added", "sunset-notice-too-short"}),
        ("2026-02-01", 30, "2026-01-01", {"operation-deprecated", "sunset-added"}),
        ("2026-02-01", 30, "2026-01-03", {"operation-deprecated", "sunset-added", "sunset-notice-too-short"}),
        ("2026-04-01T00:00:00Z", 90, "2026-01-01", {"operation-deprecated", "sunset-added"}),
    ],
)
def test_notice_of_a_sunset(sunset: str, days: int, today: str, rules: set[str]) -> None:
    options = Options(date.fromisoformat(today), days)
    changes = changes_of(one("{}"), one(f"{{deprecated: true, x-sunset: '{sunset}'}}"), options=options)
    assert {change.rule.id for change in changes} == rules


@pytest.mark.parametrize(
    ("today", "rule"),
    [("2026-06-29", "operation-removed-before-sunset"), ("2026-06-30", "operation-removed-after-sunset")],
)
def test_removal_by_the_calendar(today: str, rule: str) -> None:
    base = one("{deprecated: true, x-sunset: '2026-06-30'}")
    changes = changes_of(base, HEAD + "paths: {}", options=Options(date.fromisoformat(today)))
    assert [change.rule.id for change in changes] == [rule]
