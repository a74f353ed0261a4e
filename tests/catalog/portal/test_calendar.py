"""The calendar's pages: the picture and its table, who still calls, and extensions asked for and decided."""

import icalendar
import pytest

from catalog.publishing.compilation import Compilation
from catalog.usage.ingest import UsageIntake
from contracts.estate_files import EstateFile, TeamEntry, TeamsFile
from contracts.snapshot import Application, Subscription
from tests.catalog.admin import TEAMS, company, member
from tests.catalog.calendar.views import CONSUMERS, POLICY, View
from tests.catalog.portal.entering import entered
from tests.catalog.serving import GOOD, World
from tests.catalog.usage.test_usage_store import batch, row

SHOP_WEB = Application("shop-web", "Web shop", "shop", (Subscription("orders", "v1", "gold", ("s",)),))


@pytest.fixture
async def ending(world: World) -> World:
    """A catalog in which Orders v1 ends on 1 July 2027, and the web shop called it today."""
    view = View()
    estate = company(
        consumers=CONSUMERS,
        apis=view.apis,
        versions=view.versions,
        file=EstateFile("acme", {}, {}, deprecation_policy=POLICY),
    )
    world.compiled = Compilation((), GOOD.contracts, (SHOP_WEB,), estate)
    await world.publisher.publish()
    calls = row("shop-web", 1234, version="v1")
    await UsageIntake(world.store, lambda: world.now).take(batch(1, calls, begin=int(world.now) - 100))
    return world


async def test_the_picture_has_a_line_for_each_version_that_leads_to_its_row(ending: World) -> None:
    async with entered(ending.catalog, ending.url, "anna") as browser:
        page = await browser.get("/portal/calendar")
        assert (
            '<a href="#orders-v1" aria-label="Orders v1: announced, deprecated 2027-01-01, ends 2027-07-01">'
            in (page.html)
        )
        assert '<tr id="orders-v1">' in page.html
        for kind in ("announced", "deprecated", "now"):
            assert f'class="{kind}"' in page.html, kind
        assert "shop-web 1,234 calls" in page.text
        assert "style=" not in page.html
        empty = await browser.get("/portal/calendar?api=films")
        assert "Nothing is to end." in empty.text


async def test_callers_are_named_to_those_who_decide_alone(ending: World) -> None:
    async with entered(ending.catalog, ending.url, "sara") as browser:
        assert "shop-web 1,234" in (await browser.get("/portal/calendar/orders/v1")).text
        assert not [each for each in browser.page.forms if each.action.endswith("/orders/v1")]  # she may not ask
        refused = await browser.post(
            "/portal/calendar/orders/v1",
            {"csrf": browser.page.forms[0].fields["csrf"], "application": "shop-web"},
            {"Sec-Fetch-Site": "same-origin"},
        )
        assert refused.status == 403


async def test_a_partner_is_told_of_its_own_subscriptions_alone(world: World) -> None:
    view, elsewhere = View(), TeamEntry("Else", "else@example.com", {"pia": member("pia", "partner-developer")})
    estate = company(
        TeamsFile({**TEAMS.teams, "else": elsewhere}),
        consumers=CONSUMERS,
        apis=view.apis,
        versions=view.versions,
        file=EstateFile("acme", {}, {}, deprecation_policy=POLICY),
    )
    world.compiled = Compilation((), GOOD.contracts, (SHOP_WEB,), estate)
    await world.publisher.publish()
    async with entered(world.catalog, world.url, "pia") as browser:
        page = await browser.get("/portal/calendar/orders/v1")
        assert "None of your applications is subscribed to it." in page.text
        assert "Nobody is subscribed" not in page.text
        assert not [each for each in page.forms if each.action.endswith("/orders/v1")]  # for what should she ask


async def test_an_extension_is_asked_for_granted_by_another_and_seen_in_the_picture(ending: World) -> None:
    async with entered(ending.catalog, ending.url, "anna") as anna:
        await anna.get("/portal/calendar/orders/v1?application=shop-web")
        form = anna.page.form("/portal/calendar/orders/v1")
        assert form.fields["application"] == "shop-web"
        missing = await anna.send(form.action, until="", reason="Our release is in July.")
        assert missing.status == 422
        assert "Say until when." in missing.text
        assert "Our release is in July." in missing.html
        too_long = await anna.send(form.action, until="2028-07-01", reason="Our release is in July.")
        assert too_long.status == 422
        assert "within 60 days" in too_long.text
        asked = await anna.send(form.action, until="2027-08-01", reason="Our release is in July.")
        assert "It was asked for." in asked.text
    async with entered(ending.catalog, ending.url, "otto") as otto:
        await otto.get("/portal/calendar")
        action = next(each.action for each in otto.page.forms if "/extensions/" in each.action)
        assert "Say why." in (await otto.send(action, text="")).text
        await otto.send(action, text="They have a plan.")
        assert "They have a plan." in otto.page.text
        assert "extended until 2027-08-01" in otto.page.html
        assert 'class="extended"' in otto.page.html


async def test_a_decision_about_what_was_decided_already_is_none(ending: World) -> None:
    async with entered(ending.catalog, ending.url, "anna") as anna:
        await anna.get("/portal/calendar/orders/v1")
        await anna.send(
            "/portal/calendar/orders/v1", application="shop-web", until="2027-08-01", reason="In July."
        )
    async with entered(ending.catalog, ending.url, "otto") as otto:
        await otto.get("/portal/calendar")
        form = next(each for each in otto.page.forms if "/extensions/" in each.action)
        refusing = form.action.replace("/grant", "/refuse")
        fields, headers = form.fields | {"text": "No."}, {"Sec-Fetch-Site": "same-origin"}
        assert (await otto.post(refusing, fields, headers)).status == 303
        late = await otto.post(form.action, fields | {"text": "Yes, do."}, headers)
        assert late.status == 412
        assert "Look at it as it is now" in late.text
        assert (await otto.post(form.action.replace("/grant", "/eat"), fields, headers)).status == 404
    async with entered(ending.catalog, ending.url, "sara") as sara:
        await sara.get("/portal/calendar")
        token = sara.page.forms[0].fields["csrf"]
        refused = await sara.post(
            form.action, {"csrf": token, "text": "Yes.", "etag": '"2"'}, {"Sec-Fetch-Site": "same-origin"}
        )
        assert refused.status == 403


async def test_the_dates_are_there_for_calendar_applications(ending: World) -> None:
    async with entered(ending.catalog, ending.url, "dora") as browser:
        page = await browser.get("/portal/calendar.ics?api=orders")
        assert page.headers["content-type"].startswith("text/calendar")
        assert len(icalendar.Calendar.from_ical(page.html).walk("VEVENT")) == 2
        assert (await browser.get("/portal/calendar/orders/v2")).status == 404  # it has no end
