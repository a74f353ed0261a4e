"""Back-ups: the same bytes for the same content, whichever database; all of it comes back, or nothing."""

import io
import json
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.backup.exporting import OtherSchema, export_to
from catalog.backup.importing import StoreNotEmpty, import_from
from catalog.backup.reading import BadBackup, summary_in
from catalog.storage.engine import Store
from catalog.storage.tables import metadata
from catalog.storage.tables.audit import audit_entries
from catalog.storage.tables.people import member_tokens
from catalog.storage.tables.snapshots import parts
from catalog.storage.tables.usage import usage_callers

ROWS = 7
# What PostgreSQL would sort otherwise than by bytes, and what JSON and SQL have to escape.
TEXTS = ("a", "B", "_", "é", "z-y", 'quote " and \\', "line\nbreak", "\u2028", "😀", "ß", "Z")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = Store.open(url)
    try:
        await store.migrate()
        yield store
    finally:
        await store.close()


def value_of(column: sa.Column[Any], number: int) -> Any:
    """A value of a column that no other row has in its place, and now and then none at all."""
    if column.foreign_keys:
        [key] = column.foreign_keys
        return value_of(key.column, number)
    if column.nullable and number % 3 == 0:
        return None
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return bytes([number]) + random.Random(number).randbytes(31)
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.String):
        text = f"{number}{TEXTS[number % len(TEXTS)]}" if number % 2 else f"{TEXTS[number % len(TEXTS)]}{number}"
        return text[: kind.length]
    if isinstance(kind, sa.BigInteger):
        return number + 2**40
    return number + 1


async def fill(store: Store, rows: int = ROWS) -> None:
    """Rows in every table, whatever tables there are; inserted in an order that is not the back-up's."""
    chance = random.Random(5)
    async with store.write() as connection:
        for table in metadata.sorted_tables:
            numbers = list(range(1, rows + 1))
            chance.shuffle(numbers)
            values = [{column.name: value_of(column, number) for column in table.columns} for number in numbers]
            await connection.execute(sa.insert(table), values)


@pytest.fixture(params=("sqlite", "postgresql"))
async def other_url(request: pytest.FixtureRequest, empty_database: Callable[[str], Awaitable[str]]) -> str:
    """Another empty database, of either kind."""
    return await empty_database(request.param)


async def test_everything_comes_back_bit_for_bit(store_url: str, other_url: str, tmp_path: Path) -> None:
    async with opened(store_url) as store:
        await fill(store)
    first, second = tmp_path / "first", tmp_path / "second"
    summary = await export_to(store_url, first)
    assert set(summary.tables) == set(metadata.tables)
    assert set(summary.tables.values()) == {ROWS}
    assert await import_from(other_url, first) == summary
    assert await export_to(other_url, second) == summary
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o777 == 0o600


async def test_an_empty_store_too(store_url: str, other_url: str, tmp_path: Path) -> None:
    async with opened(store_url):
        pass
    first, second = tmp_path / "first", tmp_path / "second"
    await export_to(store_url, first)
    await import_from(other_url, first)
    await export_to(other_url, second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().count(b"\n") == 2


async def test_the_audit_log_is_append_only_again_and_numbers_go_on(empty_url: str, tmp_path: Path) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'from.db'}") as store, store.write() as connection:
        log = AuditLog(store, lambda: 1.0)
        for name in ("a", "b"):
            await log.append(connection, Event(subject="test", action="done", object=name, actor="me"))
        caller = {"api": "a", "version": "v1", "operation": "o", "consumer": "c", "first_seen": 1, "last_seen": 1}
        await connection.execute(sa.insert(usage_callers), [{**caller, "id": 41, "application": "x"}])
    await export_to(f"sqlite+aiosqlite:///{tmp_path / 'from.db'}", tmp_path / "backup")
    await import_from(empty_url, tmp_path / "backup")
    async with opened(empty_url) as store:
        for statement in (sa.update(audit_entries).values(actor="you"), sa.delete(audit_entries)):
            with pytest.raises(sa.exc.DBAPIError):
                async with store.write() as connection:
                    await connection.execute(statement)
        async with store.write() as connection:
            entry = await AuditLog(store, lambda: 2.0).append(
                connection, Event(subject="test", action="done", object="c", actor="me")
            )
            assert entry.number == 3
            # PostgreSQL numbers these by a sequence, which knows nothing of rows that came with a number.
            await connection.execute(sa.insert(usage_callers).values(**caller, application="y"))
            assert await connection.scalar(sa.select(sa.func.max(usage_callers.c.id))) == 42


async def test_a_store_that_is_not_empty_is_refused(store_url: str, tmp_path: Path) -> None:
    async with opened(store_url) as store:
        await fill(store)
    await export_to(store_url, tmp_path / "backup")
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'used.db'}") as store, store.write() as connection:
        await connection.execute(sa.insert(parts).values(digest="sha256:1", data=b"1"))
    with pytest.raises(StoreNotEmpty, match="parts"):
        await import_from(f"sqlite+aiosqlite:///{tmp_path / 'used.db'}", tmp_path / "backup")
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'used.db'}") as store:
        assert await store.all(sa.select(member_tokens)) == []


