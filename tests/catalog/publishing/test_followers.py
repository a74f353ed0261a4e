"""How far gateways are with what is published, as their polls tell it: to guards by name, to others in numbers."""

from dataclasses import replace

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from catalog.publishing.followers import REMEMBERED_SECONDS, SILENT_SECONDS
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.serving import GATEWAY_TOKEN, WEB_SHOP, World


@pytest.fixture
async def admin(world: World) -> AdminClient:
    world.compiled = compiled(company())
    await world.publisher.publish()
    return AdminClient(world)


async def poll(admin: AdminClient, gateway: str, enforced: str, known: str = "") -> aiohttp.ClientResponse:
    query = {"gateway": gateway, "enforced": enforced, "known": known or enforced}
    headers = {"authorization": f"Bearer {GATEWAY_TOKEN}"}
    async with admin.world.session.get(
        f"{admin.world.url}/gateway/snapshot", params=query, headers=headers
    ) as answer:
        await answer.read()
        return answer


def in_force(admin: AdminClient) -> str:
    assert admin.world.publisher.current is not None
    return admin.world.publisher.current.digest


async def states(admin: AdminClient) -> dict[str, str]:
    body = (await admin("sara", "GET", "/enforcement")).body
    named = {each["gateway"]: each["state"] for each in body["gateways"]}
    counted = list(named.values())
    assert {word: counted.count(word) for word in ("enforcing", "behind", "silent")} == {
        word: body[word] for word in ("enforcing", "behind", "silent")
    }
    return named


async def test_it_shows_who_enforces_what_is_published_and_who_not_yet(admin: AdminClient) -> None:
    before = in_force(admin)
    await poll(admin, "one/0", before)
    await poll(admin, "two", before)
    assert await states(admin) == {"one/0": "enforcing", "two": "enforcing"}
    admin.world.compiled = replace(compiled(company()), applications=(WEB_SHOP,))
    await admin.world.publisher.publish()
    assert await states(admin) == {"one/0": "behind", "two": "behind"}
    await poll(admin, "one/0", in_force(admin))
    await poll(admin, "two", before, known=in_force(admin))  # it knows the new one, and has refused it
    assert await states(admin) == {"one/0": "enforcing", "two": "behind"}
    others = (await admin("dora", "GET", "/enforcement")).body
    assert (others["enforcing"], others["behind"], others["gateways"]) == (1, 1, [])


async def test_one_that_does_not_poll_is_silent_and_then_forgotten(admin: AdminClient) -> None:
    await poll(admin, "one", in_force(admin))
    admin.world.now += SILENT_SECONDS + 1
    assert await states(admin) == {"one": "silent"}
    await poll(admin, "two", "")
    admin.world.now += REMEMBERED_SECONDS
    assert await states(admin) == {"two": "silent"}


@pytest.mark.parametrize(("gateway", "enforced"), [(" one", ""), ("x" * 256, ""), ("one", "sha256:1")])
async def test_what_is_no_name_or_digest_is_refused(admin: AdminClient, gateway: str, enforced: str) -> None:
    assert (await poll(admin, gateway, enforced, known=in_force(admin))).status == 422


async def test_a_poll_is_answered_where_the_store_does_not_write(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))

    await admin.token("sara")
    with monkeypatch.context() as patched:
        patched.setattr(admin.world.store, "write", broken)
        assert (await poll(admin, "one", in_force(admin))).status == 204
        assert await states(admin) == {}
    await poll(admin, "one", in_force(admin))
    assert await states(admin) == {"one": "enforcing"}, "the next poll tells it again"
