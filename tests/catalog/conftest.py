from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalog.serving import World, serving


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving(tmp_path) as world:
        yield world
