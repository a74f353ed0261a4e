"""Signing keys over the admin API: everybody sees them, security members and operators change them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.admin import AdminClient, Reply, company, compiled
from tests.catalog.serving import World, serving


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url, compiled=compiled(company())) as world:
        await world.catalog.signing.round()
        yield world


async def keys(admin: AdminClient, member: str = "anna") -> dict[str, Any]:
    return {each["kid"]: each for each in (await admin(member, "GET", "/signing-keys")).body["items"]}


async def answer(admin: AdminClient, status: int, *request: Any) -> Reply:
    reply = await admin(*request)
    assert reply.status == status, reply.body
    return reply


async def test_a_key_is_rotated_and_the_one_before_it_retired(admin: AdminClient) -> None:
    [first] = await keys(admin)
    made = await answer(admin, 200, "omar", "POST", "/signing-keys", {"ahead_minutes": 10, "reason": "planned"})
    assert (made.body["state"], made.body["created_by"]) == ("next", "omar")
    body = {"withdraw": False, "reason": "tidy"}
    await answer(admin, 409, "sara", "POST", f"/signing-keys/{first}/end", body)
    admin.world.now += 600
    assert {each["state"] for each in (await keys(admin)).values()} == {"signing", "retiring"}
    done = await admin("sara", "POST", f"/signing-keys/{first}/end", body)
    assert (done.body["ended"]["state"], done.body["ended"]["ended_reason"]) == ("ended", "tidy")
    assert done.body["signing"]["kid"] == made.body["kid"]
    await answer(admin, 409, "sara", "POST", f"/signing-keys/{first}/end", body)


async def test_the_key_that_signs_is_withdrawn_and_another_signs(admin: AdminClient) -> None:
    [first] = await keys(admin)
    body = {"withdraw": True, "reason": "copied"}
    done = await admin("sara", "POST", f"/signing-keys/{first}/end", body)
    assert done.body["ended"]["state"] == "withdrawn"
    assert done.body["signing"]["kid"] != first
    assert (await keys(admin))[first]["ended_by"] == "sara"


async def test_who_may_do_what(admin: AdminClient) -> None:
    [first] = await keys(admin, "dora")
    refused = await answer(admin, 403, "otto", "POST", "/signing-keys", {"ahead_minutes": 0, "reason": "x"})
    assert refused.body["type"] == "urn:ostiary:problem:role-missing"
    await answer(admin, 403, "anna", "POST", f"/signing-keys/{first}/end", {"withdraw": True, "reason": "x"})
    unknown = "A" * 43
    await answer(admin, 404, "sara", "POST", f"/signing-keys/{unknown}/end", {"withdraw": True, "reason": "x"})
    assert [each["state"] for each in (await keys(admin)).values()] == ["signing"]
