"""A catalog with the people of a small company, and browsers at it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.catalog.admin import company, compiled
from tests.catalog.browser import Browser
from tests.catalog.serving import World, serving


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url, compiled=compiled(company())) as world:
        yield world


@pytest.fixture
async def browser_at(world: World) -> AsyncIterator[Callable[[], Browser]]:
    made: list[Browser] = []

    def make() -> Browser:
        made.append(Browser(world.url))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
async def browser(browser_at: Callable[[], Browser]) -> Browser:
    return browser_at()
