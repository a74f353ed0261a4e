"""A catalog with people in it."""

import pytest

from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.serving import World


@pytest.fixture
async def admin(world: World) -> AdminClient:
    """The admin API of a catalog whose estate has the people of `tests.catalog.admin`."""
    world.compiled = compiled(company())
    await world.publisher.publish()
    return AdminClient(world)
