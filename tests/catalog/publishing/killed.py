"""Publishes, and is killed at each statement of the transaction in turn:
`python -m tests.catalog.publishing.killed DIRECTORY URL`.

Each attempt is a process of its own, forked from this one, which holds no connection and has no thread. Prints
lines of JSON: what a catalog finds that is started before the first attempt and after the last one, and between
them a digest of all that the store holds, as each attempt found it.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.key_files import load_keys
from catalog.publishing.published import Published
from catalog.storage.engine import Store
from catalog.storage.tables import metadata
from contracts.snapshot import digest_of, entry_digest
from tests.catalog.publishing.governed import ACT, Governed

DONE: Final = 0
KILLED: Final = -signal.SIGKILL


async def prepare(world: Governed) -> None:
    """The revision that is to be published is in the store."""
    await look(world)
    await world.put("books", ("apis/books/api.yaml", "title: Books", "title: Tomes"))


async def publish(world: Governed, statements: int) -> None:
    """A change is approved and published; the process is killed before the n-th statement after that began."""
    print(json.dumps(await digest_of_rows(world.store)), flush=True)
    publisher = world.publish_nothing_yet()
    await publisher.restore()
    revisions = publisher.planner.revisions
    current = (await revisions.pointers())["books"].revision
    [digest] = [each.digest for each in await revisions.of_unit("books") if each.digest != current]

    async def also(connection: AsyncConnection) -> None:
        light_fuse(world.store, statements)
        event = Event(subject="change", action="approved", object="7", actor="bob")
        await publisher.audit.append(connection, event)

    assert isinstance(await publisher.advance({"books": digest}, ACT, also), Published)


def light_fuse(store: Store, statements: int) -> None:
    """Kills the process before its n-th statement from now, commits among them."""
    left = statements

    def burn(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = store._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", burn)
    sa.event.listen(engine, "commit", burn)


async def look(world: Governed) -> None:
    """What a catalog finds that is started now."""
    publisher = await world.start()
    version = next(each for each in world.published.contracts.versions if each.api == "books")
    approval = world.approval("books")
    assert approval is not None
    state = {
        "title": version.title,
        "pointer": publisher.pointers["books"].version,
        "records": len(await publisher.planner.revisions.history("books")),
        "told": [each.action for each in await world.events("change")],
        "moves": [each.action for each in await world.events("unit") if each.object == "books"],
        "snapshots": len(await world.events("snapshot")),
        "approved": approval.entry == entry_digest(version) and approval.basis,
        "held": dict(publisher.held),
        "audit": str((await publisher.audit.verify(world.keys.snapshot.public_key(), {}))[1]),
    }
    print(json.dumps(state))


async def digest_of_rows(store: Store) -> str:
    """Of every row of every table, as the database has it: some thirty attempts compare them."""
    rows: list[str] = []
    async with store.snapshot() as connection:
        for table in metadata.sorted_tables:
            found = await connection.exec_driver_sql(f"SELECT * FROM {table.name}")
            rows += sorted(str(tuple(row)) for row in found)
    return digest_of("\n".join(rows).encode())


def in_a_process(directory: Path, url: str, work: Callable[[Governed], Awaitable[None]]) -> int:
    """The exit code, or minus the number of the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(with_world(directory, url, work))
            sys.stdout.flush()
            code = DONE
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def with_world(directory: Path, url: str, work: Callable[[Governed], Awaitable[None]]) -> None:
    store = Store.open(url)
    try:
        await work(Governed(directory / "estate", store, load_keys(directory / "keys")))
    finally:
        await store.close()


def main(directory: Path, url: str) -> int:
    """Ends after the first attempt that nobody killed; 1 where something failed by itself."""
    if in_a_process(directory, url, prepare) != DONE:
        return 1
    statements = 1
    while True:
        code = in_a_process(directory, url, lambda world, at=statements: publish(world, at))  # type: ignore[misc]
        if code == DONE:
            return in_a_process(directory, url, look)
        if code != KILLED:
            return 1
        statements += 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
