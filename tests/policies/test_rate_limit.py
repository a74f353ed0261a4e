from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import http_sf
import pytest

from contracts.limits import RateLimit
from contracts.snapshot import Subscription
from policies import rate_limit
from policies.exchange import Exchange, Principal
from policies.limits.meter import Meter
from policies.limits.settings import LimitSetting, RateLimitConfig, check
from policies.policy import Setting
from policies.ports import Allowance
from policies.verdict import ALLOW, Deny, Stage
from tests.support.policy_world import ISSUER, NOW, World, exchange, operation, version


def called(client: str = "acme-shop", plan: str = "gold") -> Exchange:
    request = exchange()
    request.principal = Principal(ISSUER, client, client, "acme", frozenset(), NOW + 60, "t", {})
    request.subscription = Subscription("orders", "v1", plan, ())
    return request


def bound(world: World, name: str = "v1", api: str = "orders", **changes: Any) -> Stage:
    stage = rate_limit.bind(RateLimitConfig(), version(version=name, api=api), operation(**changes), world.ports())
    assert stage is not None
    return stage


def test_every_answer_tells_the_limits_and_what_is_left() -> None:
    world, request = World(), called()
    assert bound(world)(request) is ALLOW
    assert request.answer_headers == [
        (b"ratelimit-policy", b'"burst";q=2;w=10, "daily";q=100;w=86400'),
        (b"ratelimit", b'"burst";r=1;t=10, "daily";r=99;t=86400'),
    ]
    assert [(state.name, state.remaining) for state in request.limits] == [("burst", 1), ("daily", 99)]


def test_the_fields_are_structured_fields_whatever_the_name() -> None:
    world, request = World(), called()
    world.plans = {"gold": (RateLimit('10% "off"\\', 5, 60),)}
    assert bound(world)(request) is ALLOW
    for _, value in request.answer_headers:
        parsed = http_sf.parse(value, tltype="list")
        assert parsed[0][0] == '10% "off"\\'


def test_one_over_the_limit() -> None:
    world = World()
    stage = bound(world)
    assert stage(called()) is ALLOW
    world.now += 3.5
    assert stage(called()) is ALLOW
    request = called()
    verdict = stage(request)
    assert isinstance(verdict, Deny)
    assert verdict.policy == "rate-limit"
    assert verdict.problem.status == 429
    assert verdict.problem.type.type_uri == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert verdict.problem.extensions == {"violated-policies": ["burst"]}
    assert dict(verdict.problem.headers) == {"retry-after": "7"}
    # A refusal takes nothing, of no limit.
    assert request.answer_headers[1] == (b"ratelimit", b'"burst";r=0;t=7, "daily";r=98;t=86397')


def test_waiting_as_long_as_told_is_enough() -> None:
    world = World()
    stage = bound(world)
    stage(called())
    world.now += 0.25
    stage(called())
    verdict = stage(called())
    assert isinstance(verdict, Deny)
    world.now += int(dict(verdict.problem.headers)["retry-after"])
    assert stage(called()) is ALLOW


def test_the_longest_of_the_violated_limits_is_to_be_waited_for() -> None:
    world = World()
    world.plans = {
        "gold": (RateLimit("burst", 1, 10), RateLimit("daily", 1, 86400), RateLimit("yearly", 9, 10**7))
    }
    stage = bound(world)
    stage(called())
    verdict = stage(called())
    assert isinstance(verdict, Deny)
    assert verdict.problem.extensions == {"violated-policies": ["burst", "daily"]}
    assert dict(verdict.problem.headers) == {"retry-after": "86400"}


def test_an_operation_costs_what_its_contract_says() -> None:
    world = World()
    request = called()
    assert bound(world, cost=2)(request) is ALLOW
    assert [state.remaining for state in request.limits] == [0, 98]
    assert isinstance(bound(world)(called()), Deny)


@pytest.mark.parametrize("other", [{"client": "other-shop"}, {"plan": "silver"}])
def test_another_application_and_another_plan_have_their_own_windows(other: dict[str, str]) -> None:
    world = World()
    world.plans = {name: (RateLimit("burst", 1, 10),) for name in ("gold", "silver")}
    stage = bound(world)
    assert stage(called()) is ALLOW
    assert isinstance(stage(called()), Deny)
    assert stage(called(**other)) is ALLOW


