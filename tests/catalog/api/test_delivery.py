"""What a gateway sees: the manifest by long poll, the parts by digest, nothing without the token."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from catalog.publishing.access_texts import AccessTexts
from contracts import access_delta
from contracts.problems import CATALOGUE
from contracts.snapshot import SignedManifest, digest_of, verify
from tests.catalog.serving import GATEWAY_TOKEN, GOOD, WEB_SHOP, World, serving

TOKEN = {"authorization": f"Bearer {GATEWAY_TOKEN}"}


async def get(
    world: World, path: str, headers: dict[str, str] | None = None
) -> tuple[aiohttp.ClientResponse, bytes]:
    async with world.session.get(world.url + path, headers=TOKEN if headers is None else headers) as response:
        return response, await response.read()


async def test_a_gateway_fetches_a_whole_snapshot(world: World) -> None:
    response, body = await get(world, "/gateway/snapshot")
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    signed = msgspec.json.decode(body, type=SignedManifest)
    manifest = verify(signed, world.keys.snapshot.public_key())
    for digest in (manifest.contracts, manifest.access):
        response, data = await get(world, f"/gateway/parts/{digest}")
        assert response.status == 200
        assert digest_of(data) == digest
        assert "immutable" in response.headers["cache-control"]


async def test_a_gateway_is_told_what_an_access_part_has_otherwise_than_the_one_before(world: World) -> None:
    assert world.publisher.current is not None
    base = world.publisher.current.manifest.access
    old = (await get(world, f"/gateway/parts/{base}"))[1]
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    await world.publisher.publish()
    digest = world.publisher.current.manifest.access
    response, body = await get(world, f"/gateway/parts/{digest}/delta?base={base}")
    assert (response.status, response.headers["cache-control"]) == (200, "no-store")
    assert digest_of(b"".join(map(bytes, access_delta.apply(old, access_delta.decode(body))))) == digest
    nowhere = "sha256:" + "0" * 64
    for path in (
        f"{digest}/delta",
        f"{digest}/delta?base={nowhere}",
        f"{nowhere}/delta?base={base}",
        "x/delta?base=x",
    ):
        assert (await get(world, f"/gateway/parts/{path}"))[0].status == 404
    assert (await get(world, f"/gateway/parts/{digest}/delta?base={base}", {}))[0].status == 401


async def test_a_catalog_that_has_started_anew_tells_what_has_changed_since(world: World) -> None:
    assert world.publisher.current is not None
    base = world.publisher.current.manifest.access
    world.publisher.access_texts = AccessTexts()
    await world.publisher.restore()
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    await world.publisher.publish()
    digest = world.publisher.current.manifest.access
    assert (await get(world, f"/gateway/parts/{digest}/delta?base={base}"))[0].status == 200


async def test_the_known_snapshot_is_not_sent_again(world: World) -> None:
    assert world.publisher.current is not None
    digest = world.publisher.current.digest
    for known in (digest, digest.removeprefix("sha256:")):
        response, body = await get(world, f"/gateway/snapshot?known={known}")
        assert (response.status, body) == (204, b"")


async def test_a_poll_waits_for_the_next_snapshot(world: World) -> None:
    assert world.publisher.current is not None
    poll = asyncio.create_task(get(world, f"/gateway/snapshot?known={world.publisher.current.digest}&wait=30"))
    async with asyncio.timeout(20):
        while not world.publisher._changed._waiters:  # until the server really waits
            await asyncio.sleep(0.01)
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    await world.publisher.publish()
    response, body = await asyncio.wait_for(poll, 20)
    assert response.status == 200
    assert msgspec.json.decode(body, type=SignedManifest) == world.publisher.current.signed


async def test_many_gateways_are_woken_by_one_publication(world: World) -> None:
    assert world.publisher.current is not None
    path = f"/gateway/snapshot?known={world.publisher.current.digest}&wait=30"
    polls = [asyncio.create_task(get(world, path)) for _ in range(40)]
    async with asyncio.timeout(20):
        while len(world.publisher._changed._waiters) < 40:
            await asyncio.sleep(0.01)
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    await world.publisher.publish()
    assert {response.status for response, _ in await asyncio.wait_for(asyncio.gather(*polls), 20)} == {200}


async def test_while_nothing_is_published_a_gateway_is_told_so(tmp_path: Path) -> None:
    async with serving(tmp_path, compiled=FileNotFoundError("none")) as world:
        response, body = await get(world, "/gateway/snapshot")
        assert response.status == 503
        assert response.headers["retry-after"] == "1"
        assert msgspec.json.decode(body)["type"] == "urn:ostiary:problem:not-ready"


@pytest.mark.parametrize("path", ["/gateway/snapshot", "/gateway/parts/sha256:x", "/status"])
@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="ostiary-gateways"'),
        ("Bearer wrong", 'Bearer realm="ostiary-gateways", error="invalid_token"'),
        (f"Bearer {GATEWAY_TOKEN}x", 'Bearer realm="ostiary-gateways", error="invalid_token"'),
        (f"Basic {GATEWAY_TOKEN}", 'Bearer realm="ostiary-gateways", error="invalid_token"'),
        ("Bearer", 'Bearer realm="ostiary-gateways", error="invalid_token"'),
        ("Bearer é", 'Bearer realm="ostiary-gateways", error="invalid_token"'),
    ],
)
async def test_without_the_token_there_is_nothing(
    world: World, path: str, authorization: str | None, challenge: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response, body = await get(world, path, headers)
    assert response.status == 401
    assert response.headers["www-authenticate"] == challenge
    problem = msgspec.json.decode(body)
    assert problem["type"] == "urn:ostiary:problem:client-authentication-failed"
    assert problem["title"] == CATALOGUE["client-authentication-failed"].title


async def test_the_token_twice_is_no_token(world: World) -> None:
    fields = [("Authorization", f"Bearer {GATEWAY_TOKEN}")] * 2
    async with world.session.get(world.url + "/gateway/snapshot", headers=fields) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("known=abc", ["/known"]),
        ("wait=31", ["/wait"]),
        ("wait=-1", ["/wait"]),
        ("wait=nan", ["/wait"]),
        ("wait=1e1", ["/wait"]),
        ("wait=", ["/wait"]),
        ("known=%00&wait=x", ["/known", "/wait"]),
    ],
)
async def test_a_bad_query_is_named_and_not_repeated(world: World, query: str, pointers: list[str]) -> None:
    response, body = await get(world, f"/gateway/snapshot?{query}")
    assert response.status == 422
    problem: dict[str, Any] = msgspec.json.decode(body)
    assert [violation["pointer"] for violation in problem["violations"]] == pointers
    assert all(set(violation) == {"in", "pointer", "rule", "message"} for violation in problem["violations"])


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "x", "..%2f..%2fkeys%2fpepper", "sha256:" + "A" * 64])
async def test_an_unknown_part_is_404(world: World, digest: str) -> None:
    response, body = await get(world, f"/gateway/parts/{digest}")
    assert response.status == 404
    assert msgspec.json.decode(body)["type"] == "urn:ostiary:problem:route-not-found"
