"""The request against its contract, stage by stage: what is refused, where, and in which words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.operations import (
    ApiVersion,
    HttpBackend,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
)
from policies import body_limits, request_schema
from policies.exchange import Exchange
from policies.validation.settings import RequestSchemaConfig
from policies.verdict import ALLOW, Allow, Deny

URI = "urn:ostiary:orders:v1:request"
LINE = {
    "type": "object",
    "required": ["sku", "quantity"],
    "additionalProperties": False,
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "quantity": {"type": "integer", "minimum": 1},
    },
}
ORDER = {
    "type": "object",
    "required": ["reference", "lines"],
    "additionalProperties": False,
    "properties": {
        "reference": {"type": "string", "maxLength": 8},
        "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Line"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
    },
}
DOCUMENTS = {URI: {"$id": URI, "components": {"schemas": {"Order": ORDER, "Line": LINE}}}}
JSON_BODY = RequestBody(True, (MediaType("application/json", {"$ref": f"{URI}#/components/schemas/Order"}),))
GOOD = {"reference": "PO-1", "lines": [{"sku": "AB-1", "quantity": 2}]}


PRIMED: list[bytes] = []
"""Bodies that each stage has seen before the one that is judged."""


@pytest.fixture(autouse=True, params=["first", "by-types"])
def seen_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """A schema's texts are read by types once a valid one has come: nothing is to be otherwise then."""
    if request.param == "by-types":
        PRIMED.append(json.dumps(GOOD).encode())
    yield
    PRIMED.clear()


def operation(**changes: Any) -> Operation:
    values: dict[str, Any] = {
        "id": "createOrder",
        "method": "POST",
        "path": "/orders",
        "pointer": "/paths/~1orders/post",
        "backend": HttpBackend("shop"),
        "body": JSON_BODY,
        "max_body": 4096,
    }
    return Operation(**values | changes)


def exchange_of(op: Operation, sent: dict[str, str]) -> Exchange:
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    return Exchange(op.method, b"/orders", raw, dict(raw), "192.0.2.1")


def judge(
    op: Operation,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    query: bytes = b"",
    path_values: tuple[str, ...] = (),
) -> tuple[Exchange, Allow | Deny]:
    """Runs both stages as the engine does: the head's first, then (the body is there) the body's."""
    sent = {"content-type": "application/json"} if body is not None else {}
    if body is not None and "transfer-encoding" not in (headers or {}):
        sent["content-length"] = str(len(body))
    sent |= headers or {}
    version = ApiVersion("orders", "v1", "Orders", "sales", "/orders/v1", "r1", (op,), documents=DOCUMENTS)
    stages = (body_limits.bind(version, op), request_schema.bind(RequestSchemaConfig(), version, op))
    for text in PRIMED if op.body is JSON_BODY else ():
        before = exchange_of(op, {"content-type": "application/json"})
        before.body = text
        assert stages[1](before) is ALLOW
        assert before.body_value == GOOD
    exchange = exchange_of(op, sent)
    exchange.query, exchange.path_values = query, path_values
    for stage in stages:
        verdict = stage(exchange)
        if isinstance(verdict, Deny):
            return exchange, verdict
        assert verdict is ALLOW
        exchange.body = body or None
    return exchange, ALLOW


def refusal(verdict: Allow | Deny, type_id: str) -> dict[str, Any]:
    assert isinstance(verdict, Deny)
    assert verdict.problem.type.id == type_id
    document: dict[str, Any] = json.loads(verdict.problem.body())
    return document


def test_a_valid_order_passes_and_its_value_is_kept() -> None:
    exchange, verdict = judge(operation(), json.dumps(GOOD).encode())
    assert verdict is ALLOW
    assert exchange.body_value == GOOD
    assert exchange.parameters == {"path": {}, "query": {}, "header": {}}


def test_all_violations_are_told_at_once_and_no_value_is() -> None:
    secret = "s3cr3t-value"
    body = {
        "reference": secret,
        "due": secret,
        "lines": [{"sku": secret, "quantity": 0, secret: 1}, {"quantity": "1"}],
        "labels": {secret: "long"},
    }
    op = operation(parameters=(Parameter("dry", "query", "form", True, {"type": "boolean"}),))
    exchange, verdict = judge(op, json.dumps(body).encode(), query=b"dry=" + secret.encode())
    document = refusal(verdict, "schema-violation")
    assert secret not in json.dumps(document)
    found = {(v["in"], v["pointer"], v["rule"]): v["message"] for v in document["violations"]}
    assert found == {
        ("query", "/dry", "type"): "must be a boolean",
        ("body", "/reference", "maxLength"): "must be at most 8 characters long",
        ("body", "/due", "format"): "must be a valid date",
        ("body", "/lines/0/sku", "pattern"): "must match the pattern ^[A-Z]{2}-[0-9]+$",
        ("body", "/lines/0/quantity", "minimum"): "must be at least 1",
        ("body", "/lines/0", "additionalProperties"): (
            "has a property that the contract does not declare (it declares `quantity`, `sku`)"
        ),
        ("body", "/lines/1", "required"): "is required: `sku`",
        ("body", "/lines/1/quantity", "type"): "must be an integer",
        ("body", "/labels", "maxLength"): (
            "a member that the contract does not name: must be at most 3 characters long"
        ),
    }
    # What the record tells as the answer's violations: there is no answer.
    assert exchange.violations == ()


