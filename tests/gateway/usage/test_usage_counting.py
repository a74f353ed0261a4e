"""What is counted of exchanges: calls by status, and what their requests had, never what a client made up."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from contracts.operations import HttpBackend, MediaType, Operation, Parameter, RequestBody, Response
from contracts.packed import at_once
from contracts.problems import problem
from contracts.usage.batch import MAX_ROWS, Row, Tally
from gateway.usage.counting import SAMPLED, WALKED, UsageCounting
from gateway.usage.packing import batch_of, rows_of
from policies.exchange import Exchange, Labels, Principal
from tests.support.policy_world import exchange, version

PLACE = Operation(
    "placeOrder",
    "POST",
    "/orders",
    "/x",
    HttpBackend("shop"),
    parameters=(
        Parameter("status", "query", "form", True, {"type": "array", "items": {"enum": ["open", "void"]}}),
        Parameter("limit", "query", "form", True, {"type": "integer"}),
        Parameter("X-Mode", "header", "simple", False, {"enum": ["fast", 1, True]}),
        Parameter("theme", "cookie", "form", True, {"type": "string"}),
    ),
    body=RequestBody(
        False,
        (
            MediaType(
                "application/json",
                {
                    "properties": {
                        "state": {"enum": ["draft", 1, 2.5, None]},
                        "lines": {"items": {"properties": {"sku": {"type": "string"}}}},
                    }
                },
            ),
        ),
    ),
    responses=(Response("201"), Response("4XX")),
)
LABELS = Labels(version(PLACE), PLACE)


def principal(name: str = "web-shop") -> Principal:
    return Principal("issuer", name, name, "acme", frozenset(), 1e12, "t", {})


def call(
    status: int = 201,
    *,
    who: str | None = "web-shop",
    labels: Labels | None = LABELS,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    **changes: Any,
) -> Exchange:
    made = exchange()
    made.labels = labels
    made.principal = None if who is None else principal(who)
    made.status = status
    made.received_at, made.ended_at = 100.0, 100.2
    made.parameters = {"path": {}, "query": {}, "header": {}, **(parameters or {})}
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def rows(counting: UsageCounting) -> list[Row]:
    return [row for row in rows_of(counting.take(), 1_000.0) if row is not None]


def row(counting: UsageCounting) -> Row:
    (found,) = rows(counting)
    return found


def seen(counting: UsageCounting) -> dict[str, int]:
    """What was seen, as `kind name value`."""
    return {f"{each.kind} {each.name} {each.value}".strip(): each.calls for each in row(counting).seen}


def test_calls_are_told_by_status_with_duration_and_bytes() -> None:
    counting = UsageCounting()
    for status in (201, 201, 404, 429, 502, 499, 299, 799):
        counting.record(call(status, bytes_in=10))
    broken = call(201)
    broken.refusal = problem("upstream-timeout", "It broke off.")
    counting.record(broken)
    told = row(counting)
    assert (told.api, told.version, told.operation) == ("orders", "v1", "placeOrder")
    assert (told.application, told.consumer, told.first, told.last) == ("web-shop", "acme", 1100, 1100)
    tenth = (0, 0, 1, 0, 0)
    twice = (0, 0, 2, 0, 0)
    assert set(told.tallies) == {
        Tally("201", 2, 400_000, 20, twice),
        Tally("2xx", 1, 200_000, 10, tenth),
        Tally("4xx", 2, 400_000, 20, twice),
        Tally("499", 1, 200_000, 10, tenth),
        Tally("5xx", 1, 200_000, 10, tenth),
        Tally("other", 1, 200_000, 10, tenth),
        Tally("aborted", 1, 200_000, 0, tenth),
    }


def test_what_was_taken_is_counted_no_more() -> None:
    counting = UsageCounting()
    counting.record(call())
    assert len(rows(counting)) == 1
    assert rows(counting) == []


def test_parameters_are_told_by_name_and_enumerated_values_by_value() -> None:
    counting = UsageCounting()
    sent = {
        "query": {"status": ["open", "open"], "limit": 7},
        "header": {"X-Mode": "fast"},
        "cookie": {"theme": "canary"},
    }
    counting.record(call(parameters=sent))
    counting.record(call(parameters={"query": {"limit": 8}, "header": {"X-Mode": True}}))
    counting.record(call())
    assert seen(counting) == {
        "accepted": 3,
        "query status": 1,
        "query status/*": 1,
        'query status/* "open"': 1,
        "query limit": 2,
        "header x-mode": 2,
        'header x-mode "fast"': 1,
        "header x-mode true": 1,
        "cookie theme": 1,
    }


def test_places_of_a_body_are_told_and_what_a_client_made_up_is_not() -> None:
    counting = UsageCounting()
    body = {"state": "draft", "lines": [{"sku": "canary"}, {"sku": "canary", "canary": "canary"}], "canary": 1}
    counting.record(call(body_value=body, bytes_in=50))
    counting.record(call(body_value={"state": 1.0}, bytes_in=50))
    counting.record(call(body_value={"state": "canary", "lines": "canary"}, bytes_in=50))
    counting.record(call(body_value=None, bytes_in=4))
    counting.record(call())
    assert seen(counting) == {
        "accepted": 5,
        "body": 4,
        "body /state": 3,
        'body /state "draft"': 1,
        "body /state 1": 1,
        "body /lines": 2,
        "body /lines/*": 1,
        "body /lines/*/sku": 1,
        "body /lines/*/*": 1,
        "body /*": 1,
    }


@pytest.mark.parametrize(("policy", "accepted"), [("request-schema", False), ("upstream", True)])
def test_of_a_request_that_its_contract_refuses_only_the_call_counts(policy: str, accepted: bool) -> None:
    counting = UsageCounting()
    refused = call(422, parameters={"query": {"limit": 1}}, refused_by=policy)
    refused.refusal = problem("schema-violation", "")
    counting.record(refused)
    told = row(counting)
    assert told.tallies[0].calls == 1
    assert bool(told.seen) is accepted


def test_a_request_that_was_refused_before_it_was_read_has_nothing_seen() -> None:
    counting = UsageCounting()
    unread = call(429, refused_by="rate-limit")
    unread.parameters = {}
    counting.record(unread)
    assert row(counting).seen == ()


def test_who_proves_nothing_is_counted_only_where_nobody_has_to() -> None:
    counting = UsageCounting()
    counting.record(call(401, who=None, operation=PLACE, refused_by="authentication"))
    counting.record(call(503, who=None, operation=PLACE, refused_by="overload"))
    counting.record(call(404, labels=None))
    assert rows(counting) == []
    counting.record(call(200, who=None, operation=msgspec.structs.replace(PLACE, public=True)))
    told = row(counting)
    assert (told.application, told.consumer) == ("", "")


def test_many_like_bodies_are_sampled_and_few_are_all_seen() -> None:
    counting = UsageCounting()
    beyond = 3 * SAMPLED
    for _ in range(WALKED + beyond):
        counting.record(call(body_value={"state": "draft"}, bytes_in=50))
    assert seen(counting)["body /state"] == WALKED + beyond
    for number in range(WALKED + SAMPLED + 1):
        state = {"state": "draft"} if number == WALKED + SAMPLED - 1 else {"lines": []}
        counting.record(call(body_value=state, bytes_in=50))
    found = seen(counting)
    assert (found["body /lines"], found["body /state"], found["accepted"]) == (
        WALKED,
        SAMPLED,
        WALKED + SAMPLED + 1,
    )
    for number in range(WALKED):  # the next interval looks again
        counting.record(call(body_value={"state" if number == WALKED - 1 else "lines": []}, bytes_in=50))
    assert seen(counting)["body /state"] == 1


def test_where_an_interval_is_not_taken_bodies_are_looked_at_anew() -> None:
    counting = UsageCounting()
    for number in range(2):
        for _ in range(WALKED):
            counting.record(call(body_value={"state" if number else "lines": []}, bytes_in=50))
        counting.look_again()
    assert seen(counting)["body /state"] == WALKED


def test_callers_are_counted_apart_up_to_a_number() -> None:
    counting = UsageCounting(most=2)
    for name in ("a", "b", "c", "a", "c"):
        counting.record(call(who=name))
    assert {each.application: each.tallies[0].calls for each in rows(counting)} == {"a": 2, "b": 1}
    assert counting.overflowed == 2
    counting.record(call(who="c"))
    assert [each.application for each in rows(counting)] == ["c"]


def test_what_a_full_interval_cannot_say_of_a_call_is_told_as_lost() -> None:
    counting = UsageCounting(most=3)
    known = {"query": {"limit": 7}, "header": {"X-Mode": "fast"}}
    counting.record(call(parameters={"query": {"limit": 7}}))
    counting.record(call(parameters=known))
    assert counting.overflowed == 1
    counting.record(call(parameters={"query": {"limit": 8}}))
    assert counting.overflowed == 1
    assert seen(counting) == {"accepted": 3, "query limit": 3, "header x-mode": 1}


def test_a_caller_is_kept_for_the_next_interval_but_one_and_nothing_of_what_was_told() -> None:
    counting = UsageCounting()
    first = call(502, parameters={"query": {"limit": 7}}, would_refuse=("response-schema",))
    counting.record(first)
    counting.record(call(201, bytes_in=10))
    (told,) = rows(counting)
    assert len(told.tallies) == 2
    assert rows(counting) == []
    late = call(201, parameters={"header": {"X-Mode": "new"}}, bytes_in=3)
    late.received_at, late.ended_at = 200.0, 200.0
    counting.record(late)
    (told,) = rows(counting)
    assert (told.first, told.last) == (1200, 1200)
    assert told.tallies == (Tally("201", 1, 0, 3, (1, 0, 0, 0, 0)),)
    assert {(each.kind, each.name): each.calls for each in told.seen} == {
        ("accepted", ""): 1,
        ("header", "x-mode"): 1,
        ("body", ""): 1,
    }


def test_who_does_not_call_again_leaves_its_room_to_others() -> None:
    counting = UsageCounting(most=2)
    counting.record(call(who="a", parameters={"query": {"limit": 7}}))
    for _ in range(4):
        rows(counting)
    counting.record(call(who="b", parameters={"query": {"limit": 7}}))
    assert seen(counting) == {"accepted": 1, "query limit": 1}
    assert counting.overflowed == 0


def test_what_a_caller_sends_no_more_leaves_its_room_to_what_it_sends() -> None:
    counting = UsageCounting(most=2)
    counting.record(call(parameters={"query": {"limit": 7}}))
    for _ in range(2):
        rows(counting)
        rows(counting)
        counting.record(call(parameters={"header": {"X-Mode": "new"}}))
    assert seen(counting) == {"accepted": 1, "header x-mode": 1}
    assert counting.overflowed == 1


def test_an_operation_that_was_bound_anew_is_told_in_one_row() -> None:
    counting = UsageCounting()
    counting.record(call(parameters={"query": {"limit": 1}}))
    again = Labels(version(PLACE), PLACE)
    late = call(labels=again, parameters={"query": {"limit": 1}})
    late.ended_at = 107.0
    counting.record(late)
    told = row(counting)
    assert (told.tallies[0].calls, told.first, told.last) == (2, 1100, 1107)
    assert {each.name: each.calls for each in told.seen} == {"": 2, "limit": 2}


def test_batches_hold_so_many_rows() -> None:
    counting = UsageCounting()
    for number in range(MAX_ROWS + 1):
        counting.record(call(who=f"shop-{number}"))
    rows = rows_of(counting.take(), 0.0)
    assert [len(at_once(batch_of(rows))) for _ in range(3)] == [MAX_ROWS, 1, 0]
    large = UsageCounting()
    body = {"state": "draft", "lines": [{"sku": "a"}]}
    for number in range(1_000):
        large.record(call(who="x" * 200 + str(number), body_value=body, bytes_in=9))
    rows = rows_of(large.take(), 0.0)
    first, second = at_once(batch_of(rows)), at_once(batch_of(rows))
    assert first
    assert len(first) + len(second) == 1_000
    assert second


def test_what_a_policy_would_have_refused_is_told_by_application() -> None:
    counting = UsageCounting()
    counting.record(call(would_refuse=("rate-limit", "network")))
    counting.record(call(would_refuse=("rate-limit", "response-schema")))
    assert seen(counting) == {
        "accepted": 2,
        "would-refuse rate-limit": 2,
        "would-refuse network": 1,
        "would-refuse response-schema": 1,
    }


def test_a_request_that_its_schema_would_have_refused_says_nothing_of_what_was_sent() -> None:
    counting = UsageCounting()
    counting.record(call(would_refuse=("request-schema",), parameters={"query": {"limit": "many"}}))
    assert seen(counting) == {"would-refuse request-schema": 1}
