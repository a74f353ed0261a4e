"""An office on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalog.changes.office import Office, office


@pytest.fixture
async def desk(tmp_path: Path, store_url: str) -> AsyncIterator[Office]:
    async with office(tmp_path, store_url) as made:
        yield made
