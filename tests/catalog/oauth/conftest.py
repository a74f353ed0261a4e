"""A catalog with people, and applications that ask them, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import logged_in, people_world
from tests.conformance.oauth.tokens import secret_of


@pytest.fixture
async def people(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with people_world(tmp_path, store_url=store_url) as world:
        yield world


@pytest.fixture
async def browser(people: World) -> AsyncIterator[Browser]:
    """A browser in which Anna is logged in."""
    made = Browser(people.url)
    await logged_in(people, made)
    yield made
    await made.close()


@pytest.fixture
async def secret(people: World) -> str:
    """The planner's client secret."""
    return await secret_of(people, "planner")
