"""Answers against their contract: what is reported, and what is not looked at."""

import json
from typing import Any

import pytest

from contracts.operations import ApiVersion, HttpBackend, MediaType, Operation, Response
from policies import response_schema
from policies.exchange import Header
from policies.response_schema import ResponseCheck

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
JSON = (MediaType("application/json", ITEM),)


def bound(*responses: Response) -> ResponseCheck | None:
    operation = Operation("o", "GET", "/", "", HttpBackend("u"), responses=responses)
    return response_schema.bind(ApiVersion("a", "v1", "A", "t", "/a/v1", "r", (operation,)), operation)


def headers(content_type: str = "application/json", **rest: str) -> list[Header]:
    named = {"Server": "x", "Content-Type": content_type} | {
        key.replace("_", "-"): val for key, val in rest.items()
    }
    return [(name.encode(), value.encode()) for name, value in named.items() if value]


DECLARED = (
    Response("200", JSON),
    Response("201"),
    Response("4XX", (MediaType("application/problem+json", {"required": ["title"]}),)),
)


@pytest.mark.parametrize(
    ("status", "sent", "body", "wanted", "found"),
    [
        (200, headers(), b'{"id": 1}', True, []),
        (200, headers("application/json; charset=utf-8"), b'{"id": 1}', True, []),
        (200, headers(), b'{"id": "s3cr3t"}', True, [("body", "/id", "type")]),
        (200, headers(), b"{", True, [("body", "", "malformed-json")]),
        (200, headers("text/html"), b"<p>", True, [("header", "/content-type", "undeclared-media-type")]),
        (200, headers(""), b"", False, []),
        (200, headers(Content_Encoding="gzip"), b"\x1f", False, []),
        (200, headers(Content_Length="262145"), b"{}", False, [("body", "", "required")]),
        (200, headers(Content_Length="262144"), b"{}", True, [("body", "", "required")]),
        (201, headers(), b"{}", False, []),
        (404, headers("application/problem+json"), b"{}", True, [("body", "", "required")]),
        (204, headers(""), b"", True, [("status", "", "undeclared-status")]),
        (500, headers(), b"{}", True, [("status", "", "undeclared-status")]),
    ],
)
def test_reports(
    status: int, sent: list[Header], body: bytes, wanted: bool, found: list[tuple[str, str, str]]
) -> None:
    check = bound(*DECLARED)
    assert check is not None
    assert check.wants(status, sent) is wanted
    violations = check.check(status, sent, body)
    assert [(v.location, v.pointer, v.rule) for v in violations] == found
    assert "s3cr3t" not in repr(violations)


def test_the_exact_status_goes_before_its_range_and_that_before_the_default() -> None:
    def content(schema: Any) -> tuple[MediaType, ...]:
        return (MediaType("application/json", schema),)

    check = bound(
        Response("default", content({"const": "default"})),
        Response("4xx", content({"const": "range"})),
        Response("404", content({"const": "exact"})),
    )
    assert check is not None
    for status, text in ((404, "exact"), (400, "range"), (500, "default"), (200, "default")):
        assert check.check(status, headers(), json.dumps(text).encode()) == ()
        assert check.check(status, headers(), b'"other"') != ()


def test_an_answer_that_was_not_kept_is_judged_by_its_head() -> None:
    check = bound(*DECLARED)
    assert check is not None
    assert check.check(200, headers(), None) == ()
    assert [v.rule for v in check.check(200, headers("text/html"), None)] == ["undeclared-media-type"]


def test_without_declared_responses_there_is_no_check() -> None:
    assert bound() is None
