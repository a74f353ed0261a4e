"""The portal's shell: who gets in, how readers like pages, and that nothing active gets through."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from catalog.login import cookies
from catalog.portal.formats import Formats, markdown
from catalog.portal.language import LOCALES, translations
from catalog.portal.reader import LANGUAGES, Reader
from tests.catalog.admin import company, compiled
from tests.catalog.browser import Browser
from tests.catalog.changes.office import BREAKING, office
from tests.catalog.changes.served import served
from tests.catalog.login.people import PASSWORD, accept
from tests.catalog.portal.entering import entered
from tests.catalog.serving import World, serving
from tests.support.migrated import sqlite_store

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving(tmp_path, compiled=compiled(company())) as world:
        yield world


@pytest.fixture
async def anna(world: World) -> AsyncIterator[Browser]:
    browser = Browser(world.url)
    await accept(world, browser, "anna")
    yield browser
    await browser.close()


async def test_a_section_is_marked_on_each_of_its_pages(anna: Browser) -> None:
    for path, section in (("applications", "Applications"), ("todo", "Applications"), ("estate/graph", "Estate")):
        page = await anna.get(f"/portal/{path}")
        assert f'aria-current="page">{section}</a>' in page.html.partition("<main")[0], path


async def test_a_stranger_is_sent_to_the_log_in_and_back(anna: Browser) -> None:
    await anna.get("/account")
    await anna.send("/logout")
    await anna.get("/portal/preferences")
    assert anna.page.path == "/login"
    await anna.send("/login", name="anna", password=PASSWORD)
    await anna.get("/portal/preferences")
    assert "<h1>Preferences</h1>" in anna.page.html


async def test_a_part_of_a_page_is_no_place_for_the_log_in(anna: Browser) -> None:
    await anna.get("/portal/health")
    assert "data-when-stale" in anna.page.html
    await anna.send("/logout")
    part = await anna.part("/portal/health")
    assert (part.status, part.headers["hx-refresh"], part.html) == (401, "true", "")


async def test_preferences_are_kept_and_hold(anna: Browser) -> None:
    await anna.get("/portal/preferences")
    await anna.send("/portal/preferences", language="de", theme="dark", zone="Europe/Brussels")
    await anna.get("/portal")
    assert '<html lang="de" data-theme="dark">' in anna.page.html
    assert "Willkommen, anna" in anna.page.html
    assert "Europe/Brussels" in anna.page.html


async def test_a_wrong_preference_is_told_at_its_field_and_what_was_typed_stays(anna: Browser) -> None:
    await anna.get("/portal/preferences")
    await anna.send("/portal/preferences", language="de", theme="dark", zone="Europe/Bruxelles")
    assert anna.page.status == 422
    assert "There is no such time zone." in anna.page.html
    assert 'value="Europe/Bruxelles"' in anna.page.html
    assert '<option value="dark" selected>' in anna.page.html


async def test_a_form_from_elsewhere_changes_nothing(anna: Browser) -> None:
    await anna.get("/portal/preferences")
    await anna.send("/portal/preferences", csrf="of-another-session", language="de", theme="dark", zone="UTC")
    assert anna.page.status == 403
    await anna.get("/portal")
    assert '<html lang="en" data-theme="auto">' in anna.page.html


async def test_the_start_says_what_waits_for_whom(tmp_path: Path) -> None:
    async with office(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made, served(made) as world:
        async with entered(world.catalog, world.url, "otto") as browser:
            assert "Nothing waits for you." in (await browser.get("/portal")).text
        await made.pushed("ada", BREAKING)
        async with entered(world.catalog, world.url, "otto") as browser:
            page = await browser.get("/portal")
            assert "1 change waits for a decision" in page.text
            assert 'href="/portal/changes?state=proposed"' in page.html
            assert "registrations" not in page.text.partition("Where to go")[0]  # they are security's
        async with entered(world.catalog, world.url, "carl") as browser:
            assert "waits for a decision" not in (await browser.get("/portal")).text, "it is not carl's"


async def test_what_is_not_there_is_a_page_with_the_request_s_id(anna: Browser) -> None:
    await anna.get("/portal/no/such/page?x=1")
    assert (anna.page.status, anna.page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no page at this address." in anna.page.text
    assert anna.page.headers["x-request-id"] in anna.page.text
    assert "Log out" in anna.page.text


async def test_a_page_that_fails_says_so_and_not_why(anna: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(zone: str) -> bool:
        raise RuntimeError("the secret of the house")

    await anna.get("/portal/preferences")
    monkeypatch.setattr("catalog.portal.home.is_zone", broken)
    await anna.send("/portal/preferences", language="de", theme="dark", zone="UTC")
    assert (anna.page.status, anna.page.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert anna.page.headers["x-request-id"] in anna.page.text
    assert "secret of the house" not in anna.page.html


async def test_a_form_sent_again_and_again_is_slowed_down(world: World, anna: Browser) -> None:
    await anna.get("/portal/preferences")
    for _ in range(60):
        await anna.send("/portal/preferences", follow=False, language="de", theme="dark", zone="UTC")
        assert anna.page.status == 303
        await anna.get("/portal/preferences")
    await anna.send("/portal/preferences", language="en", theme="dark", zone="UTC")
    assert (anna.page.status, anna.page.headers["retry-after"]) == (429, "1")
    await anna.get("/portal/preferences")
    assert '<html lang="de"' in anna.page.html
    world.now += 1
    await anna.send("/portal/preferences", language="en", theme="dark", zone="UTC")
    assert '<html lang="en"' in anna.page.html


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example"]
)
async def test_a_log_in_never_leads_to_another_s_address(world: World, anna: Browser, elsewhere: str) -> None:
    await anna.get("/account")
    await anna.send("/logout")
    await anna.get("/login?next=" + quote(elsewhere, safe=""))
    await anna.send("/login", name="anna", password=PASSWORD)
    assert anna.page.url == world.url + "/portal"


async def test_a_session_that_somebody_planted_is_not_the_one_that_a_log_in_gives(
    world: World, anna: Browser
) -> None:
    planted = "a-value-that-somebody-knows-before-anna-logs-in"
    browser = Browser(world.url)
    browser.plant(cookies.SESSION, planted)
    await browser.get("/login")
    await browser.send("/login", name="anna", password=PASSWORD)
    assert browser.page.path == "/portal"
    assert browser.cookies()[cookies.SESSION] not in ("", planted, anna.cookies()[cookies.SESSION])
    browser.plant(cookies.SESSION, planted)
    await browser.get("/portal")
    assert browser.page.path == "/login"
    await browser.close()


async def test_who_logs_out_is_out_with_every_copy_of_the_session(anna: Browser) -> None:
    kept = anna.cookies()[cookies.SESSION]
    await anna.get("/portal")
    await anna.send("/logout")
    anna.plant(cookies.SESSION, kept)
    await anna.get("/portal")
    assert anna.page.path == "/login"


async def test_pages_admit_nothing_but_what_we_serve(anna: Browser) -> None:
    await anna.get("/portal")
    policy = anna.page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "no-store" in anna.page.headers["cache-control"]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://tracker.example/p.png)",
        '<img src=x onerror="alert(1)">',
        "<style>*{}</style>",
        "<a href='data:text/html,x'>y</a>",
    ],
)
def test_markdown_of_strangers_does_nothing(hostile: str) -> None:
    html = str(markdown(hostile)).lower()
    assert not any(each in html for each in ("<script", "<img", "<style", "<a ", 'href="javascript', 'href="data'))


def test_markdown_is_rendered_below_the_page_s_own_headings() -> None:
    html = str(markdown("# Orders\n\n*new* [see](https://a.example)\n\n| a |\n|---|\n| 1 |"))
    assert "<h3>Orders</h3>" in html
    assert 'href="https://a.example" rel="noopener noreferrer nofollow"' in html
    assert "<td>1</td>" in html


def test_moments_are_told_in_the_reader_s_zone_and_language() -> None:
    formats = Formats(Reader("de", ZoneInfo("Europe/Brussels")), NOW)
    shown = str(formats.moment("2026-11-28T12:00:00Z"))
    assert "13:00:00" in shown
    assert 'title="2026-11-28 12:00:00 UTC"' in shown
    assert "28.11.2026" in str(formats.day(date(2026, 11, 28)))
    assert [formats.span(each) for each in (86_400, 7_200, 90)] == ["1 Tag", "2 Stunden", "90 Sekunden"]
    assert [formats.duration(each) for each in (86_331, 45)] == ["1 Tag", "45 Sekunden"]
    assert formats.number(1234.5) == "1.234,5"
    assert str(formats.ago("2026-11-29T12:00:00Z")).endswith(">in 1 Tag</time>")
    assert formats.moment(None) == formats.day("") == ""


def test_every_language_is_there() -> None:
    assert set(translations()) == set(LANGUAGES)
    assert {each.name for each in LOCALES.iterdir()} == set(LANGUAGES) - {"en"}
