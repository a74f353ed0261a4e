"""A policy that cannot do its work lets nothing through: no request on which it fails, and no version at all with
settings that it does not take."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import pytest

from contracts.policy_settings import PolicyUse
from gateway.admin import Admin
from gateway.telemetry.metrics import REFUSALS
from policies.exchange import Exchange
from policies.policy import Phase, Policy, PolicyConfig
from policies.verdict import ALLOW, Stage, Verdict
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot
from tests.support.plugins import plugged_in


class Room(PolicyConfig, frozen=True):
    """For a test."""

    most: Annotated[int, msgspec.Meta(ge=1)] = 3
    """Guests, at most."""


def fails(_exchange: Exchange) -> Verdict:
    raise RuntimeError("out of luck")


async def fails_later(_exchange: Exchange) -> Verdict:
    raise RuntimeError("out of luck")


def guard(stage: Stage, phase: Phase = Phase.HEAD) -> Policy[Room]:
    return Policy(id="guard", why="x", failure="x", config=Room, phase=phase, bind=lambda *_: stage)


def guarded(world: Gateway, **use: Any) -> Any:
    uses = (PolicyUse("guard", sources=("ostiary.yaml#/policies/guard",), **use),)
    named = tuple(msgspec.structs.replace(each, policies=uses) for each in operations())
    return snapshot(orders(*named), orders(api="more", base_path="/more/v1"), port=world.upstream.port, serial=2)


@pytest.mark.parametrize("phase", [Phase.HEAD, Phase.BODY], ids=lambda phase: phase.value)
@pytest.mark.parametrize("stage", [fails, fails_later], ids=["at once", "later"])
@pytest.mark.parametrize("mode", ["enforce", "report"])
async def test_a_request_on_which_a_policy_fails_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    phase: Phase,
    stage: Callable[[Exchange], Verdict | Awaitable[Verdict]],
    mode: Any,
) -> None:
    with plugged_in(monkeypatch, guard(stage, phase)):
        async with gateway(tmp_path) as world:
            world.adopt(guarded(world, mode=mode))
            answer = await world.ask("POST", "/orders/v1/orders", b'{"sku": "a"}', Content_Type="application/json")
            (line,) = await world.logged()
            counted = {row for each, rows in world.counting.samples() if each is REFUSALS for row in rows}
            reached = world.upstream.seen
    document = problem_of(answer)
    assert (answer.status, document["type"], document["policy"]) == (
        500,
        "urn:ostiary:problem:policy-failed",
        "guard",
    )
    assert b"luck" not in answer.body
    assert (line["decision"], line["policy"], line["problem"]) == ("refused", "guard", "policy-failed")
    assert counted == {(("orders", "v1", "placeOrder", "guard", "policy-failed"), 1)}
    assert reached == []


async def test_a_version_with_settings_that_cannot_be_is_not_started_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged_in(monkeypatch, guard(lambda exchange: ALLOW)):
        async with gateway(tmp_path) as world:
            world.adopt(guarded(world, config={"most": 5}))
            world.adopt(guarded(world, config={"most": 0}))
            kept = await world.ask("GET", "/orders/v1/orders")
            status = await status_of(world)
    # The last good form goes on, and the other API is not concerned.
    assert kept.status == 200
    assert list(status["rejected"]) == ["orders/v1"]
    reason = status["rejected"]["orders/v1"]
    assert "the policy 'guard': Expected `int` >= 1 - at `$.most`" in reason
    assert "(set in ostiary.yaml#/policies/guard)" in reason


async def test_a_policy_that_fails_when_it_is_bound_is_named_with_where_it_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bind(config: Room, *_: Any) -> Stage:
        if config.most == 13:
            raise KeyError("nobody")
        return lambda exchange: ALLOW

    policy = Policy(id="guard", why="x", failure="x", config=Room, phase=Phase.HEAD, bind=bind)
    with plugged_in(monkeypatch, policy):
        async with gateway(tmp_path) as world:
            world.adopt(guarded(world))
            world.adopt(guarded(world, config={"most": 13}))
            kept = await world.ask("GET", "/orders/v1/orders")
            status = await status_of(world)
    assert kept.status == 200
    reason = status["rejected"]["orders/v1"]
    assert "the policy 'guard' cannot be bound to 'listOrders': KeyError: 'nobody'" in reason
    assert reason.endswith("(set in ostiary.yaml#/policies/guard)")


async def test_a_version_that_was_never_good_is_not_served(tmp_path: Path) -> None:
    """Here because of a policy that this gateway does not have."""
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(orders(api="more", base_path="/more/v1"), port=world.upstream.port, serial=2))
        world.adopt(guarded(world))
        refused = await world.ask("GET", "/orders/v1/orders")
        status = await status_of(world)
        reached = world.upstream.seen
    assert problem_of(refused)["type"] == "urn:ostiary:problem:route-not-found"
    assert (
        "no policy 'guard' is installed (set in ostiary.yaml#/policies/guard)" in status["rejected"]["orders/v1"]
    )
    assert reached == []


async def status_of(world: Gateway) -> dict[str, Any]:
    """What the admin listener says of the snapshot."""
    admin = Admin(lambda: world.pipeline.runtime, dict, lambda: iter(()))
    port = await admin.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/status") as answer:
            found: dict[str, Any] = await answer.json()
            return found.get("snapshot", found)
    finally:
        await admin.close()
