"""The estate's pages: at a glance, the graph with its tables, and scorecards, each for those who own or decide."""

from dataclasses import replace

import msgspec
import pytest

from catalog.governance.look_table import Look, keep
from catalog.governance.looking import Counted
from contracts.estate_files import TeamEntry, TeamsFile
from tests.catalog.admin import TEAMS, company, compiled, member
from tests.catalog.governance.sample import changed
from tests.catalog.portal.entering import entered
from tests.catalog.serving import World

PATHS = ("/portal/estate", "/portal/estate/graph", "/portal/estate/scorecards")


@pytest.fixture
async def demo(world: World) -> World:
    """A catalog with the demonstration's APIs, of which one carries what nobody has the record of, the people of
    the tests, and a partner."""
    base = changed(apis={"partners": {"business_objects": ("invoice",)}})
    partner = TeamEntry("Partner", "partner@example.com", {"paul": member("paul", "partner-developer")})
    teams = TeamsFile({**TEAMS.teams, "partner": partner})
    estate = company(teams, apis=base.apis, versions=base.versions, consumers=base.consumers, file=base.file)
    world.compiled = compiled(estate)
    await world.publisher.publish()
    return world


async def test_the_estate_at_a_glance(demo: World) -> None:
    async with entered(demo.catalog, demo.url, "omar") as browser:
        page = await browser.get("/portal/estate")
        assert page.status == 200
        assert "3 APIs 4 versions 3 consumers 3 applications" in page.text
        assert "which no team and no member has contact-unknown" in page.text
        assert "No API has more versions than it needs." in page.text
        assert "No call was ever counted." in page.text
        assert "The linter has not looked yet." in page.text
        assert "style=" not in page.html


async def test_findings_are_shown_over_time(demo: World) -> None:
    now = int(demo.now)
    looks = (
        Look(publication=1, at=now - 90, apis=3, errors=2, warnings=2, infos=0, waived=0),
        Look(publication=4, at=now, apis=3, errors=0, warnings=1, infos=3, waived=1),
    )
    async with demo.store.write() as connection:
        for look in looks:
            await keep(connection, look, (Counted("orders", "record-missing", "warning", 1),))
    async with entered(demo.catalog, demo.url, "anna") as browser:
        page = await browser.get("/portal/estate")
        assert "In 3 APIs: 0 errors, 1 warnings, 3 hints. 1 are let pass by a waiver." in page.text
        assert page.html.count('<rect class="errors" x=') == 2
        assert "#1: 2 / 2" in page.html
        assert "record-missing An object of which no system holds the truth" in page.text
        assert 'href="/portal/estate/scorecards/api/orders"' in page.html


async def test_the_graph_is_a_picture_and_tables(demo: World) -> None:
    async with entered(demo.catalog, demo.url, "omar") as browser:
        page = await browser.get("/portal/estate/graph")
        assert 'aria-label="invoice, without one system of record"' in page.html
        assert page.html.count('<path class="record-in" d="M') == 4  # three records, and the legend's
        assert "sales-order odoo Sales orders Shipments" in page.text
        assert "invoice none Business partners" in page.text
        assert "Polar Freight calls Sales orders v1" in page.text
        part = await browser.get("/portal/estate/graph?kind=system&name=carrier")
        assert "Around carrier" in part.text
        assert "Lumen Analytics" not in part.text
        wrong = await browser.get("/portal/estate/graph?kind=api&name=nothing")
        assert wrong.status == 404
        assert "There is no such node" in wrong.text
        assert 'value="nothing"' in wrong.html
        assert "Lumen Analytics" in wrong.text  # the whole is shown instead


async def test_connections_are_paged(demo: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.portal.estate.pages.EDGES", 5)
    monkeypatch.setattr("catalog.portal.estate.pages.OBJECTS", 2)
    async with entered(demo.catalog, demo.url, "omar") as browser:
        first = await browser.get("/portal/estate/graph")
        assert "start=5#edges" in first.html
        assert "objects=2#objects" in first.html
        assert first.text.index("invoice none") < first.text.index("business-partner odoo")
        assert "shipment carrier" in (await browser.get("/portal/estate/graph?objects=2")).text
        second = await browser.get("/portal/estate/graph?about=&start=5")
        assert "start=0#edges" in second.html
        assert (await browser.get("/portal/estate/graph?start=x")).status == 200


async def test_scorecards_say_what_to_mend_and_where(demo: World) -> None:
    async with entered(demo.catalog, demo.url, "sara") as browser:
        page = await browser.get("/portal/estate/scorecards?about=api")
        assert page.text.index("Shipments API logistics") > page.text.index("What is not met")
        assert "Somebody answers for it; It has a business domain" in page.text
        card = await browser.get("/portal/estate/scorecards/api/orders")
        assert "Look at it , and change it in apis/orders/api.yaml: owner" in card.text
        assert 'href="/portal/estate#gaps"' in card.html
        team = await browser.get("/portal/estate/scorecards/team/sales")
        assert "Its APIs" in team.text
        assert 'href="/portal/estate/scorecards/api/orders"' in team.html
        nothing = await browser.get("/portal/estate/scorecards/api/nothing")
        assert nothing.status == 404
        empty = await browser.get("/portal/estate/scorecards?owner=platform")
        assert "There is no API in force that could be scored." in empty.text


async def test_of_a_team_with_many_apis_the_worst_are_shown(demo: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.portal.estate.pages.CARDS", 1)
    estate = demo.publisher.estate
    assert estate is not None
    apis = {name: msgspec.structs.replace(each, owner="sales") for name, each in estate.apis.items()}
    demo.compiled = compiled(replace(estate, apis=apis))
    await demo.publisher.publish()
    async with entered(demo.catalog, demo.url, "omar") as browser:
        team = await browser.get("/portal/estate/scorecards/team/sales")
        assert "All 3" in team.text
        assert 'href="/portal/estate/scorecards?about=api&amp;owner=sales"' in team.html
        first = await browser.get("/portal/estate/scorecards?about=api")
        assert 'rel="next"' in first.html


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_for_those_who_own_or_decide(demo: World, path: str) -> None:
    async with entered(demo.catalog, demo.url, "paul") as browser:
        refused = await browser.get(path)
        assert refused.status == 403
        assert "api-owner" in refused.text
        assert 'href="/portal/estate"' not in refused.html
