"""What gateways tell of credentials: believed of an application's own, kept by API and scope, never set back."""

from typing import Any

import pytest

from contracts.usage.batch import Batch, CredentialUsed, Exercised, encode
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_credentials import GUARD, issued
from tests.catalog.usage.test_usage_endpoint import post


@pytest.fixture
def sequence() -> list[int]:
    return [0]


async def tell(admin: AdminClient, sequence: list[int], *used: CredentialUsed) -> None:
    sequence[0] += 1
    now = int(admin.world.now)
    batch = Batch(1, "edge", "0" * 32, sequence[0], now - 10, now, (), credentials=used)
    assert (await post(admin.world, encode(batch)))[0] == 204


async def shown(admin: AdminClient, key_id: str) -> Any:
    return (await admin(GUARD, "GET", f"/credentials/{key_id}")).body


def used(
    key_id: str, at: float, *, who: str = "web-shop", scopes: tuple[str, ...] = ("orders:read",)
) -> CredentialUsed:
    exercised = (Exercised("orders", "v2", scopes),)
    return CredentialUsed(key_id, who, int(at), "192.0.2.0/24", "orders", "v2", exercised)


async def test_it_shows_when_from_where_and_for_what(admin: AdminClient, sequence: list[int]) -> None:
    key_id = (await issued(admin))["credential"]["key_id"]
    before = await shown(admin, key_id)
    assert (before["credential"]["last_used_at"], before["uses"]) == (None, [])
    first = admin.world.now - 500
    await tell(admin, sequence, used(key_id, first))
    await tell(admin, sequence, used(key_id, first + 300, scopes=("orders:write",)))
    await tell(admin, sequence, used(key_id, first + 100))  # another gateway's, late
    after = await shown(admin, key_id)
    assert (after["credential"]["last_used_from"], after["credential"]["last_used_for"]) == (
        "192.0.2.0/24",
        "orders/v2",
    )
    seconds = {each["scope"]: each["last_used_at"] for each in after["uses"]}
    assert set(seconds) == {None, "orders:read", "orders:write"}
    assert seconds[None] == seconds["orders:write"] == after["credential"]["last_used_at"]
    assert seconds["orders:read"] < seconds["orders:write"]


async def test_a_gateways_clock_that_is_ahead_dates_nothing_in_the_future(
    admin: AdminClient, sequence: list[int]
) -> None:
    key_id = (await issued(admin))["credential"]["key_id"]
    await tell(admin, sequence, used(key_id, admin.world.now + 9_999))
    found = await shown(admin, key_id)
    assert found["credential"]["last_used_at"] <= found["credential"]["created_at"]


async def test_nobody_uses_anothers_credential(admin: AdminClient, sequence: list[int]) -> None:
    """A token of another issuer may claim any id."""
    key_id = (await issued(admin))["credential"]["key_id"]
    await tell(
        admin, sequence, used(key_id, admin.world.now, who="analyst"), used("unknownXXXXX", admin.world.now)
    )
    found = await shown(admin, key_id)
    assert (found["credential"]["last_used_at"], found["uses"]) == (None, [])
