import inspect
from dataclasses import replace
from typing import Any

import pytest

from policies import authentication
from policies.credentials.verified_tokens import VerifiedTokens
from policies.exchange import Exchange, Kept
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import (
    EC_PUBLIC,
    ISSUER,
    NOW,
    World,
    claims,
    compact,
    exchange,
    header,
    operation,
    version,
)

METADATA = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource/orders/v1"'


async def run(world: World, request: Exchange, stage: Any = None) -> Any:
    stage = stage or authentication.bind(version(), operation(), world.ports())
    verdict = stage(request)
    return await verdict if inspect.isawaitable(verdict) else verdict


async def challenge(world: World, request: Exchange) -> tuple[str, str]:
    verdict = await run(world, request)
    assert isinstance(verdict, Deny)
    assert verdict.policy == "authentication"
    assert verdict.problem.status == 401
    assert request.principal is None
    return verdict.problem.type.id, dict(verdict.problem.headers)["www-authenticate"]


async def test_a_good_token_makes_a_principal() -> None:
    world, request = World(), exchange(compact(header(), claims()))
    assert await run(world, request) is ALLOW
    principal = request.principal
    assert principal is not None
    assert (principal.issuer, principal.client_id, principal.consumer) == (ISSUER, "acme-shop", "acme")
    assert principal.scopes == {"orders.read", "orders.write"}
    assert (principal.expires, principal.token_id, principal.subject) == (NOW + 600, "t-1", "acme-shop")


@pytest.mark.parametrize(
    "changes", [{"aud": ["https://other.example", "https://api.example"]}, {"nbf": NOW}, {"scope": ...}]
)
async def test_other_good_claims(changes: dict[str, Any]) -> None:
    assert await run(World(), exchange(compact(header(), claims(**changes)))) is ALLOW


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_case_insensitive(scheme: str) -> None:
    token = compact(header(), claims())
    assert await run(World(), exchange(authorization=f"{scheme} {token}")) is ALLOW


async def test_no_credentials_get_a_challenge_without_an_error_code() -> None:
    expected = ("credentials-missing", f"Bearer {METADATA}")
    assert await challenge(World(), exchange()) == expected
    assert await challenge(World(), exchange(authorization="Basic YTpi")) == expected


@pytest.mark.parametrize(
    ("audience", "uri"),
    [
        ("https://api.example", "https://api.example/.well-known/oauth-protected-resource/orders/v1"),
        ("https://a.example/b/c", "https://a.example/.well-known/oauth-protected-resource/b/c/orders/v1"),
        ('https://a.example/"x', "https://a.example/.well-known/oauth-protected-resource/%22x/orders/v1"),
    ],
)
def test_the_well_known_part_stands_between_host_and_path(audience: str, uri: str) -> None:
    assert authentication.resource_metadata(audience, version()) == f'resource_metadata="{uri}"'


async def test_a_token_in_the_query_is_not_read() -> None:
    request = exchange()
    request.query = b"access_token=" + compact(header(), claims()).encode()
    assert (await challenge(World(), request))[0] == "credentials-missing"


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer é", "Bearer a, Bearer b"]
)
async def test_what_is_no_token_is_an_invalid_one(value: str) -> None:
    assert await challenge(World(), exchange(authorization=value)) == (
        "token-invalid",
        f'Bearer error="invalid_token", {METADATA}',
    )


async def test_a_public_operation_has_no_stage() -> None:
    assert authentication.bind(version(), operation(public=True, scopes=()), World().ports()) is None


async def test_a_known_token_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world, token = World(), compact(header(), claims())
    stage = authentication.bind(version(), operation(), world.ports())
    assert await run(world, exchange(token), stage) is ALLOW
    monkeypatch.setattr(authentication, "read", lambda token: pytest.fail("read again"))
    second = exchange(token)
    assert await run(world, second, stage) is ALLOW
    assert second.principal is not None


async def test_a_known_token_ends_with_its_time() -> None:
    world, token = World(), compact(header(), claims())
    stage = authentication.bind(version(), operation(), world.ports())
    assert await run(world, exchange(token), stage) is ALLOW
    world.now = NOW + 599.9
    assert await run(world, exchange(token), stage) is ALLOW
    world.now = NOW + 600
    verdict = await run(world, exchange(token), stage)
    assert "expired" in verdict.problem.detail


@pytest.mark.parametrize("withdrawn", ["application", "issuer", "key"])
async def test_a_swap_of_the_access_part_ends_what_it_withdrew(withdrawn: str) -> None:
    world, token = World(), compact(header(), claims())
    stage = authentication.bind(version(), operation(), world.ports())
    assert await run(world, exchange(token), stage) is ALLOW
    match withdrawn:
        case "application":
            world.access.applications = {}
        case "issuer":
            world.keys.issuers = {}
        case "key":
            world.keys.known = {}
    world.access.generation += 1
    verdict = await run(world, exchange(token), stage)
    assert verdict.problem.type.id == "token-invalid"


