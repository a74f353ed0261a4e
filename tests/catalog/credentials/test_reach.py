"""Whom a revocation reaches, of an organisation with many applications: asked of the store in a few statements,
for an emergency does not wait."""

from typing import Any, Final

import sqlalchemy as sa

from catalog.credentials.reach import good_of
from tests.catalog.credentials.test_questions import fill, row
from tests.catalog.serving import World

NOW: Final = 2_000_000_000
APPLICATIONS: Final = 1_200


async def test_the_good_credentials_of_many_applications_take_few_statements(world: World) -> None:
    gone: dict[int, dict[str, Any]] = {3: {"revoked_at": NOW - 1}, 5: {"ends_at": NOW}}
    rows = (row(each, revoked_at=None) | gone.get(each, {}) for each in range(10 * APPLICATIONS + 10))
    await fill(world.store, rows)
    statements: list[str] = []
    engine = world.store._engine.sync_engine

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        found = await good_of(world.store, (f"app-{each}" for each in range(APPLICATIONS)), NOW)
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    assert found == tuple(f"{each:012d}" for each in range(10 * APPLICATIONS) if each not in gone)
    assert len(statements) <= 1 + APPLICATIONS // 500
