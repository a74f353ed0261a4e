"""Views that members keep: their own alone, as many as they may, and nothing but parameters."""

import pytest

from catalog.people.saved_views import MOST
from tests.catalog.admin import AdminClient


async def names(admin: AdminClient, member: str, room: str = "ledger") -> list[str]:
    return [each["name"] for each in (await admin(member, "GET", f"/views?room={room}")).body["items"]]


async def test_a_view_is_kept_for_its_member_and_asked_for_again(admin: AdminClient) -> None:
    query = {"consumer": "acme", "ending_days": "30"}
    saved = await admin("sara", "PUT", "/views/ledger/Acme%2C%20ending", {"query": query})
    assert saved.body["query"] == query
    await admin("sara", "PUT", "/views/audit/Acme%2C%20ending", {"query": {"actor": "anna"}})
    assert await names(admin, "sara") == ["Acme, ending"]
    assert await names(admin, "anna") == []
    again = await admin("sara", "PUT", "/views/ledger/Acme%2C%20ending", {"query": {}})
    assert again.body["query"] == {}
    assert await names(admin, "sara") == ["Acme, ending"]
    assert (await admin("anna", "DELETE", "/views/ledger/Acme%2C%20ending")).status == 404
    assert (await admin("sara", "DELETE", "/views/ledger/Acme%2C%20ending")).status == 204
    assert (await names(admin, "sara"), await names(admin, "sara", "audit")) == ([], ["Acme, ending"])


async def test_no_member_keeps_more_than_there_is_room_for(admin: AdminClient) -> None:
    for number in range(MOST):
        assert (await admin("sara", "PUT", f"/views/ledger/view-{number}", {"query": {}})).status == 200
    assert (await admin("sara", "PUT", "/views/ledger/one-more", {"query": {}})).status == 409
    assert (await admin("sara", "PUT", "/views/ledger/view-0", {"query": {"text": "x"}})).status == 200
    assert (await admin("anna", "PUT", "/views/ledger/one-more", {"query": {}})).status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/views/ledger/.x", {"query": {}}),
        ("/views/cellar/x", {"query": {}}),
        ("/views/ledger/" + "x" * 81, {"query": {}}),
        ("/views/ledger/x", {"query": {"A": "b"}}),
        ("/views/ledger/x", {"query": {"a": 1}}),
        ("/views/ledger/x", {"query": {f"a{'b' * number}": "c" for number in range(31)}}),
    ],
)
async def test_what_is_no_view_is_refused(admin: AdminClient, path: str, body: object) -> None:
    assert (await admin("sara", "PUT", path, body)).status == 422
