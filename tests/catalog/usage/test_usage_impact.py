"""From a change to those whom it touches: what is asked, and what the answer is."""

from collections.abc import Iterable

import pytest

from catalog.usage.impact import Impact, ImpactReport, Touched, report_of
from catalog.usage.queries import Calls, Observations, Seen, Sight
from catalog.usage.questions import ACCEPTED, RESPONSE, VALUES, Question, Questions
from contracts.diff.changes import Change
from contracts.operations import ApiVersion
from contracts.snapshot import Application, Subscription
from tests.contracts.contract_helpers import compile_text
from tests.support.diffs import changes_of

SINCE, NOW, LAST = 1_790_000_000, 1_797_776_000, 1_797_000_000

BASE = """
openapi: 3.1.0
info: {title: Orders, version: "1"}
security: [{oauth: [read]}]
paths:
  /orders/{id}:
    parameters: [{name: X-Tenant, in: header, schema: {type: string}}]
    post:
      operationId: place
      parameters:
        - {name: status, in: query, schema: {type: array, items: {type: string, enum: [open, void]}}}
        - {name: old, in: query, schema: {type: string}}
        - {name: top, in: query, schema: {type: integer, maximum: 50}}
        - {name: theme, in: cookie, schema: {type: string, enum: [dark, light]}}
        - {name: id, in: path, required: true, schema: {type: string, enum: [a, b]}}
        - name: has
          in: query
          style: deepObject
          explode: true
          schema: {type: object, properties: {tag: {type: string}}}
      requestBody:
        content:
          application/json: {schema: {$ref: "#/components/schemas/Order"}}
      responses:
        "200":
          description: Done
          content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}
  /orders:
    get: {operationId: list, responses: {"200": {description: Done}}}
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {read: Read, write: Write}}}}
  schemas:
    Order:
      type: object
      additionalProperties: false
      properties:
        state: {type: string, enum: [draft, sent]}
        level: {type: integer, enum: [1, 2]}
        note: {type: string, maxLength: 40}
        gone: {type: string}
        lines: {type: array, items: {$ref: "#/components/schemas/Line"}}
        any: {anyOf: [{type: string}, {type: object, properties: {k: {type: integer}}}]}
        map: {type: object, additionalProperties: {type: integer, maximum: 10}}
        open: {type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}
        odd: {type: object, patternProperties: {"^x-": {type: string, maxLength: 9}}}
        pair: {type: array, prefixItems: [{type: string, maxLength: 9}, {type: integer}]}
    Line:
      type: object
      properties: {sku: {type: string}, quantity: {type: integer}}
"""


@pytest.fixture(scope="module")
def base() -> ApiVersion:
    compiled, findings = compile_text(BASE)
    assert compiled is not None, findings
    return compiled


def change(old: str, new: str) -> Change:
    """The one change that breaks when `old` becomes `new`."""
    assert old in BASE
    found = [each for each in changes_of(BASE, BASE.replace(old, new, 1)) if each.rule.severity != "info"]
    assert len(found) == 1, [str(each.message) for each in found]
    return found[0]


SENT = "callers that sent "


