"""The store over the admin API: the very bytes of a back-up, for operators, with an entry in the audit log."""

import io
import tempfile
from pathlib import Path

import pytest

from catalog.backup.exporting import write_backup
from tests.catalog.admin import AdminClient


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


async def test_an_operator_gets_what_a_back_up_on_the_machine_would_have(admin: AdminClient, files: Path) -> None:
    got = await admin("omar", "GET", "/export")
    assert (got.status, got.headers["content-type"]) == (200, "application/octet-stream")
    near = io.BytesIO()
    await write_backup(admin.world.store, near)
    assert got.body == near.getvalue()
    assert list(files.iterdir()) == []
    entries = [each.event async for each in admin.world.audit.entries()]
    assert [(each.actor, each.action) for each in entries if each.subject == "store"] == [("omar", "exported")]


@pytest.mark.parametrize("member", ["anna", "otto", "sara"])
async def test_nobody_else_gets_it(admin: AdminClient, member: str) -> None:
    refused = await admin(member, "GET", "/export")
    assert (refused.status, refused.body["roles"]) == (403, ["operator"])
    assert not [each async for each in admin.world.audit.entries() if each.event.subject == "store"]
