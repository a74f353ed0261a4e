"""Signing keys over a real catalog: they follow each other, and one can be withdrawn."""

from pathlib import Path
from typing import Any

import jwt
import pytest

from catalog.clock import DAY
from catalog.oauth.keys.schedule import AHEAD, OVERLAP
from catalog.oauth.token_client import TokenError, request_token
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from contracts.access import AccessPart
from contracts.snapshot import assemble
from policies.credentials.revocation import Revocations
from tests.catalog.serving import World, serving

SECURITY = Principal("vera", {"security": frozenset({"security"})})
OWNER = Principal("ines", {"sales": frozenset({"api-owner"})})


async def token_of(world: World) -> str:
    secret = (await world.ledger.issue("web-shop", actor="test")).secret
    return str((await request_token(world.url, "web-shop", secret))["access_token"])


def signer_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def jwks(world: World) -> list[str]:
    async with world.session.get(world.url + "/oauth/jwks") as response:
        return [key["kid"] for key in (await response.json(content_type=None))["keys"]]


async def access(world: World) -> AccessPart:
    """What gateways are told."""
    current = world.publisher.current
    assert current is not None
    parts = {
        digest: await world.table.part(digest) for digest in (current.manifest.contracts, current.manifest.access)
    }
    return assemble(current.manifest, {name: data for name, data in parts.items() if data is not None}).access


async def published(world: World) -> list[str]:
    [issuer] = (await access(world)).issuers
    return [key["kid"] for key in issuer.jwks["keys"]]


async def test_the_first_key_is_recorded_and_nothing_is_published_anew(world: World) -> None:
    before = world.publisher.current
    await world.catalog.signing.round()
    assert world.publisher.current == before
    [record] = world.catalog.signing.records
    assert record.kid == world.keys.oauth.kid
    await world.catalog.signing.round()
    assert world.catalog.signing.records == (record,)


async def test_keys_follow_each_other_by_the_calendar_with_an_overlap(world: World) -> None:
    desk = world.catalog.signing
    await desk.round()
    first = signer_of(await token_of(world))
    world.now += 89 * DAY  # a day before its time is over
    await desk.round()
    second = desk.records[-1].kid
    assert await jwks(world) == await published(world) == [first, second]
    assert signer_of(await token_of(world)) == first
    world.now += AHEAD
    assert signer_of(await token_of(world)) == second
    assert await jwks(world) == [first, second]
    world.now += OVERLAP
    await desk.round()
    assert await jwks(world) == await published(world) == [second]
    assert [path.stem for path in (world.keys.directory.parent / "signing-keys").iterdir()] == [second]
    assert not (world.keys.directory / "oauth.jwk").exists()


async def test_a_member_rotates_in_a_hurry(world: World) -> None:
    desk = world.catalog.signing
    first = signer_of(await token_of(world))
    made = await desk.rotate(SECURITY, 0, "a colleague left")
    assert not isinstance(made, Refusal)
    assert signer_of(await token_of(world)) == made.kid
    assert await published(world) == [first, made.kid]


async def test_there_is_one_next_key(world: World) -> None:
    desk = world.catalog.signing
    made = await desk.rotate(SECURITY, 600, "planned")
    assert not isinstance(made, Refusal)
    again = await desk.rotate(SECURITY, 0, "twice")
    assert isinstance(again, Refusal)
    assert again.id == "state-conflict"
    assert len(list((world.keys.directory.parent / "signing-keys").iterdir())) == 1


async def test_a_withdrawn_key_is_refused_by_name_and_another_signs_at_once(world: World) -> None:
    desk = world.catalog.signing
    token = await token_of(world)
    stolen = signer_of(token)
    done = await desk.end(SECURITY, stolen, "its file was copied", withdrawn=True)
    assert not isinstance(done, Refusal)
    assert signer_of(await token_of(world)) == done.signing.kid != stolen
    part = await access(world)
    assert [key["kid"] for key in part.issuers[0].jwks["keys"]] == [done.signing.kid]
    assert Revocations(part.revoked).has_withdrawn(world.url, stolen)
    assert not (world.keys.directory / "oauth.jwk").exists()
    # For good: whoever has the private half writes tokens that end when they like.
    world.now += 400 * DAY
    await world.catalog.signing.round()
    assert Revocations((await access(world)).revoked).has_withdrawn(world.url, stolen)


