"""The portal's shell: who gets in, how readers like pages, and that nothing active gets through."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog.portal.formats import Formats, markdown
from catalog.portal.language import LOCALES, translations
from catalog.portal.reader import LANGUAGES, Reader
from tests.catalog.admin import company, compiled
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept
from tests.catalog.serving import World, serving

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


async def test_a_stranger_is_sent_to_the_log_in_and_back(anna: Browser) -> None:
    await anna.get("/account")
    await anna.send("/logout")
    await anna.get("/portal/preferences")
    assert anna.page.path == "/login"
    await anna.send("/login", name="anna", password=PASSWORD)
    await anna.get("/portal/preferences")
    assert "<h1>Preferences</h1>" in anna.page.html


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
    assert formats.number(1234.5) == "1.234,5"
    assert str(formats.ago("2026-11-29T12:00:00Z")).endswith(">in 1 Tag</time>")
    assert formats.moment(None) == formats.day("") == ""


def test_every_language_is_there() -> None:
    assert set(translations()) == set(LANGUAGES)
    assert {each.name for each in LOCALES.iterdir()} == set(LANGUAGES) - {"en"}
