"""The page of drift: what does not fit its Odoo, when each was looked at, and for whom it is."""

from functools import cache

import pytest
import sqlalchemy as sa

from catalog.estate_source import estate_source
from catalog.odoo.drift import kept, looks
from catalog.odoo.drift.looks import Look
from catalog.publishing.compilation import NO_OVERRIDES, Compilation
from catalog.storage.tables.odoo_drift import odoo_looks
from tests.catalog.governance.sample import sample
from tests.catalog.odoo.drift.test_kept_drift import found
from tests.catalog.portal.entering import entered
from tests.catalog.serving import World

PATH = "/portal/estate/drift"


@cache
def demonstration() -> Compilation:
    return estate_source(sample().root, NO_OVERRIDES)()


@pytest.fixture
async def demo(world: World) -> World:
    """A catalog with the demonstration's estate: an Odoo serves orders and partners, another system shipments."""
    world.compiled = demonstration()
    await world.publisher.publish()
    return world


async def looked(world: World, error: str = "") -> None:
    now = int(world.now)
    async with world.store.write() as connection:
        await looks.begin(connection, "erp", "d", now - 60, 86_400)
        odoo = None if error else 19
        ended = Look(upstream="erp", digest="d", begun_at=now - 60, looked_at=now - 59, odoo=odoo, error=error)
        await looks.end(connection, ended)


async def test_what_does_not_fit_is_told_with_its_place_and_what_to_do(demo: World) -> None:
    await looked(demo)
    now = int(demo.now)
    async with demo.store.write() as connection:
        await kept.settle(connection, "erp", [found("tax_id"), found("mobile", api="partners")], now - 7_200)
        await kept.settle(connection, "erp", [found("tax_id")], now - 60)
    async with entered(demo.catalog, demo.url, "ines") as browser:
        page = await browser.get(PATH)
        assert page.status == 200
        assert "erp 19 1 minute ago seen" in page.text
        place = "listOrders · orders.yaml:7:3 /paths/tax_id odoo-field-missing erp"
        assert f"error no tax_id {place} map another" in page.text
        assert "map another 2 hours ago 1 minute ago" in page.text
        # What is gone is folded away, and told with its version.
        assert '<details id="gone"><summary>' in page.html
        assert page.text.index("What is gone") < page.text.index("partners v1 no mobile")
        assert "no mobile" not in (await browser.get(f"{PATH}?api=orders")).text
        of_partners = await browser.get(f"{PATH}?api=partners")
        assert "Nothing is open here." in of_partners.text
        assert "no mobile" in of_partners.text
        assert f'href="{PATH}"' in (await browser.get("/portal/estate")).html


async def test_findings_are_paged(demo: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.portal.estate.drift.PAGE", 2)
    await looked(demo)
    async with demo.store.write() as connection:
        every = [found(f"field_{number}", line=number) for number in range(6)]
        await kept.settle(connection, "erp", every, int(demo.now) - 60)
        await kept.settle(connection, "erp", every[:3], int(demo.now))
    async with entered(demo.catalog, demo.url, "omar") as browser:
        first = await browser.get(f"{PATH}?api=orders")
        assert ("no field_1" in first.text, "no field_2" in first.text) == (True, False)
        onwards = [each.partition("#")[0] for each in first.html.split('rel="next" href="')[1:]]
        second, gone = [await browser.get(each.replace("&amp;", "&")) for each in onwards]
        assert ("no field_1" in second.text, "no field_2" in second.text) == (False, True)
        assert "no field_5" in gone.text
        assert '<details id="gone" open>' in gone.html


async def test_where_nothing_is_found_it_says_why_and_what_to_do(demo: World) -> None:
    async with entered(demo.catalog, demo.url, "ruth") as browser:
        unseen = await browser.get(PATH)
        assert "The catalog has looked at no Odoo yet." in unseen.text
        assert "OSTIARY_CATALOG_DRIFT_INTERVAL=0" in unseen.text
        await looked(demo, "the catalog does not hold the credential 'odoo-key'")
        blind = await browser.get(PATH)
        assert "nothing seen the catalog does not hold the credential" in blind.text
        assert "not every Odoo could be seen" in blind.text
        async with demo.store.write() as connection:
            await connection.execute(sa.delete(odoo_looks))
        await looked(demo)
        assert "Nothing is open here." in (await browser.get(PATH)).text


async def test_it_is_for_those_who_own_or_decide(demo: World) -> None:
    async with entered(demo.catalog, demo.url, "dana") as browser:
        refused = await browser.get(PATH)
        assert refused.status == 403
        assert "api-owner" in refused.text


async def test_an_api_s_page_leads_there_those_who_may_see_it(demo: World) -> None:
    leading = 'href="/portal/estate/drift?api=orders"'
    async with entered(demo.catalog, demo.url, "jonas") as browser:
        page = await browser.get("/portal/apis/orders")
        assert leading in page.html
        assert "does not fit" not in page.text
        async with demo.store.write() as connection:
            await kept.settle(connection, "erp", [found()], int(demo.now))
        assert "How it fits its Odoo does not fit" in (await browser.get("/portal/apis/orders")).text
        assert "/portal/estate/drift" not in (await browser.get("/portal/apis/shipments")).html
    async with entered(demo.catalog, demo.url, "dana") as partner:
        page = await partner.get("/portal/apis/orders")
        assert page.status == 200
        assert "/portal/estate/drift" not in page.html