async def test_the_key_that_signs_is_not_retired_but_an_older_one_is(world: World) -> None:
    desk = world.catalog.signing
    first = signer_of(await token_of(world))
    refused = await desk.end(SECURITY, first, "tidy", withdrawn=False)
    assert isinstance(refused, Refusal)
    await desk.rotate(SECURITY, 0, "tidy")
    done = await desk.end(SECURITY, first, "tidy", withdrawn=False)
    assert not isinstance(done, Refusal)
    assert await published(world) == [done.signing.kid]
    assert (await access(world)).revoked is None


@pytest.mark.parametrize("act", ["rotate", "withdraw"])
async def test_only_security_members_and_operators_touch_keys(world: World, act: str) -> None:
    desk = world.catalog.signing
    kid = signer_of(await token_of(world))
    refused: Any
    if act == "rotate":
        refused = await desk.rotate(OWNER, 0, "why not")
    else:
        refused = await desk.end(OWNER, kid, "why not", withdrawn=True)
    assert isinstance(refused, Refusal)
    assert refused.id == "role-missing"
    assert await published(world) == [kid]


async def test_a_catalog_that_starts_again_signs_with_the_key_of_the_store(tmp_path: Path) -> None:
    async with serving(tmp_path) as world:
        made = await world.catalog.signing.rotate(SECURITY, 0, "before a restart")
        assert not isinstance(made, Refusal)
    async with serving(tmp_path) as world:
        await world.catalog.oauth.keys.refresh(world.store)
        assert signer_of(await token_of(world)) == made.kid


async def test_without_its_file_an_older_key_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as world:
        first = signer_of(await token_of(world))
        made = await world.catalog.signing.rotate(SECURITY, 0, "planned")
        assert not isinstance(made, Refusal)
    (tmp_path / "signing-keys" / f"{made.kid}.jwk").unlink()
    async with serving(tmp_path) as world:
        await world.catalog.oauth.keys.refresh(world.store)
        assert signer_of(await token_of(world)) == first


async def test_without_any_file_a_new_key_is_made(tmp_path: Path) -> None:
    async with serving(tmp_path) as world:
        made = await world.catalog.signing.rotate(SECURITY, 0, "planned")
        assert not isinstance(made, Refusal)
    (tmp_path / "signing-keys" / f"{made.kid}.jwk").unlink()
    async with serving(tmp_path) as world:
        world.now += 2 * OVERLAP  # the first key has ended
        await world.catalog.oauth.keys.refresh(world.store)
        secret = (await world.ledger.issue("web-shop", actor="test")).secret
        with pytest.raises(TokenError):
            await request_token(world.url, "web-shop", secret)
        await world.catalog.signing.round()
        signer = signer_of(await token_of(world))
        assert signer not in (made.kid, world.keys.oauth.kid)
        assert signer in await published(world)


async def test_another_key_in_the_first_ones_file_takes_over(tmp_path: Path) -> None:
    async with serving(tmp_path) as world:
        await world.catalog.signing.round()
        before = world.keys.oauth.kid
    (tmp_path / "keys" / "oauth.jwk").unlink()
    async with serving(tmp_path) as world:
        await world.catalog.signing.round()
        assert signer_of(await token_of(world)) == world.keys.oauth.kid != before
        assert await published(world) == [before, world.keys.oauth.kid]


async def test_where_no_key_can_be_written_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "signing-keys").write_text("in the way")
    async with serving(tmp_path) as world:
        await world.catalog.signing.round()
        kid = signer_of(await token_of(world))
        for refused in (
            await world.catalog.signing.rotate(SECURITY, 0, "planned"),
            await world.catalog.signing.end(SECURITY, kid, "copied", withdrawn=True),
        ):
            assert isinstance(refused, Refusal)
            assert "cannot be written" in refused.detail
        assert await published(world) == [kid] == [signer_of(await token_of(world))]
