"""What an answer tells of decisions, whoever wrote it."""

from datetime import UTC, datetime

import pytest

from catalog.trying.reading import LimitLeft, decisions_of
from contracts.problems import problem

GOOD = (
    ("X-Request-Id", "r-12345678"),
    ("RateLimit-Policy", '"burst";q=20;w=1, "day";q=500;w=86400'),
    ("RateLimit", '"burst";r=19;t=1'),
    ("Deprecation", "@1767225600"),
    ("Sunset", "Wed, 30 Jun 2027 23:59:59 GMT"),
    ("Link", '<https://docs.example/v1>; rel="deprecation"; type="text/html"'),
    ("Link", '</orders/v2>; rel="successor-version"'),
)


def test_all_that_a_caller_could_read() -> None:
    told = decisions_of(GOOD, b"")
    assert told.request_id == "r-12345678"
    assert told.limits == (LimitLeft("burst", 20, 1, 19, 1), LimitLeft("day", 500, 86400, None, None))
    assert told.deprecation == datetime(2026, 1, 1, tzinfo=UTC)
    assert told.sunset == datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert (told.documentation, told.successor) == ("https://docs.example/v1", "/orders/v2")
    assert told.problem is None


def test_a_problem_is_explained() -> None:
    body = problem("quota-exceeded", "The limit day is used up.").body("urn:x", "rate-limit")
    told = decisions_of((("content-type", "application/problem+json"),), body).problem
    assert told is not None
    assert (told.type, told.policy, told.detail) == ("quota-exceeded", "rate-limit", "The limit day is used up.")
    assert "Retry-After" in told.advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RateLimit", ";;;"),
        ("RateLimit-Policy", "ü"),
        ("Deprecation", "@x"),
        ("Deprecation", "@99999999999999999999"),
        ("Sunset", "soon"),
        ("Link", '<javascript:alert(1)>; rel="successor-version"'),
        ("Link", "<"),
    ],
)
def test_what_is_malformed_is_nothing(name: str, value: str) -> None:
    assert decisions_of(((name, value),), b"") == decisions_of((), b"")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"type":"urn:another"}', b'{"type":["x"]}'])
def test_what_is_no_problem_of_ours_is_none(body: bytes) -> None:
    assert decisions_of((("content-type", "application/problem+json"),), body).problem is None