def test_another_version_has_its_own_windows_and_another_operation_has_not() -> None:
    world = World()
    world.plans = {"gold": (RateLimit("burst", 1, 10),)}
    assert bound(world)(called()) is ALLOW
    assert bound(world, api="partners")(called()) is ALLOW
    assert bound(world, "v2")(called()) is ALLOW
    assert isinstance(bound(world, id="getOrder")(called()), Deny)


def test_windows_outlive_a_new_snapshot() -> None:
    world = World()
    world.plans = {"gold": (RateLimit("burst", 1, 10),)}
    assert bound(world)(called()) is ALLOW
    assert isinstance(bound(world)(called()), Deny)


def test_a_plan_that_the_contracts_do_not_have_lets_nobody_through() -> None:
    verdict = bound(World())(called(plan="platinum"))
    assert isinstance(verdict, Deny)
    assert verdict.problem.status == 500


def test_a_plan_without_limits() -> None:
    world, request = World(), called()
    world.plans = {"gold": ()}
    assert bound(world)(request) is ALLOW
    assert request.answer_headers == []


async def test_a_limiter_that_has_to_wait() -> None:
    class Shared:
        async def take(self, meter: Meter, cost: int, /) -> Allowance:
            return await_me.take(meter, cost)

    world = World()
    await_me, world.limiter = world.limiter, Shared()  # type: ignore[assignment]
    stage = bound(world)
    verdicts = []
    for _ in range(3):
        request = called()
        pending = stage(request)
        assert isinstance(pending, Awaitable)
        verdicts.append(await pending)
        assert request.answer_headers
    assert verdicts[:2] == [ALLOW, ALLOW]
    assert isinstance(verdicts[2], Deny)


def test_a_public_operation_has_no_stage() -> None:
    assert (
        rate_limit.bind(RateLimitConfig(), version(), operation(public=True, scopes=()), World().ports()) is None
    )


def settings(**limits: LimitSetting) -> RateLimitConfig:
    return RateLimitConfig(limits=limits)


def public(world: World, config: RateLimitConfig) -> Stage | None:
    return rate_limit.bind(config, version(), operation(public=True, scopes=()), world.ports())


def asked(peer: str = "192.0.2.1") -> Exchange:
    request = exchange()
    request.peer = peer
    return request


def test_a_public_operation_is_limited_by_what_needs_no_caller() -> None:
    world = World()
    every = LimitSetting(limit="3/minute", by="operation")
    each = LimitSetting(limit="2/minute", by="address", window="sliding")
    whose = LimitSetting(limit="1/minute", by="consumer")
    stage = public(world, settings(every=every, each=each, whose=whose))
    assert stage is not None
    assert stage(asked()) is ALLOW
    request = asked()
    assert stage(request) is ALLOW
    assert request.answer_headers == [
        (b"ratelimit-policy", b'"every";q=3;w=60, "each";q=2;w=60'),
        (b"ratelimit", b'"every";r=1;t=60, "each";r=0;t=120'),
    ]
    refused = stage(asked())
    assert isinstance(refused, Deny)
    assert refused.problem.extensions == {"violated-policies": ["each"]}
    assert stage(asked("192.0.2.2")) is ALLOW
    refused = stage(asked("192.0.2.3"))
    assert isinstance(refused, Deny)
    assert refused.problem.extensions == {"violated-policies": ["every"]}


def test_limits_that_ask_who_calls_leave_a_public_operation_alone() -> None:
    assert public(World(), settings(whose=LimitSetting(limit="1/minute", by="consumer"))) is None


