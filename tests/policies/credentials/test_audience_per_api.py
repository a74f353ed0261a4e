"""Tokens that are for some APIs of the gateway alone (RFC 8707): known or not, they open no other."""

import inspect
from typing import Any

from contracts.operations import ApiVersion
from policies import authentication
from policies.exchange import Kept
from policies.ports import Ports
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import AUDIENCE, World, claims, compact, exchange, header, operation, version

ORDERS = version()
NEXT = version(version="v2", base_path="/orders/v2")
LONGER = version(version="v10", base_path="/orders/v10")
EVERYWHERE = compact(header(), claims(aud=AUDIENCE))
FOR_ORDERS = compact(header(), claims(aud=AUDIENCE + "/orders/v1"))
FOR_BOTH = compact(header(), claims(aud=[AUDIENCE + "/orders/v1", AUDIENCE + "/orders/v2"]))


async def opens(token: str, api: ApiVersion, ports: Ports, kept: Kept | None = None) -> bool:
    """By an operation that is bound anew. A refusal is one of an invalid token, for its audience."""
    return await opens_by(authentication.bind(api, operation(), ports), token, kept)


async def opens_by(stage: Any, token: str, kept: Kept | None = None) -> bool:
    request = exchange(token)
    request.kept = kept
    verdict = stage(request)
    if inspect.isawaitable(verdict):
        verdict = await verdict
    assert (request.principal is not None) is (verdict is ALLOW)
    if isinstance(verdict, Deny):
        assert verdict.problem.status == 401
        assert verdict.problem.detail.endswith("it was issued for another audience.")
        assert 'error="invalid_token"' in dict(verdict.problem.headers)["www-authenticate"]
    return verdict is ALLOW


async def test_whoever_sees_it_first() -> None:
    for first, second in ((ORDERS, NEXT), (NEXT, ORDERS)):
        ports = World().ports()
        for api in (first, second, first, second):
            assert await opens(FOR_ORDERS, api, ports) is (api is ORDERS)


async def test_the_public_url_is_all_of_them() -> None:
    ports = World().ports()
    for api in (ORDERS, NEXT, LONGER):
        assert await opens(EVERYWHERE, api, ports)


async def test_a_token_for_several() -> None:
    ports = World().ports()
    for _ in range(2):
        assert [await opens(FOR_BOTH, each, ports) for each in (ORDERS, NEXT, LONGER)] == [True, True, False]


async def test_only_the_very_resource() -> None:
    ports = World().ports()
    for audience in (
        "/orders",
        "/orders/",
        "/orders/v1/",
        "/orders/v",
        "/ORDERS/v1",
        "/orders/v1#a",
        "/orders/v1?",
    ):
        assert not await opens(compact(header(), claims(aud=AUDIENCE + audience)), ORDERS, ports)
    assert not await opens(FOR_ORDERS, LONGER, ports)


async def test_a_connection_on_which_it_is_known_has_other_apis_too() -> None:
    """Requests with the very same fields share what was found out of them, whatever they ask for."""
    ports, kept = World().ports(), Kept()
    orders, other = (authentication.bind(each, operation(), ports) for each in (ORDERS, NEXT))
    for stage in (orders, orders, other, orders, other, other, orders):
        assert await opens_by(stage, FOR_ORDERS, kept) is (stage is orders)
    for stage in (orders, other, other):
        assert await opens_by(stage, EVERYWHERE, Kept())


async def test_two_operations_of_one_version_take_turns() -> None:
    ports, kept = World().ports(), Kept()
    stages = [authentication.bind(ORDERS, operation(id=name), ports) for name in ("a", "b")]
    for stage in stages * 3:
        assert await opens_by(stage, FOR_ORDERS, kept)


async def test_a_token_for_all_costs_a_known_connection_nothing_but_a_look() -> None:
    """It is known by the mark that all operations share, so that none has to find it again."""
    ports, kept = World().ports(), Kept()
    first, second = (authentication.bind(each, operation(), ports) for each in (ORDERS, NEXT))
    for stage in (first, first):  # verified, and known
        assert await opens_by(stage, EVERYWHERE, kept)
    assert kept.mark is ports.tokens.mark
    assert await opens_by(second, "not even looked at", kept)
