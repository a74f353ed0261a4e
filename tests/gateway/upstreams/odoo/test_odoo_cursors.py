"""Pages that go on behind the last record: none is shown twice or skipped, whatever happens in between."""

import json
from base64 import urlsafe_b64encode

import pytest

from contracts.problems import Problem


@pytest.fixture
def paged(mapping):
    def make(**changes):
        sort = (("number", "name"), ("ordered_at", "date_order"), ("status", "state"))
        return mapping("list", cursor_parameter="after", next_property="next", sort_fields=sort, **changes)

    return make


async def pages(odoo, backend, **query):
    """All pages, one after the other."""
    found, after = [], {}
    while after is not None:
        page = await odoo.ok(backend, query={**query, **after})
        found.append(page)
        after = None if page["next"] is None else {"after": page["next"]}
        assert len(found) < 100
    return found


@pytest.mark.parametrize(
    "sort", ["number", "-number", "ordered_at", "-ordered_at", "status", "-status,number", "-status"]
)
@pytest.mark.parametrize("limit", [1, 5, 12, 20])
async def test_the_pages_are_the_list(odoo, paged, sort, limit):
    whole = await odoo.ok(paged(maximum_limit=100), query={"sort": sort, "limit": 100})
    found = await pages(odoo, paged(), sort=sort, limit=limit)
    assert [order["id"] for page in found for order in page["data"]] == [order["id"] for order in whole["data"]]
    assert {page["total"] for page in found} == {24}
    assert [len(page["data"]) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]["data"]


async def test_what_is_deleted_meanwhile_makes_no_page_skip_a_record(odoo, paged, mapping):
    cancelled = {"status": "cancel", "sort": "number", "limit": 2}
    for key in (3, 5, 7, 9):
        await odoo.ok(mapping("call", method="action_cancel"), path={"order_id": key})
    first = await odoo.ok(paged(), query=cancelled)
    rest = [each["id"] for page in await pages(odoo, paged(), **cancelled) for each in page["data"]][2:]
    deleted = await odoo.call(mapping("delete", success_status=204), path={"order_id": first["data"][0]["id"]})
    assert deleted.status == 204
    second = await pages(odoo, paged(), after=first["next"], **cancelled)
    assert [each["id"] for page in second for each in page["data"]][:2] == rest[:2]


async def test_an_empty_list_has_no_next_page(odoo, paged):
    assert await odoo.ok(paged(), query={"limit": 0}) == {"data": [], "total": 24, "next": None}
    none = await odoo.ok(paged(domain=(["id", "=", 99999],)))
    assert none == {"data": [], "total": 0, "next": None}


def made(*members):
    return urlsafe_b64encode(json.dumps(members).encode()).decode()


ORDER = "date_order desc, id"
PLACE = "2026-10-01 09:37:00"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "ü",
        "A" * 5000,
        made(ORDER, [PLACE], "3"),
        made(ORDER, [PLACE], 0),
        made(ORDER, [PLACE], 2**31),
        made(ORDER, [], 3),
        made(ORDER, [PLACE, PLACE], 3),
        made(ORDER, [False], 3),
        made(ORDER, [["|"]], 3),
        made(ORDER, ["yesterday"], 3),
        made(ORDER, ["2026-10-01"], 3),
        made(ORDER, [PLACE], 3, 4),
        made("id", [], 3),
        made("partner_id, id", ["a"], 3),
        urlsafe_b64encode(b'["date_order desc, id",["\\ud800"],3]').decode(),
        urlsafe_b64encode(b'["date_order desc, id",["\xff"],3]').decode(),
    ],
)
async def test_a_cursor_of_somebodys_own_making_is_refused(odoo, paged, cursor):
    refused = await odoo.call(paged(), query={"after": cursor})
    assert isinstance(refused, Problem)
    assert refused.type.id == "schema-violation"
    assert refused.extensions["violations"][0]["pointer"] == "/after"


async def test_a_cursor_that_is_of_the_right_form_stays_within_the_domain(odoo, paged):
    page = await odoo.ok(paged(domain=(["state", "=", "cancel"],)), query={"after": made(ORDER, [PLACE], 3)})
    assert {order["status"] for order in page["data"]} <= {"cancel"}


@pytest.mark.parametrize("query", [{"sort": "number"}, {"offset": 5}])
async def test_a_cursor_goes_with_the_order_that_it_is_of_and_with_no_offset(odoo, paged, query):
    after = (await odoo.ok(paged()))["next"]
    refused = await odoo.call(paged(), query={"after": after, **query})
    assert isinstance(refused, Problem)
    assert refused.status == 422
