"""What is counted of legacy clients' calls: models, methods and fields, by the names of the guard alone."""

from pathlib import Path

import pytest

from gateway.usage.counting import UsageCounting
from tests.conformance.odoo_rpc.guarded_world import DIALECTS, Rpc, bearer, guarding
from tests.gateway.usage.test_usage_of_requests import told

CALLS = (
    Rpc("res.partner", "search_read", {"domain": [["country_id.code", "=", "BE"]], "fields": ["name", "email"]}),
    Rpc(
        "res.partner",
        "read_group",
        {"domain": [], "fields": ["color:sum"], "groupby": ["city"], "orderby": "city"},
    ),
    Rpc("res.partner", "search", {"domain": ["|", ["name", "ilike", "canary"], ["city", "=", "canary"]]}),
    Rpc("res.partner", "write", {"vals": {"email": "canary@example.com"}}, [13]),
    Rpc("sale.order", "write", {"vals": {"order_line": [[1, 1, {"product_uom_qty": 2}]]}}, [99999]),
    # Refused, and so not used: not a word of them is told.
    Rpc("res.partner", "search_read", {"domain": [["canary", "=", 1]], "fields": ["name"]}),
    Rpc("res.canary", "search", {"domain": []}),
)
USED = {
    "rpc res.partner/search_read": 1,
    "rpc res.partner/read_group": 1,
    "rpc res.partner/search": 1,
    "rpc res.partner/write": 1,
    "rpc sale.order/write": 1,
    "rpc-read res.partner/name": 1,
    "rpc-read res.partner/email": 1,
    "rpc-read res.partner/color": 1,
    "rpc-read res.partner/city": 1,
    "rpc-filter res.partner/country_id": 1,
    "rpc-filter res.country/code": 1,
    "rpc-filter res.partner/name": 1,
    "rpc-filter res.partner/city": 1,
    "rpc-write res.partner/email": 1,
    "rpc-write sale.order/order_line": 1,
    "rpc-write sale.order.line/product_uom_qty": 1,
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_each_dialect_is_counted_alike(tmp_path: Path, dialect: str) -> None:
    counting = UsageCounting()
    async with guarding(tmp_path, recorder=counting) as world:
        for call in CALLS:
            await DIALECTS[dialect](world, call, bearer())
        await world.logged(len(CALLS))
        rows = told(counting)
    (row,) = rows.values()
    assert "canary" not in str(row)
    found = {f"{each.kind} {each.name}": each.calls for each in row.seen if each.kind.startswith("rpc")}
    assert found == USED


async def test_who_names_no_fields_uses_all_that_are_open(tmp_path: Path) -> None:
    counting = UsageCounting()
    async with guarding(tmp_path, recorder=counting) as world:
        await DIALECTS["json2"](world, Rpc("res.country", "search_read", {"domain": []}), bearer())
        await world.logged(1)
        (row,) = told(counting).values()
    read = {each.name for each in row.seen if each.kind == "rpc-read"}
    assert read == {f"res.country/{field}" for field in ("id", "name", "code", "display_name")}