@pytest.mark.parametrize(
    ("old", "new", "basis", "having", "lacking"),
    [
        (
            '  /orders:\n    get: {operationId: list, responses: {"200": {description: Done}}}\n',
            "",
            "caller",
            None,
            None,
        ),
        ("        - {name: old, in: query, schema: {type: string}}\n", "", "`old`", ("query", "old", ""), None),
        (
            "open, void",
            "open",
            '`/*` in the query parameter `status` with "void"',
            ("query", "status/*", '"void"'),
            None,
        ),
        ("dark, light", "dark", 'with "light"', ("cookie", "theme", '"light"'), None),
        ("enum: [a, b]", "enum: [a]", "every caller of the operation", None, None),
        ("name: top, in: query,", "name: top, required: true, in: query,", "without", None, ("query", "top", "")),
        ("name: X-Tenant,", "name: X-Tenant, required: true,", "without", None, ("header", "x-tenant", "")),
        ("maximum: 50", "maximum: 20", VALUES, ("query", "top", ""), None),
        ("tag: {type: string}", "tag: {type: string, minLength: 2}", "`/tag`", ("query", "has/tag", ""), None),
        ("draft, sent", "sent", 'in a body with "draft"', ("body", "/state", '"draft"'), None),
        ("enum: [1, 2]", "enum: [2]", "in a body with 1", ("body", "/level", "1"), None),
        ("maxLength: 40", "maxLength: 20", VALUES, ("body", "/note", ""), None),
        ("        gone: {type: string}\n", "", SENT + "`/gone` in a body", ("body", "/gone", ""), None),
        ("quantity: {type: integer}", "quantity: {type: string}", VALUES, ("body", "/lines/*/quantity", ""), None),
        ("k: {type: integer}", "k: {type: integer, minimum: 2}", "`/any/k`", ("body", "/any/k", ""), None),
        ("maximum: 10", "maximum: 5", "`/map/*`", ("body", "/map/*", ""), None),
        (
            '"^x-": {type: string, maxLength: 9',
            '"^x-": {type: string, maxLength: 8',
            "",
            ("body", "/odd/*", ""),
            None,
        ),
        ("[{type: string, maxLength: 9}", "[{type: string, maxLength: 8}", "", ("body", "/pair/*", ""), None),
        (
            "properties: {a: {type: string}}, add",
            "properties: {a: {type: string}, b: {type: integer}}, add",
            "",
            ("body", "/open/*", ""),
            None,
        ),
        (
            "      requestBody:\n",
            "      requestBody:\n        required: true\n",
            "without a body",
            None,
            ("body", "", ""),
        ),
        (
            "      additionalProperties: false\n",
            "      additionalProperties: false\n      required: [note]\n",
            "without `/note`",
            ("body", "", ""),
            ("body", "/note", ""),
        ),
        (
            "properties: {sku: {",
            "required: [sku]\n      properties: {sku: {",
            VALUES,
            ("body", "/lines/*", ""),
            None,
        ),
        ("{a: {type: string}}}}}", "{a: {type: [string, integer]}}}}}", RESPONSE, None, None),
    ],
)
def test_what_is_asked_of_usage(
    base: ApiVersion, old: str, new: str, basis: str, having: Sight | None, lacking: Sight | None
) -> None:
    asked = Questions(base).about(change(old, new))
    assert asked.operation == ("list" if "operationId: list" in old else "place")
    assert basis in asked.basis
    assert (asked.having, asked.lacking, asked.scope) == (having, lacking, "")


def test_a_body_that_goes_is_asked_about_whole(base: ApiVersion) -> None:
    start, end = BASE.index("      requestBody:"), BASE.index("      responses:")
    asked = Questions(base).about(change(BASE[start:end], ""))
    assert (asked.basis, asked.having) == ("callers that sent a body", ("body", "", ""))


def test_a_parameter_that_is_new_touches_every_caller(base: ApiVersion) -> None:
    new = "- {name: new, in: query, required: true, schema: {type: string}}\n        - {name: old,"
    asked = Questions(base).about(change("- {name: old,", new))
    assert (asked.operation, asked.having, asked.lacking) == ("place", None, None)
    assert "`new`" in asked.basis


def test_a_scope_is_asked_of_subscriptions(base: ApiVersion) -> None:
    new = "    post:\n      security: [{oauth: [read, write]}]\n"
    asked = Questions(base).about(change("    post:\n", new))
    assert asked == Question("place", "callers whose subscription does not grant `write`", scope="write")


def application(name: str, *scopes: str, api: str = "orders") -> Application:
    return Application(name, name, f"{name}-inc", (Subscription(api, "v1", "gold", scopes),))


SHOPS = (
    application("busy", "read", "write"),
    application("quiet", "read"),
    application("silent", "read"),
    application("stranger", "read", api="partners"),
)
CALLS = (
    Calls("place", "busy", "busy-inc", 40, LAST),
    Calls("place", "quiet", "quiet-inc", 3, LAST - 7),
    Calls("list", "busy", "busy-inc", 2, LAST - 9),
    Calls("list", "", "", 5, LAST - 1),
)


