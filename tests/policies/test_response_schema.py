"""Answers against their contract: what is reported, what is refused, and what is not looked at."""

import json
from typing import Any

import pytest

from contracts.operations import ApiVersion, HttpBackend, MediaType, Operation, Response
from policies import response_schema
from policies.answer import Answer, Wish
from policies.exchange import Exchange, Header
from policies.validation.settings import ResponseSchemaConfig
from policies.verdict import Deny
from tests.support.policy_world import World

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
JSON = (MediaType("application/json", ITEM),)
DECLARED = (
    Response("200", JSON),
    Response("201"),
    Response("4XX", (MediaType("application/problem+json", {"required": ["title"]}),)),
)
WRONG = [("body", "/id", "type")]
NO_STATUS = [("status", "", "undeclared-status")]
NO_TYPE = [("header", "/content-type", "undeclared-media-type")]


def bound(bind: Any, *responses: Response, **settings: Any) -> Any:
    operation = Operation("o", "GET", "/", "", HttpBackend("u"), responses=responses)
    version = ApiVersion("a", "v1", "A", "t", "/a/v1", "r", (operation,))
    return bind(ResponseSchemaConfig(**settings), version, operation, World().ports())


def headers(content_type: str = "application/json", **rest: str) -> list[Header]:
    named = {"Server": "x", "Content-Type": content_type} | {
        key.replace("_", "-"): val for key, val in rest.items()
    }
    return [(name.encode(), value.encode()) for name, value in named.items() if value]


def call(method: str = "GET") -> Exchange:
    return Exchange(method, b"/", [], {}, "192.0.2.1")


def said_of(exchange: Exchange) -> list[tuple[str, str, str]]:
    assert "s3cr3t" not in repr(exchange.violations)
    return [(each.location, each.pointer, each.rule) for each in exchange.violations]


def reported(status: int, sent: list[Header], body: bytes, **settings: Any) -> list[tuple[str, str, str]]:
    """What is noted where the policy does no more than that."""
    sight, exchange = bound(response_schema.report_answer, *DECLARED, **settings), call()
    found = sight.look(exchange, status, sent)
    if found is not None:
        sight.report(exchange, found, body)
    assert bool(exchange.violations) == (exchange.would_refuse == (response_schema.POLICY,))
    return said_of(exchange)


def refused(
    status: int, sent: list[Header], body: bytes, length: int | None = None, method: str = "GET"
) -> list[tuple[str, str, str]]:
    """Why an answer is refused where the policy enforces; none of what was said may be in the refusal."""
    filtered, exchange, answer = bound(response_schema.bind_answer, *DECLARED), call(method), Answer(status, sent)
    answer.length = length
    wish = filtered.head(exchange, answer)
    answer.body = body
    denial = filtered.body(exchange, answer) if wish is Wish.WHOLE else wish
    if denial is None or denial is Wish.PASS:
        assert exchange.violations == ()
        assert answer.body is body
        return []
    assert isinstance(denial, Deny)
    assert denial.problem.type.id == "upstream-answer-invalid"
    assert denial.problem.extensions == {}
    return said_of(exchange)


@pytest.mark.parametrize(
    ("status", "sent", "body", "found"),
    [
        (200, headers(), b'{"id": 1}', []),
        (200, headers("application/json; charset=utf-8"), b'{"id": 1}', []),
        (200, headers(), b'{"id": "s3cr3t"}', WRONG),
        (200, headers(), b"{", [("body", "", "malformed-json")]),
        (200, headers(), b"", [("body", "", "malformed-json")]),
        (200, headers("text/html"), b"<p>", NO_TYPE),
        (200, headers(""), b"", []),
        (200, headers(""), b"{}", NO_TYPE),
        (201, headers(), b"{}", []),
        (404, headers("application/problem+json"), b"{}", [("body", "", "required")]),
        (204, headers(""), b"", NO_STATUS),
        (500, headers(), b"{}", NO_STATUS),
        (304, headers(""), b"", []),
    ],
)
def test_what_is_reported_is_what_is_refused(
    status: int, sent: list[Header], body: bytes, found: list[tuple[str, str, str]]
) -> None:
    assert reported(status, sent, body) == found
    assert refused(status, sent, body) == found


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (headers(Content_Encoding="gzip"), b"\x1f"),
        (headers(Content_Length="262145"), b"{}"),
        (headers(), b"{}" + b" " * 262_143),
    ],
)
def test_what_is_encoded_or_very_long_is_not_reported(sent: list[Header], body: bytes) -> None:
    assert reported(200, sent, body) == []
    # Where it is enforced, the answer was decoded before.
    assert refused(200, sent, body) != []


def test_as_long_as_may_be_is_reported() -> None:
    assert reported(200, headers(Content_Length="262144"), b"{}") == [("body", "", "required")]


def test_an_answer_without_content_needs_no_type() -> None:
    assert refused(200, headers(""), b"", length=0) == []
    assert refused(200, headers("text/html"), b"", method="HEAD") == []


def test_a_sample_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([0.0, 0.09, 0.1, 0.99])
    monkeypatch.setattr(response_schema, "_random", lambda: next(drawn))
    looked = [bool(reported(500, headers(), b"", sample=0.1)) for _ in range(4)]
    assert looked == [True, True, False, False]
    assert bound(response_schema.report_answer, *DECLARED, sample=0.0) is None


def test_the_exact_status_goes_before_its_range_and_that_before_the_default() -> None:
    def content(schema: Any) -> tuple[MediaType, ...]:
        return (MediaType("application/json", schema),)

    operation = Operation(
        "o",
        "GET",
        "/",
        "",
        HttpBackend("u"),
        responses=(
            Response("default", content({"const": "default"})),
            Response("4xx", content({"const": "range"})),
            Response("404", content({"const": "exact"})),
        ),
    )
    check = response_schema.check_of(ApiVersion("a", "v1", "A", "t", "/a/v1", "r", (operation,)), operation)
    assert check is not None
    for status, text in ((404, "exact"), (400, "range"), (500, "default"), (200, "default")):
        assert check.check(status, headers(), json.dumps(text).encode()) == ()
        assert check.check(status, headers(), b'"other"') != ()


def test_without_declared_responses_there_is_no_check() -> None:
    assert bound(response_schema.bind_answer) is None
    assert bound(response_schema.report_answer) is None


def test_what_was_said_of_a_type_is_said_again_under_the_same_status_alone() -> None:
    problems = headers("application/problem+json", content_length="2")
    for _ in range(2):
        assert reported(200, problems, b"{}") == NO_TYPE
    sight = bound(response_schema.report_answer, *DECLARED)
    for status, said in ((200, NO_TYPE), (404, []), (503, NO_STATUS), (200, NO_TYPE), (404, []), (503, NO_STATUS)):
        exchange = call()
        sight.look(exchange, status, problems)
        assert said_of(exchange) == said, status


def test_an_upstream_that_makes_up_types_is_judged_all_the_same() -> None:
    sight = bound(response_schema.report_answer, *DECLARED)
    for number in (*range(40), *range(40)):
        exchange = call()
        assert sight.look(exchange, 200, headers(f"text/x-{number}")) is None
        assert said_of(exchange) == NO_TYPE
        assert sight.look(call(), 200, headers(f'application/json; x="{"y" * number}"')) is not None
