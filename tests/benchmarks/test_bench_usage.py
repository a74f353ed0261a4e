"""The benchmark of impact asks what it says, and no question reads a table of usage from end to end."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.usage.impact import impact_of
from catalog.usage.queries import Selection, UsageQueries
from tests.benchmarks import usage_impact
from tests.benchmarks.usage_impact import BUSY_OPERATIONS, FIELDS, NOW, Size

SMALL = Size(apis=3, applications=12, days=40)


@pytest.fixture
async def filled(tmp_path: Path) -> str:
    url, rows = await usage_impact.made(tmp_path, SMALL)
    assert rows > SMALL.apis * SMALL.applications * SMALL.days
    return url


async def test_everybody_is_touched_by_everything_that_breaks(filled: str) -> None:
    report, seconds, _ = await usage_impact.ask(filled, "api-0", usage_impact.subscribers(SMALL))
    # A parameter that becomes required, a field that goes, and a value of each other field.
    assert len(report.impacts) == BUSY_OPERATIONS * (2 + FIELDS - 1)
    values = [impact for impact in report.impacts if impact.rule == "request-enum-value-removed"]
    assert {len(impact.touched) for impact in values} == {SMALL.applications + 1}
    assert {each.confidence for each in values[0].touched} == {"observed", "subscribed"}
    assert seconds > 0


async def test_no_question_reads_a_table_from_end_to_end(filled: str) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    store = Store.open(filled)

    @sa.event.listens_for(store._engine.sync_engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, tuple(parameters)))

    queries = UsageQueries(store)
    base, changes = usage_impact.compiled("api-0"), usage_impact.changes("api-0")
    await impact_of(queries, lambda: NOW, base, changes, usage_impact.subscribers(SMALL))
    await queries.callers("api-0", "v1", NOW - 86_400)
    await queries.last_call("api-0", "v1")
    for unit in ("hour", "day"):
        await queries.points(Selection(NOW - 86_400, NOW, api="api-0"), unit, 100)
        await queries.points(Selection(NOW - 86_400, NOW, application="app-1"), unit, 100)
    await store.close()
    database = sqlite3.connect(filled.removeprefix("sqlite+aiosqlite:///"))
    assert len(asked) > 8
    for statement, parameters in asked:
        plan = [row[3] for row in database.execute("EXPLAIN QUERY PLAN " + statement, parameters)]
        assert not [step for step in plan if step.startswith("SCAN usage")], (statement, plan)
    database.close()
