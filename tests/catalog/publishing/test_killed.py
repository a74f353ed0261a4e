"""Killed at any point of a publication, a catalog has the old state or the new one, and nothing between."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from catalog.key_files import load_keys
from catalog.storage.engine import Store
from tests.catalog.publishing.governed import Governed
from tests.support.two_apis import write_two_apis

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.timeout(300)  # some thirty processes, one after the other
async def test_killed_at_every_statement(tmp_path: Path, store_url: str) -> None:
    store = Store.open(store_url)
    await store.migrate()
    await Governed(write_two_apis(tmp_path / "estate"), store, load_keys(tmp_path / "keys")).start(directory=True)
    await store.close()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.catalog.publishing.killed", str(tmp_path), store_url),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    old, *found, new = [json.loads(line) for line in out.splitlines() if line.startswith((b"{", b'"'))]
    assert len(found) > 15, "there is a statement for each of what belongs together"
    assert len(set(found)) == 1, "not one row of the old state has changed"
    assert old == {
        "title": "Books",
        "pointer": 1,
        "records": 1,
        "told": [],
        "moves": ["recorded"],
        "snapshots": 1,
        "approved": "directory",
        "held": {},
        "audit": "None",
    }
    assert new == old | {
        "title": "Tomes",
        "pointer": 2,
        "records": 2,
        "told": ["approved"],
        "moves": ["recorded", "published"],
        "snapshots": 2,
        "approved": "change",
    }
