from collections.abc import Awaitable
from typing import Any

import http_sf
import pytest

from contracts.snapshot import RateLimit, Subscription
from policies import rate_limit
from policies.exchange import Exchange, Principal
from policies.limits.meter import Meter
from policies.limits.settings import RateLimitConfig
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