def test_limits_beside_those_of_the_plan_hold_with_them_and_count_what_they_name() -> None:
    world = World()
    config = settings(shared=LimitSetting(limit="3/minute", by="consumer"))
    stages = [
        rate_limit.bind(config, version(), operation(id=name), world.ports())
        for name in ("listOrders", "getOrder")
    ]
    for number in range(3):
        request, stage = called(client=f"app-{number}"), stages[number % 2]
        assert stage is not None
        assert stage(request) is ALLOW
    assert request.answer_headers[1] == (
        b"ratelimit",
        b'"burst";r=1;t=10, "daily";r=99;t=86400, "shared";r=0;t=60',
    )
    assert stages[1] is not None
    refused = stages[1](called(client="app-4"))
    assert isinstance(refused, Deny)
    assert refused.problem.extensions == {"violated-policies": ["shared"]}


def test_a_limit_of_a_plan_counts_what_is_under_that_plan() -> None:
    world = World()
    limit = RateLimit("team", 1, 60, by=("consumer",))
    world.plans = {"gold": (limit,), "silver": (limit,)}
    stage = bound(world)
    assert stage(called("one")) is ALLOW
    assert isinstance(stage(called("two")), Deny)
    assert stage(called("three", plan="silver")) is ALLOW


def test_a_limit_by_credential_knows_clients_of_one_application_apart() -> None:
    world = World()
    world.plans = {"gold": (RateLimit("each", 1, 60, by=("credential",)),)}
    stage = bound(world)

    def with_secret(name: str) -> Exchange:
        request = called()
        assert request.principal is not None
        request.principal = replace(request.principal, claims={"credential_id": name})
        return request

    assert stage(with_secret("a")) is ALLOW
    assert isinstance(stage(with_secret("a")), Deny)
    assert stage(with_secret("b")) is ALLOW


def test_the_window_of_a_calendar_is_as_long_as_the_month() -> None:
    world, request = World(), called()
    world.now = 1_709_247_600.0  # the 1st of March 2024 begins in Brussels; the month has a day of 23 hours
    world.plans = {
        "gold": (RateLimit("m", 9, 2_592_000, "calendar", period="month", time_zone="Europe/Brussels"),)
    }
    stage, length = bound(world), 31 * 86_400 - 3600
    assert stage(request) is ALLOW
    assert request.answer_headers == [
        (b"ratelimit-policy", f'"m";q=9;w={length}'.encode()),
        (b"ratelimit", f'"m";r=8;t={length}'.encode()),
    ]
    world.now += length
    april = called()
    assert stage(april) is ALLOW
    assert april.answer_headers[0] == (b"ratelimit-policy", b'"m";q=9;w=2592000')
    assert april.answer_headers[1] == (b"ratelimit", b'"m";r=8;t=2592000')


def test_a_limit_that_cannot_be_counted_and_holds_strictly_is_an_outage_of_ours() -> None:
    class Down:
        def take(self, meter: Meter, cost: int, /) -> Allowance:
            return Allowance((), [], undecided=("erp",))

    world, request = World(), called()
    world.limiter = Down()  # type: ignore[assignment]
    verdict = bound(world)(request)
    assert isinstance(verdict, Deny)
    assert (verdict.problem.status, verdict.problem.type.id) == (503, "limits-unavailable")
    assert dict(verdict.problem.headers) == {"retry-after": "1"}
    assert request.answer_headers == []


def test_of_limits_that_do_not_hold_meanwhile_nothing_is_said() -> None:
    class HalfDown:
        def take(self, meter: Meter, cost: int, /) -> Allowance:
            return Allowance(meter.limits[1:], [98, 86400])

    world, request = World(), called()
    world.limiter = HalfDown()  # type: ignore[assignment]
    assert bound(world)(request) is ALLOW
    assert request.answer_headers[1] == (b"ratelimit", b'"daily";r=98;t=86400')


@pytest.mark.parametrize(
    ("limit", "cost", "why"),
    [
        (LimitSetting(limit="5/second", by="api"), 6, "never gives the 6 units"),
        (LimitSetting(limit="50/second", by="api", window="gcra", burst=3), 4, "never gives the 4 units"),
        (LimitSetting(limit="50/second", by="api", window="gcra"), 1, "needs a burst"),
    ],
)
def test_what_is_wrong_with_settings(limit: LimitSetting, cost: int, why: str) -> None:
    (fault,) = check(Setting(settings(some=limit), "enforce"), version(), operation(cost=cost))
    assert fault.pointer == "/limits/some"
    assert why in fault.message