def test_no_more_than_fifty_violations_are_told() -> None:
    body = {"reference": "a", "lines": [{}] * 60}
    _, verdict = judge(operation(), json.dumps(body).encode(), query=b"a=1&b=2")
    document = refusal(verdict, "schema-violation")
    assert len(document["violations"]) == 50
    assert document["detail"] == "At least 50 violations of the contract."


def test_a_large_body_gets_its_first_violation_only() -> None:
    body = {"reference": "a", "lines": [{"sku": 1, "quantity": 0}] * 3000}
    _, verdict = judge(operation(max_body=10**6), json.dumps(body).encode())
    document = refusal(verdict, "schema-violation")
    assert len(document["violations"]) == 1
    assert document["detail"] == "At least 1 violation of the contract."


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        (b'{"reference": "PO-1", "reference": "PO-2", "lines": []}', None),
        (b'{"reference": "PO-1",}', 21),
        (b'{"reference": NaN}', 14),
        (b'{"reference": "\xff"}', 15),
        (b'{"reference": "\\ud800"}', 15),
        (b"{} {}", 3),
        (b"[" * 65 + b"]" * 65, None),
    ],
)
def test_what_two_parsers_could_read_differently_is_malformed(body: bytes, offset: int | None) -> None:
    _, verdict = judge(operation(), body)
    document = refusal(verdict, "malformed-json")
    assert document.get("offset") == offset
    assert "PO-" not in document["detail"]


def test_a_required_body_must_be_there_also_as_empty_chunks() -> None:
    for headers in ({}, {"transfer-encoding": "chunked", "content-type": "application/json"}):
        _, verdict = judge(operation(), None, headers)
        assert refusal(verdict, "schema-violation")["violations"] == [
            {"in": "body", "pointer": "", "rule": "required", "message": "is required"}
        ]


def test_an_optional_body_may_be_absent() -> None:
    exchange, verdict = judge(operation(body=RequestBody(False, JSON_BODY.content)))
    assert verdict is ALLOW
    assert exchange.body_value is None


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json, text/plain",
        "json",
        "",
    ],
)
def test_a_type_that_the_contract_lacks_is_refused_before_the_body(content_type: str) -> None:
    _, verdict = judge(operation(), b"{}", {"content-type": content_type})
    document = refusal(verdict, "unsupported-media-type")
    assert document["accept"] == ["application/json"]
    assert isinstance(verdict, Deny)
    assert verdict.problem.headers == (("accept-post", "application/json"),)
    assert verdict.policy == "body-limits"


@pytest.mark.parametrize("content_type", ["application/json", 'Application/JSON; Charset="UTF-8"'])
def test_spellings_of_the_declared_type(content_type: str) -> None:
    _, verdict = judge(operation(), json.dumps(GOOD).encode(), {"content-type": content_type})
    assert verdict is ALLOW


def test_a_declared_length_above_the_limit_is_refused() -> None:
    assert refusal(judge(operation(), b" " * 4097)[1], "body-too-large")["limit"] == 4096
    refusal(judge(operation(), b"", {"content-length": "9" * 5000})[1], "body-too-large")
    refusal(judge(operation(), b" " * 4096)[1], "malformed-json")


def test_a_body_where_the_contract_has_none_is_refused() -> None:
    op = operation(method="GET", body=None)
    for headers in ({"content-length": "2"}, {"transfer-encoding": "chunked"}):
        _, verdict = judge(op, None, headers)
        assert refusal(verdict, "schema-violation")["violations"][0]["rule"] == "unexpected-body"
    assert judge(op, None, {"content-length": "0"})[1] is ALLOW


def test_a_body_that_is_not_json_passes_unchecked() -> None:
    op = operation(body=RequestBody(True, (MediaType("image/*", {"type": "object"}),)))
    assert not request_schema.needs_body(op)
    assert judge(op, None, {"content-type": "image/png", "content-length": "9"})[1] is ALLOW
    refusal(judge(op)[1], "schema-violation")


@pytest.mark.parametrize(
    ("media_range", "needed"),
    [
        ("application/json", True),
        ("application/merge-patch+json", True),
        ("application/*", True),
        ("*/*", True),
        ("text/csv", False),
    ],
)
def test_a_body_that_may_be_json_is_read_whole(media_range: str, needed: bool) -> None:
    op = operation(body=RequestBody(True, (MediaType(media_range),)))
    assert request_schema.needs_body(op) is needed
