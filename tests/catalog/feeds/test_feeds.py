"""Feeds: what they tell, whom their address opens, until when, and what comes by e-mail."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import aiohttp
import pytest

from catalog.feeds.atom import atom
from catalog.feeds.feed import Entry, Feed
from catalog.notices.outbox import Outbox
from tests.catalog.changes.office import COMPATIBLE
from tests.catalog.portal.entering import entered
from tests.catalog.subscriptions.partners import Partners, partners
from tests.catalog.subscriptions.test_applications import DEPRECATED
from tests.support.migrated import sqlite_store

ATOM = "{http://www.w3.org/2005/Atom}"
HOUR = 3600


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Partners]:
    async with partners(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made:
        yield made


async def follow(desk: Partners, member: str, kind: str, name: str, *, mail: bool = False) -> str:
    """Makes a feed; what a reader asks for, on this machine."""
    made = await desk.client(member, "POST", "/feeds", {"kind": kind, "name": name, "mail": mail})
    assert made.status == 201, made.body
    split = urlsplit(made.body["address"])
    return f"{desk.world.url}{split.path}?{split.query}"


async def read(address: str, **headers: str) -> tuple[int, str, list[str]]:
    """A feed as a reader without a log-in gets it: the status, its entity tag, and the titles."""
    async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as answer:
        body = await answer.read()
        titles = []
        if answer.status == 200:
            assert answer.headers["content-type"].startswith("application/atom+xml")
            document = ElementTree.fromstring(body)
            titles = [each.findtext(f"{ATOM}title") or "" for each in document.iter(f"{ATOM}entry")]
        return answer.status, answer.headers.get("etag", ""), titles


async def test_a_feed_tells_what_comes_into_force_of_an_api(desk: Partners) -> None:
    address = await follow(desk, "paul", "api", "books")
    status, tag, before = await read(address)
    assert status == 200
    assert (await read(address, **{"If-None-Match": tag}))[0] == 304
    await desk.edited(COMPATIBLE)
    status, _, titles = await read(address, **{"If-None-Match": tag})
    assert (status, titles) == (200, ["Books is published in a new form", *before])


async def test_a_feed_tells_a_consumers_people_what_its_contact_is_told(desk: Partners) -> None:
    address = await follow(desk, "carl", "consumer", "reading-club")
    assert await read(address) == (200, (await read(address))[1], [])
    await desk.ask()
    await desk.decide("ada", 1)
    await desk.edited(DEPRECATED)
    await desk.office.catalog.calendar.rounds.make()
    titles = (await read(address))[2]
    assert "reader may call books v1" in titles
    assert "Books v1 ends on 31 December 2027" in titles
    others = await follow(desk, "rita", "consumer", "rivals")
    assert (await read(others))[2] == []


async def test_nobody_follows_anothers_consumer_and_an_address_cannot_be_guessed(desk: Partners) -> None:
    for member, kind, name in (
        ("carl", "consumer", "rivals"),
        ("cleo", "consumer", "reading-club"),
        ("carl", "api", "nothing"),
        ("carl", "consumer", "nobody"),
    ):
        refused = await desk.client(member, "POST", "/feeds", {"kind": kind, "name": name})
        assert refused.status == 404, (member, kind, name)
    address = await follow(desk, "carl", "api", "books")
    wrong = address[:-1] + ("a" if address[-1] != "a" else "b")
    for each in (wrong, f"{desk.world.url}/feeds", f"{desk.world.url}/feeds?token=x"):
        assert (await read(each))[0] == 404, each
    # Nor does it open anything else, nor does anything else open it.
    token = address.partition("token=")[2]
    async with aiohttp.ClientSession() as session:
        url = f"{desk.world.url}/admin/v1/feeds"
        async with session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 401
    assert (await read(f"{desk.world.url}/feeds?token={await desk.client.token('carl')}"))[0] == 404


async def test_a_feed_ends_by_its_members_hand_and_with_what_they_may_see(desk: Partners) -> None:
    address = await follow(desk, "carl", "consumer", "reading-club")
    [listed] = (await desk.client("carl", "GET", "/feeds")).body["items"]
    assert (await desk.client("rita", "GET", "/feeds")).body["items"] == []
    path = f"/feeds/{listed['key_id']}"
    assert (await desk.client("rita", "DELETE", path)).status == 404
    await desk.edited(("consumers.yaml", "team: club", "team: rivals"))
    assert (await read(address))[0] == 404
    await desk.edited(("consumers.yaml", "team: rivals", "team: club"))
    assert (await read(address))[0] == 200
    assert (await desk.client("carl", "DELETE", path)).status == 200
    assert (await read(address))[0] == 404
    assert (await desk.client("carl", "DELETE", path)).status == 409
    assert [each.action for each in await desk.office.events("feed")] == ["made", "ended"]


async def test_one_member_has_so_many_and_no_more(desk: Partners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.feeds.desk.MOST", 2)
    for _ in range(2):
        await follow(desk, "carl", "api", "books")
    more = await desk.client("carl", "POST", "/feeds", {"kind": "api", "name": "books"})
    assert more.status == 409


async def test_what_is_new_comes_by_mail_once(desk: Partners) -> None:
    await follow(desk, "paul", "api", "books", mail=True)
    await follow(desk, "carl", "api", "books")
    rounds = desk.office.catalog.feeds.rounds
    assert await rounds.make() == 0  # what was there before is not new
    desk.office.now += HOUR
    await desk.edited(COMPATIBLE)
    assert (await rounds.make(), await rounds.make()) == (1, 0)
    due = await Outbox(desk.office.store).due("smtp", desk.office.now, since=0)
    [posted] = [each for each in due if each.notice.kind == "something-new"]
    assert posted.notice.recipients == ("paul@example.com",)
    assert "/portal/apis/books" in posted.notice.body
    assert "token=" not in posted.notice.body


async def test_who_may_not_see_it_any_more_gets_no_mail(desk: Partners) -> None:
    await follow(desk, "carl", "consumer", "reading-club", mail=True)
    desk.office.now += HOUR
    await desk.ask()
    await desk.decide("ada", 1)
    await desk.edited(("consumers.yaml", "team: club", "team: rivals"))
    assert await desk.office.catalog.feeds.rounds.make() == 0


async def test_feeds_are_made_and_ended_in_the_portal(desk: Partners) -> None:
    async with entered(desk.office.catalog, desk.world.url, "carl") as carl:
        page = await carl.get("/portal/feeds?of=api/books")
        assert "You follow nothing yet." in page.text
        assert "This catalog sends no mail yet" in page.text
        assert (await carl.send("/portal/feeds", of="")).status == 422
        assert (await carl.send("/portal/feeds", of="consumer/rivals")).status == 404
        made = await carl.send("/portal/feeds", of="consumer/reading-club", mail="yes")
        assert (made.status, "/feeds?token=ost_test_" in made.html) == (201, True)
        page = await carl.get("/portal/feeds")
        assert "token=" not in page.html
        end = next(each.action for each in page.forms if each.action.endswith("/end"))
        assert "It is ended." in (await carl.send(end)).text


def test_a_document_is_well_formed_whatever_is_told() -> None:
    feed = Feed(key_id="k", member="carl", kind="api", name="books", mail=False, created_at=0)
    entry = Entry("publication:books:1", 1_795_000_000, "<b>\x00&", "a\x0b]]>", "/portal/apis/books?a=1&b=2")
    document = ElementTree.fromstring(atom(feed, [entry], "https://catalog.example"))
    [shown] = document.iter(f"{ATOM}entry")
    assert shown.findtext(f"{ATOM}title") == "<b>\ufffd&"
    link = shown.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == "https://catalog.example/portal/apis/books?a=1&b=2"
    assert document.findtext(f"{ATOM}updated") == "2026-11-18T11:06:40Z"
    assert atom(feed, [], "https://catalog.example").count(b"<entry") == 0
