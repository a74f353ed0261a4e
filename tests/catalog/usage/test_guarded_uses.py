"""What legacy clients use of Odoo, out of the store."""

from collections.abc import AsyncIterator

import pytest

from catalog.storage.engine import Store
from catalog.usage.guarded import GuardedUse
from contracts.usage.batch import Sight
from tests.catalog.usage.test_usage_store import NOW, World, batch, row

SEEN = (
    Sight("accepted", "", "", 9),
    Sight("rpc", "sale.order/search_read", "", 7),
    Sight("rpc-read", "sale.order/name", "", 7),
    Sight("rpc-filter", "sale.order/state", "", 4),
    Sight("rpc-write", "sale.order/note", "", 2),
)


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    store = Store.open(store_url)
    await store.migrate()
    yield World(store)
    await store.close()


async def test_uses_are_told_by_application_and_model_whatever_the_dialect(world: World) -> None:
    by_xml = row(operation="xmlrpcObject", seen=(Sight("rpc", "sale.order/search_read", "", 3),))
    other = row("other", operation="jsonrpc", seen=(Sight("rpc", "res.partner/read", "", 1),))
    await world.intake.take(batch(1, row(operation="jsonrpc", seen=SEEN), by_xml, other))
    found = await world.queries.guarded("orders", "v1", NOW - 86_400)
    assert found == (
        GuardedUse("other", "acme", "res.partner", "method", "read", 1, NOW - 1),
        GuardedUse("web-shop", "acme", "sale.order", "method", "search_read", 10, NOW - 1),
        GuardedUse("web-shop", "acme", "sale.order", "read", "name", 7, NOW - 1),
        GuardedUse("web-shop", "acme", "sale.order", "filter", "state", 4, NOW - 1),
        GuardedUse("web-shop", "acme", "sale.order", "write", "note", 2, NOW - 1),
    )
    assert await world.queries.guarded("orders", "v2", NOW - 86_400) == ()
    assert await world.queries.guarded("orders", "v1", NOW) == ()