def touched(
    base: ApiVersion,
    found: Iterable[Change],
    seen: dict[tuple[str, Sight], dict[str, Seen]] | None = None,
) -> ImpactReport:
    active = frozenset(each.application for each in CALLS)
    observed = Observations(SINCE, SINCE + 5, 7, active, CALLS, seen or {})
    questions = Questions(base)
    return report_of(base, [(each, questions.about(each)) for each in found], observed, SHOPS, NOW)


SILENT = Touched("silent-inc", "silent", 0, None, "subscribed")


def test_who_calls_what_is_gone_is_touched_and_who_was_never_seen_may_be(base: ApiVersion) -> None:
    gone = change('  /orders:\n    get: {operationId: list, responses: {"200": {description: Done}}}\n', "")
    report = touched(base, [gone])
    assert report.impacts == (
        Impact(
            "operation-removed",
            gone.fingerprint,
            "list",
            "every caller of the operation",
            (
                Touched("", "", 5, LAST - 1, "observed"),
                Touched("busy-inc", "busy", 2, LAST - 9, "observed"),
                SILENT,
            ),
        ),
    )
    assert (report.api, report.since, report.until) == (base.api, SINCE, NOW)
    assert (report.observed_since, report.lost_calls) == (SINCE + 5, 7)


def test_who_was_seen_without_the_thing_is_not_touched(base: ApiVersion) -> None:
    value: Sight = ("body", "/state", '"draft"')
    seen = {("place", value): {"quiet": Seen(2, LAST - 8)}}
    report = touched(base, [change("draft, sent", "sent")], seen)
    assert report.impacts[0].touched == (Touched("quiet-inc", "quiet", 2, LAST - 8, "observed"), SILENT)


def test_who_was_seen_to_leave_out_what_is_required_is_touched(base: ApiVersion) -> None:
    top: Sight = ("query", "top", "")
    accepted = {"busy": Seen(40, LAST), "quiet": Seen(3, LAST)}
    seen = {("place", ACCEPTED): accepted, ("place", top): {"busy": Seen(39, LAST), "quiet": Seen(3, LAST)}}
    required = change("name: top, in: query,", "name: top, required: true, in: query,")
    report = touched(base, [required], seen)
    assert report.impacts[0].touched == (Touched("busy-inc", "busy", 1, LAST, "observed"), SILENT)
    # Whose calls were all refused did not leave it out.
    assert touched(base, [required], {}).impacts[0].touched == (SILENT,)


def test_a_property_that_becomes_required_counts_bodies_and_not_calls(base: ApiVersion) -> None:
    seen: dict[tuple[str, Sight], dict[str, Seen]] = {
        ("place", ACCEPTED): {"busy": Seen(40, LAST)},
        ("place", ("body", "", "")): {"busy": Seen(10, LAST)},
        ("place", ("body", "/note", "")): {"busy": Seen(4, LAST)},
    }
    new = "      additionalProperties: false\n      required: [note]\n"
    report = touched(base, [change("      additionalProperties: false\n", new)], seen)
    assert report.impacts[0].touched == (Touched("busy-inc", "busy", 6, LAST, "observed"), SILENT)


def test_a_scope_touches_those_who_were_not_granted_it(base: ApiVersion) -> None:
    scope = change("    post:\n", "    post:\n      security: [{oauth: [read, write]}]\n")
    report = touched(base, [scope])
    assert report.impacts[0].touched == (Touched("quiet-inc", "quiet", 3, LAST - 7, "observed"), SILENT)


def test_a_summary_has_each_application_once(base: ApiVersion) -> None:
    changes = [
        change('  /orders:\n    get: {operationId: list, responses: {"200": {description: Done}}}\n', ""),
        change("{a: {type: string}}}}}", "{a: {type: [string, integer]}}}}}"),
    ]
    assert touched(base, changes).touched == (
        Touched("busy-inc", "busy", 40, LAST, "observed"),
        Touched("", "", 5, LAST - 1, "observed"),
        Touched("quiet-inc", "quiet", 3, LAST - 7, "observed"),
        SILENT,
    )
