"""What the linter says of what is in force: counted by unit, once for each publication, and with what is waived
apart."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import pytest
import sqlalchemy as sa

from catalog.changes.assessment import Proposal, assess
from catalog.governance.look_table import KEPT, Look, LookTable, keep
from catalog.governance.looking import Counted, look
from catalog.governance.rounds import Looks
from catalog.revisions.closure import units_of
from catalog.storage.tables.lint import lint_looks
from contracts.estate.estate import load_estate
from contracts.estate_changes import ChangesEntry
from tests.catalog.changes.office import COMPATIBLE, Office, office

TODAY = date(2026, 11, 28)
ORDERS = "apis/orders/api.yaml"


@pytest.fixture
async def desk(tmp_path: Path, store_url: str) -> AsyncIterator[Office]:
    async with office(tmp_path, store_url) as made:
        yield made


@cache
def units() -> Mapping[str, Mapping[str, bytes]]:
    """The demonstration's."""
    with as_file(files("catalog.demo") / "estate") as root:
        estate, findings = load_estate(root)
        assert estate is not None, findings
        return units_of(estate)


def with_change(unit: str, path: str, old: bytes, new: bytes) -> Mapping[str, Mapping[str, bytes]]:
    assert old in units()[unit][path], (path, old)
    return {**units(), unit: {**units()[unit], path: units()[unit][path].replace(old, new, 1)}}


def test_findings_are_counted_where_they_stand() -> None:
    before = look(units(), (), TODAY)
    changed = with_change("orders", ORDERS, b"slo: { availability: 99.5, latency-p95: 800 }\n", b"")
    found = look(changed, (), TODAY)
    assert set(found.counted) - set(before.counted) == {Counted("orders", "criticality-without-slo", "error", 1)}
    assert found.total("error") == before.total("error") + 1


def test_what_a_waiver_lets_pass_is_counted_apart() -> None:
    changed = with_change("orders", ORDERS, b"description: Quotations", b"#")
    found = look(changed, (), TODAY)
    others = {unit: each for unit, each in changed.items() if unit != "orders"}
    proposal = Proposal("orders", "sha256:a", units()["orders"], "sha256:b", changed["orders"], others)
    [missing] = [
        each for each in assess(proposal, (), ChangesEntry(), TODAY).lint if each.rule == "api-description-missing"
    ]
    passed = look(changed, {("orders", missing.fingerprint)}, TODAY)
    assert (found.waived, passed.waived) == (0, 1)
    assert set(found.counted) - set(passed.counted) == {Counted("orders", "api-description-missing", "warning", 1)}


def test_one_estate_is_looked_at_as_a_whole() -> None:
    """What two APIs claim is found, though each is a unit of its own."""
    path = "apis/shipments/api.yaml"
    changed = with_change("shipments", path, b"[shipment]", b"[shipment, sales-order]")
    assert Counted("shipments", "record-claimed-twice", "error", 1) in look(changed, (), TODAY).counted


async def test_each_publication_is_looked_at_once(desk: Office) -> None:
    looks, table = Looks(desk.store, desk.keys.snapshot.public_key(), desk.clock), LookTable(desk.store)
    assert await looks.round() is True
    assert await looks.round() is False
    [first] = await table.last(10)
    assert first.apis == 2
    counted = await table.counted()
    assert first.warnings == sum(each.findings for each in counted if each.severity == "warning")
    await desk.pushed("ada", COMPATIBLE)
    another = Looks(desk.store, desk.keys.snapshot.public_key(), desk.clock)
    assert await another.round() is True
    assert [each.publication for each in await table.last(10)] == [first.publication, first.publication + 1]


async def test_who_looked_at_an_older_state_writes_nothing_over_a_newer_one(desk: Office) -> None:
    newer = Look(publication=9, at=2 * KEPT, apis=1, errors=0, warnings=1, infos=0, waived=0)
    older = Look(publication=8, at=2 * KEPT, apis=1, errors=1, warnings=0, infos=0, waived=0)
    counted = Counted("books", "r", "warning", 1)
    async with desk.store.write() as connection:
        assert await keep(connection, newer, (counted,)) is True
        assert await keep(connection, older, (Counted("books", "r", "error", 1),)) is False
    assert await LookTable(desk.store).counted() == (counted,)


async def test_old_looks_are_forgotten(desk: Office) -> None:
    look_of_then = Look(publication=1, at=0, apis=1, errors=0, warnings=0, infos=0, waived=0)
    now = Look(publication=2, at=KEPT + 1, apis=1, errors=0, warnings=0, infos=0, waived=0)
    async with desk.store.write() as connection:
        await keep(connection, look_of_then, ())
        await keep(connection, now, ())
    assert [each.publication for each in await desk.store.all(sa.select(lint_looks.c.publication))] == [2]
