"""The pages of change requests: what architects see, what they decide, and what others are refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.usage.ingest import UsageIntake
from contracts.usage.batch import Sight
from tests.catalog.changes.office import BREAKING, COMPATIBLE, Office, office
from tests.catalog.changes.served import Served, served
from tests.catalog.portal.entering import entered
from tests.catalog.usage.test_usage_store import batch, row
from tests.support.migrated import sqlite_store
from tests.support.two_apis import BOOKS

CRITICAL = ("apis/books/api.yaml", "criticality: 3", "criticality: 1")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    async with office(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made, served(made) as world:
        yield world


async def proposed(desk: Office) -> int:
    return (await desk.pushed("ada", BREAKING)).change


async def test_the_queue_shows_what_waits_and_says_what_to_do_where_nothing_does(world: Served) -> None:
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get("/portal/changes")
        assert "Nothing waits here." in browser.page.text
        number = await proposed(world.office)
        await browser.get("/portal/changes")
        assert f"#{number} books" in browser.page.text
        await browser.get("/portal/changes?state=published")
        assert f"#{number} books" not in browser.page.text


async def test_a_change_is_shown_with_all_that_a_decision_is_about(world: Served) -> None:
    number = await proposed(world.office)
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get(f"/portal/changes/{number}")
        text = browser.page.text
        for word in (
            "breaking",
            "maximum went from 100 to 50",
            "What it needs",
            "apis/books",
            "as we agreed",
        ):
            assert word in text, word
        html = browser.page.html
        assert '<td class="del"><del>' in html
        assert '<td class="add"><ins>' in html
        assert "Breaks consumers" in text
        assert "A new version, v2, beside those there are." in text


async def test_what_breaks_stands_before_what_does_not(world: Served) -> None:
    number = (await world.office.pushed("ada", (BOOKS, "maxLength: 300", "maxLength: 400"), BREAKING)).change
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get(f"/portal/changes/{number}")
        text = browser.page.text
        assert text.index("Breaks consumers") < text.index("maximum went from") < text.index("Breaks nobody")


async def test_whom_a_change_touches_is_told_consumer_by_consumer(world: Served) -> None:
    number = await proposed(world.office)
    seen = (Sight("accepted", "", "", 12), Sight("query", "limit", "", 7))
    calls = row("reading-club-app", 12, api="books", operation="listBooks", consumer="reading-club", seen=seen)
    now = int(world.office.now)
    await UsageIntake(world.office.store, world.office.clock).take(batch(1, calls, begin=now - 10))
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get(f"/portal/changes/{number}")
        # One that sent what will be refused, how often and when; and one of which nothing is known.
        assert "reading-club reading-club-app 7 1 second ago" in browser.page.text
        assert "reading-club-lab 0 subscribed, nothing seen" in browser.page.text


async def test_a_comment_is_said_and_an_empty_one_is_told_at_its_field(world: Served) -> None:
    number = await proposed(world.office)
    async with entered(world.catalog, world.url, "paul") as browser:
        await browser.get(f"/portal/changes/{number}")
        await browser.send(f"/portal/changes/{number}/comment", text="  ")
        assert browser.page.status == 422
        assert "Say why." in browser.page.text
        await browser.get(f"/portal/changes/{number}")
        await browser.send(f"/portal/changes/{number}/comment", text="We send 80 at most.")
        assert "We send 80 at most." in browser.page.text
        fields = browser.page.form(f"/portal/changes/{number}/comment").fields
        unknown = await browser.post(
            f"/portal/changes/{number}/nothing", fields, {"Sec-Fetch-Site": "same-origin"}
        )
        assert unknown.status == 404


async def test_a_waiver_is_asked_for_at_its_finding_and_let_pass_by_another(world: Served) -> None:
    number = await proposed(world.office)
    async with entered(world.catalog, world.url, "ada") as ada:
        await ada.get(f"/portal/changes/{number}")
        asked = await ada.send(
            f"/portal/changes/{number}/waiver", reason="Nobody sends so many.", expires="2026-12-24"
        )
        assert "A waiver is asked for" in asked.text
        assert "Let it pass" not in asked.text  # not by who asks for it
        for expires, fault in (("2026-02-30", "date"), ("", "Say until when.")):
            wrong = await ada.send(f"/portal/changes/{number}/waiver", reason="Again.", expires=expires)
            assert wrong.status == 422
            assert fault in wrong.text
            assert "Again." in wrong.html
    async with entered(world.catalog, world.url, "paul") as paul:
        seen = await paul.get(f"/portal/changes/{number}")
        assert "A waiver is asked for" in seen.text
        assert "Let it pass" not in seen.text
        fields = {"csrf": seen.forms[0].fields["csrf"], "text": "Yes.", "decision": "grant"}
        hidden = await paul.post(f"/portal/changes/{number}/waivers/1", fields, {"Sec-Fetch-Site": "same-origin"})
        assert hidden.status == 403  # a hidden button is a refused call
    async with entered(world.catalog, world.url, "otto") as otto:
        await otto.get(f"/portal/changes/{number}")
        assert "waived" not in otto.page.text
        form = next(each for each in otto.page.forms if "/waivers/" in each.action)
        assert "Say why." in (await otto.send(form.action, text="", decision="grant")).text
        await otto.send(form.action, text="Agreed.", decision="grant")
        assert "waived by otto: Nobody sends so many. · until Dec 24, 2026" in otto.page.text
        late = await otto.post(
            form.action, form.fields | {"text": "Again.", "decision": "grant"}, {"Sec-Fetch-Site": "same-origin"}
        )
        assert late.status == 412  # it is decided already


async def test_who_may_not_decide_is_refused_by_the_server_and_told_the_request(world: Served) -> None:
    number = await proposed(world.office)
    async with entered(world.catalog, world.url, "paul") as browser:
        await browser.get(f"/portal/changes/{number}")
        assert not [each for each in browser.page.forms if each.action.endswith("/emergency")]
        await browser.send(f"/portal/changes/{number}/reject", text="I do not like it.")
        assert browser.page.status == 403
        assert "Request" in browser.page.text
        assert "I do not like it." in browser.page.html  # what was typed stays
        token = browser.page.forms[0].fields["csrf"]
        hidden = await browser.post(
            f"/portal/changes/{number}/emergency",
            {"csrf": token, "text": "Now.", "etag": '"x"'},
            {"Sec-Fetch-Site": "same-origin"},
        )
        assert hidden.status == 403  # a hidden button is a refused call
    assert (await world.office.view(number)).change.state == "proposed"


async def test_approval_is_offered_where_it_is_wanted(world: Served) -> None:
    number = await proposed(world.office)
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get(f"/portal/changes/{number}")
        assert "No further approval is wanted." in browser.page.text
        approve = f"/portal/changes/{number}/approve"
        assert not [each for each in browser.page.forms if each.action == approve]
        await world.office.pushed("ada", CRITICAL)
        await browser.get(f"/portal/changes/{number}")
        await browser.send(approve, text="It is, indeed.")
        assert "otto approved architect" in browser.page.text


async def test_a_decision_about_what_has_moved_on_is_none(world: Served) -> None:
    desk = world.office
    number = await proposed(desk)
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get(f"/portal/changes/{number}")
        await desk.pushed("ada", ("apis/books/v1.openapi.yaml", "maximum: 50,", "maximum: 40,"))
        await browser.send(f"/portal/changes/{number}/reject", text="Too tight.")
        assert browser.page.status == 412
        assert "This has changed since the page was loaded" in browser.page.text
        assert f'href="/portal/changes/{number}">Look at it as it is now' in browser.page.html
        assert "to 40" in browser.page.text
        assert "Too tight." in browser.page.html  # what was typed stays
    assert (await desk.view(number)).change.state == "proposed"


async def test_what_is_compatible_needs_nobody(world: Served) -> None:
    number = (await world.office.pushed("ada", COMPATIBLE)).change
    async with entered(world.catalog, world.url, "paul") as browser:
        await browser.get(f"/portal/changes/{number}")
        assert "published" in browser.page.text
        await browser.get("/portal/changes/9999")
        assert browser.page.status == 404


async def test_states_are_told_in_the_reader_s_language(world: Served) -> None:
    number = await proposed(world.office)
    async with entered(world.catalog, world.url, "otto") as browser:
        await browser.get("/portal/preferences")
        await browser.send("/portal/preferences", language="de", theme="dark", zone="UTC")
        page = await browser.get(f"/portal/changes/{number}")
        assert '<span class="badge warn">vorgeschlagen</span>' in page.html
        assert '<span class="badge bad">bricht</span>' in page.html
        queue = await browser.get("/portal/changes")
        assert '<span class="badge warn">vorgeschlagen</span>' in queue.html
        assert '<option value="proposed">vorgeschlagen</option>' in queue.html