async def test_tokens_are_shared_by_the_operations_of_one_snapshot() -> None:
    world, token = World(), compact(header(), claims())
    ports = world.ports()
    await run(world, exchange(token), authentication.bind(version(), operation(), ports))
    assert len(ports.tokens) == 1
    world.keys.known = {}
    assert await run(world, exchange(token), authentication.bind(version(), operation(id="other"), ports)) is ALLOW


async def test_an_unknown_key_is_fetched() -> None:
    world = World()
    world.keys.later[(ISSUER, "k2")] = EC_PUBLIC
    request = exchange(compact(header(kid="k2"), claims()))
    assert await run(world, request) is ALLOW
    assert request.principal is not None
    assert world.keys.fetches == 1


async def test_a_key_that_the_issuer_does_not_have() -> None:
    world = World()
    assert (await challenge(world, exchange(compact(header(kid="k9"), claims()))))[0] == "token-invalid"
    assert world.keys.fetches == 1


async def test_an_issuer_that_is_not_trusted_is_never_asked() -> None:
    world = World()
    token = compact(header(kid="k9"), claims(iss="https://evil.example"))
    assert (await challenge(world, exchange(token)))[0] == "token-invalid"
    assert world.keys.fetches == 0


async def test_an_issuer_that_is_down_is_an_outage() -> None:
    world = World()
    world.keys.down = True
    verdict = await run(world, exchange(compact(header(kid="k2"), claims())))
    assert verdict.problem.type.id == "issuer-unavailable"
    assert verdict.problem.status == 503
    assert dict(verdict.problem.headers) == {"retry-after": "10"}
    assert await run(world, exchange(compact(header(), claims()))) is ALLOW


async def test_a_swap_during_a_fetch_counts() -> None:
    """The application was withdrawn while its token waited for a key."""
    world = World()
    world.keys.later[(ISSUER, "k2")] = EC_PUBLIC
    stage = authentication.bind(version(), operation(), world.ports())
    assert stage is not None
    pending = stage(exchange(compact(header(kid="k2"), claims())))
    world.access.applications = {}
    world.access.generation += 1
    assert inspect.isawaitable(pending)
    assert isinstance(await pending, Deny)


async def test_an_unknown_client() -> None:
    token = compact(header(), claims(client_id="stranger"))
    assert (await challenge(World(), exchange(token)))[0] == "token-invalid"


async def test_no_refusal_and_no_repr_shows_the_token() -> None:
    world = World()
    ports = world.ports()
    stage = authentication.bind(version(), operation(), ports)
    good, bad = compact(header(), claims()), compact(header(), claims(aud="https://canary.example"))
    await run(world, exchange(good), stage)
    verdict = await run(world, exchange(bad), stage)
    shown = repr(verdict) + repr(ports) + repr(verdict.problem.body())
    for secret in (*good.split("."), *bad.split("."), "canary"):
        assert secret not in shown


async def test_who_was_found_for_the_same_fields_is_kept_with_them() -> None:
    """A listener gives requests with the very same fields one `Kept`: by it they are known, nothing is read."""
    world, token, kept = World(), compact(header(), claims()), Kept()
    ports = world.ports()
    stage = authentication.bind(version(), operation(), ports)

    async def verdict_by(kept: Kept, stage: Any, authorization: str) -> Any:
        request = exchange(authorization=authorization)
        request.kept = kept
        verdict = await run(world, request, stage)
        assert (request.principal is None) is (verdict is not ALLOW)
        return verdict

    assert isinstance(await verdict_by(kept, stage, "Bearer other"), Deny), "a refusal is not kept"
    for _ in range(2):  # verified, and known
        assert await verdict_by(kept, stage, f"Bearer {token}") is ALLOW
    assert await verdict_by(kept, stage, "Bearer other") is ALLOW
    assert isinstance(await verdict_by(Kept(), stage, "Bearer other"), Deny)
    others = replace(ports, tokens=VerifiedTokens())
    elsewhere = authentication.bind(version(), operation(), others)
    assert isinstance(await verdict_by(kept, elsewhere, "Bearer other"), Deny), "for another audience"
    world.access.generation += 1
    assert isinstance(await verdict_by(kept, stage, "Bearer other"), Deny), "after a swap"
    world.access.generation -= 1
    world.now = NOW + 600
    assert isinstance(await verdict_by(kept, stage, "Bearer other"), Deny), "when the token has expired"
