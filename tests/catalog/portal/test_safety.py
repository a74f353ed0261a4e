"""Texts of strangers on every page of the portal: a contract, names, reasons and comments full of scripts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalog.changes.served import Served
from tests.catalog.portal.crawling import crawl, portal_routes
from tests.catalog.portal.entering import entered
from tests.catalog.portal.hostile import MARK, Active, hostile_office

MEMBERS = ("paul", "sara", "otto")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    async with hostile_office(tmp_path) as world:
        yield world


@pytest.mark.parametrize("member", MEMBERS)
async def test_nothing_of_what_strangers_wrote_is_active_on_any_page(world: Served, member: str) -> None:
    async with entered(world.catalog, world.url, member) as browser:
        seen = await crawl(browser.get, portal_routes(world.catalog))
    pages = [each for each in seen if each.page.headers["content-type"].startswith("text/html")]
    assert [each.path for each in seen if each.page.status >= 400] == []
    wrong = {each.path: Active(each.page.html).found for each in pages}
    assert {path: found for path, found in wrong.items() if found} == {}
    told = [each for each in pages if MARK in each.page.html]
    assert len(told) > 5  # it did get there, as text
    assert any("{{7*7}}" in each.page.html for each in told)