async def test_wherever_a_file_is_cut_off_nothing_is_written(tmp_path: Path) -> None:
    """Each line's end and the middle of each line, of two rows in each table: the store is not even made."""
    source = f"sqlite+aiosqlite:///{tmp_path / 'from.db'}"
    async with opened(source) as store:
        await fill(store, 2)
    whole = tmp_path / "backup"
    await export_to(source, whole)
    data = whole.read_bytes()
    cut = tmp_path / "cut"
    ends = [index for index, byte in enumerate(data) if byte == 0x0A]
    places = {0, *(end + 1 for end in ends[:-1]), *(end - 3 for end in ends)}
    assert len(places) > 2 * 2 * len(metadata.tables)
    for place in sorted(places):
        cut.write_bytes(data[:place])
        with pytest.raises(BadBackup):
            await import_from(f"sqlite+aiosqlite:///{tmp_path / 'target.db'}", cut)
    assert not (tmp_path / "target.db").exists()


def changed(data: bytes, line: int, change: Callable[[Any], Any]) -> bytes:
    """The file with one line's value changed."""
    lines = data.splitlines(keepends=True)
    lines[line] = json.dumps(change(json.loads(lines[line])), ensure_ascii=False).encode() + b"\n"
    return b"".join(lines)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"hello", "no back-up"),
        (lambda data: b"{}\n" + data, "no back-up"),
        (lambda data: changed(data, 0, lambda head: head | {"version": 2}), "format version 2"),
        (lambda data: changed(data, 0, lambda head: head | {"schema": "0001"}), "the schema 0001"),
        (lambda data: changed(data, 0, lambda head: head | {"tables": head["tables"][1:]}), "other tables"),
        (lambda data: changed(data, 1, lambda row: row[1:]), "line 2, of accounts, is no row"),
        (lambda data: changed(data, 1, lambda row: [1, *row[1:]]), "line 2, of accounts, is no row"),
        (lambda data: changed(data, 1, lambda row: ["other", *row[1:]]), "altered"),
        (lambda data: changed(data, -1, lambda _: {"digest": "sha256:" + "0" * 64}), "altered"),
        (lambda data: data + b"\n", "something follows"),
    ],
)
async def test_a_file_that_is_not_what_was_written_is_refused(
    tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    source = f"sqlite+aiosqlite:///{tmp_path / 'from.db'}"
    async with opened(source) as store:
        await fill(store)
    backup = tmp_path / "backup"
    await export_to(source, backup)
    backup.write_bytes(damage(backup.read_bytes()))
    with pytest.raises(BadBackup, match=message):
        await import_from(f"sqlite+aiosqlite:///{tmp_path / 'target.db'}", backup)
    assert not (tmp_path / "target.db").exists()


async def test_an_import_that_fails_half_way_leaves_nothing(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"sqlite+aiosqlite:///{tmp_path / 'from.db'}"
    async with opened(source) as store:
        await fill(store)
    await export_to(source, tmp_path / "backup")

    async def fails(_: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("catalog.backup.importing._count_on", fails)
    with pytest.raises(OSError, match="the disk is gone"):
        await import_from(empty_url, tmp_path / "backup")
    async with opened(empty_url) as store:
        for table in metadata.sorted_tables:
            assert await store.all(sa.select(table)) == [], table.name


async def test_an_export_sees_one_state_and_keeps_no_writer_waiting(store_url: str, tmp_path: Path) -> None:
    async with opened(store_url) as store:
        async with store.write() as connection:
            await connection.execute(sa.insert(parts).values(digest="sha256:1", data=b"1"))
        async with store.snapshot() as reader:
            count = sa.select(sa.func.count()).select_from(parts)
            assert await reader.scalar(count) == 1
            async with store.write() as connection:
                await connection.execute(sa.insert(parts).values(digest="sha256:2", data=b"2"))
            assert await reader.scalar(count) == 1
        async with store.snapshot() as reader:
            assert await reader.scalar(count) == 2


async def test_a_store_of_another_schema_is_left_alone(store_url: str, tmp_path: Path) -> None:
    async with opened(store_url) as store, store.write() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(OtherSchema, match="of the schema 0001"):
        await export_to(store_url, tmp_path / "backup")
    assert [name for name in os.listdir(tmp_path) if "backup" in name] == []


async def test_what_a_back_up_holds_is_told_once_it_is_whole(tmp_path: Path) -> None:
    source = f"sqlite+aiosqlite:///{tmp_path / 'from.db'}"
    async with opened(source) as store:
        await fill(store)
    written = await export_to(source, tmp_path / "backup")
    data = (tmp_path / "backup").read_bytes()
    assert summary_in(io.BytesIO(data)) == written
    lines = data.splitlines(keepends=True)
    for broken in (data[:-10], b"".join(lines[:-1]), b"".join(lines[1:]), b"".join(lines[:1] + lines[2:]), b""):
        with pytest.raises(BadBackup):
            summary_in(io.BytesIO(broken))
