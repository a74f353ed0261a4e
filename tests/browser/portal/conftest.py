"""One demonstration for all tests of the portal in a browser: they are in one group, and so on one worker."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.browser.portal.stage import Stage, browser, chromium_here, demonstration


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    chromium_here()
    with demonstration(tmp_path_factory.mktemp("demonstration")) as running:
        yield running


@pytest.fixture
async def chrome() -> AsyncIterator[Browser]:
    async with browser() as started:
        yield started
