"""Who tries out credentials at the routes of Odoo's RPC waits, and nobody else does."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from contracts.operations import ApiKeyUse, OdooBackend
from policies import authentication
from policies.credentials.attempts import ADDRESS, API_KEY
from policies.exchange import Allowance, Exchange
from policies.limits.meter import Meter
from policies.verdict import ALLOW, Deny, Stage, Verdict
from tests.policies.credentials.test_api_key import PEPPER, KeyWorld, key, sent, text_of
from tests.support.policy_world import NOW, exchange, operation, version

GUARDED = OdooBackend("erp", "", "rpc", dialect="jsonrpc")
WRONG = text_of(environment="test")
"""The one key's id, with another text."""


def stage_of(world: KeyWorld, *, header: bool = True, **changes: Any) -> Stage:
    bound = operation(backend=GUARDED, api_key=ApiKeyUse("x-api-key", (("orders.read",),)) if header else None)
    ports = replace(world.ports(), key_plans=world.key_plans, key_pepper=PEPPER, **changes)
    stage = authentication.bind(version(bound), bound, ports)
    assert stage is not None
    return stage


async def said(stage: Stage, made: Exchange) -> str:
    """ "" where it is let through, else the problem."""
    verdict: Verdict | Awaitable[Verdict] = stage(made)
    found = await verdict if isinstance(verdict, Awaitable) else verdict
    assert isinstance(found, Deny) or found is ALLOW
    return found.problem.type.id if isinstance(found, Deny) else ""


async def fail(stage: Stage, times: int, **request: Any) -> None:
    for _ in range(times):
        assert await said(stage, sent(**request)) == "api-key-invalid"


async def test_a_key_that_is_guessed_at_is_not_looked_at_for_a_while() -> None:
    world = KeyWorld(key(expires=NOW + 3600))
    stage = stage_of(world)
    for number in range(API_KEY.quota):
        await fail(stage, 1, text=WRONG, peer=f"198.51.100.{number}")
    verdict = stage(sent(peer="203.0.113.9"))
    assert isinstance(verdict, Deny)
    assert (verdict.problem.type.id, verdict.problem.status) == ("too-many-attempts", 429)
    assert verdict.problem.headers == (("retry-after", "60"),)
    world.now += API_KEY.window
    assert await said(stage, sent(peer="203.0.113.9")) == ""


async def test_whoever_worked_there_before_goes_on() -> None:
    stage = stage_of(KeyWorld())
    assert await said(stage, sent(peer="192.0.2.1")) == ""
    await fail(stage, API_KEY.quota, text=WRONG, peer="198.51.100.1")
    assert await said(stage, sent(peer="192.0.2.1")) == ""
    assert await said(stage, sent(text=WRONG, peer="192.0.2.1")) == "too-many-attempts"
    assert await said(stage, sent(peer="192.0.2.2")) == "too-many-attempts"


async def test_an_address_that_tries_many_waits_for_all_of_them() -> None:
    stage = stage_of(KeyWorld())
    await fail(stage, ADDRESS.quota, text="no key at all", peer="198.51.100.1")
    assert await said(stage, sent(peer="198.51.100.1")) == "too-many-attempts"
    assert await said(stage, sent(peer="198.51.100.2")) == ""


async def test_of_ipv6_a_network_is_one_address() -> None:
    stage = stage_of(KeyWorld())
    for number in range(ADDRESS.quota):
        await fail(stage, 1, text="no key at all", peer=f"2001:db8::{number:x}")
    assert await said(stage, sent(peer="2001:db8::ffff")) == "too-many-attempts"
    assert await said(stage, sent(peer="2001:db8:0:1::1")) == ""


async def test_tokens_count_too_and_no_token_does_not() -> None:
    stage = stage_of(KeyWorld(), header=False)
    for _ in range(2 * ADDRESS.quota):
        assert await said(stage, exchange()) == "credentials-missing"
    for _ in range(ADDRESS.quota):
        assert await said(stage, exchange("no.such.token")) == "token-invalid"
    assert await said(stage, exchange("no.such.token")) == "too-many-attempts"


async def test_what_is_counted_elsewhere_counts() -> None:
    """With a limiter that answers later, as one that workers share does."""
    world = KeyWorld()

    class Shared:
        async def take(self, meter: Meter, cost: int) -> Allowance:
            await asyncio.sleep(0)
            return world.limiter.take(meter, cost)

    one, other = stage_of(world, limiter=Shared()), stage_of(world, limiter=Shared())
    await fail(one, API_KEY.quota - 1, text=WRONG)
    await fail(other, 1, text=WRONG)
    assert await said(other, sent(peer="203.0.113.9")) == "too-many-attempts"
    await fail(one, 1, text=WRONG)
    assert await said(one, sent(text=WRONG)) == "too-many-attempts"


async def test_other_operations_are_as_they_were() -> None:
    world = KeyWorld()
    for _ in range(2 * ADDRESS.quota):
        refused = world.call(sent(text=WRONG))
        assert isinstance(refused, Deny)
        assert refused.problem.type.id == "api-key-invalid"
