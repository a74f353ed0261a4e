"""The sample of calls that failed: who gets a place in it, and what is kept of a call."""

from typing import Any

import pytest

from contracts.problems import problem
from contracts.usage.report import Failure
from gateway.usage.failures import Failures
from policies.exchange import Exchange
from tests.gateway.usage.test_usage_counting import call

ID = "5f0c2f7e9b1d4e6a"


def failed(status: int = 422, kind: str = "schema-violation", **changes: Any) -> Exchange:
    """A call that the gateway refused, or where there is no `kind` one that the upstream did."""
    refusal = {"refusal": problem(kind, ""), "refused_by": "request-schema"} if kind else {}
    return call(status, **{"request_id": ID, **refusal, **changes})


def kept(exchange: Exchange) -> Failure:
    failures = Failures()
    failures.record(exchange)
    ((failure,), beyond) = failures.take()
    assert beyond == 0
    return failure


def test_what_was_refused_is_kept_by_names_and_numbers() -> None:
    found = kept(failed(body=b'{"card": "4111"}', query=b"name=secret", peer="203.0.113.9"))
    assert (found.request_id, found.status, found.problem, found.policy) == (
        ID,
        422,
        "schema-violation",
        "request-schema",
    )
    assert (found.api, found.version, found.operation) == ("orders", "v1", "placeOrder")
    assert (found.application, found.consumer, found.milliseconds) == ("web-shop", "acme", 200)
    assert (found.upstream, found.aborted) == ("not-called", False)
    assert not any(word in repr(found) for word in ("4111", "secret", "203.0"))


def test_what_went_well_is_not() -> None:
    failures = Failures()
    for status in (101, 200, 304):
        failures.record(call(status, request_id=ID))
    assert failures.take() == ((), 0)


@pytest.mark.parametrize(
    ("exchange", "upstream", "aborted"),
    [
        (failed(404, "", upstream_sent_at=100.1, upstream_first_byte_at=100.15), "answered", False),
        (failed(504, "upstream-timeout", upstream_sent_at=100.1), "unanswered", False),
        (failed(503, "upstream-open", upstream_sent_at=100.1), "not-called", False),
        (
            failed(200, "upstream-malformed", upstream_sent_at=100.1, upstream_first_byte_at=100.15),
            "answered",
            True,
        ),
    ],
)
def test_it_is_told_what_the_upstream_had_to_do_with_it(exchange: Exchange, upstream: str, aborted: bool) -> None:
    found = kept(exchange)
    assert (found.upstream, found.aborted) == (upstream, aborted)


def test_one_application_leaves_room_for_others() -> None:
    failures = Failures(most=5, of_one=3)
    for _ in range(100):
        failures.record(failed())
    for who in ("analyst", None, "late"):
        failures.record(failed(401, "token-invalid", who=who))
    taken, beyond = failures.take()
    assert [each.application for each in taken] == ["web-shop"] * 3 + ["analyst", ""]
    assert beyond == 98
    failures.record(failed())
    assert len(failures.take()[0]) == 1


def test_what_never_had_a_route_is_kept_without_one() -> None:
    found = kept(failed(404, "route-not-found", labels=None, who=None, method="GE\x00T"))
    assert (found.api, found.operation, found.application, found.method) == ("", "", "", "")


def test_a_call_that_was_told_no_id_cannot_be_looked_for() -> None:
    failures = Failures()
    failures.record(failed(request_id=""))
    assert failures.take() == ((), 0)
