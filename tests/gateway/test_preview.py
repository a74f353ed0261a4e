"""A gateway that shows an open change asks for it by name, and no gateway takes up what is for another."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contracts.snapshot import Manifest, PackedSnapshot, SignedManifest, SnapshotError, sign
from gateway.reload import SnapshotClient
from gateway.snapshot_store import SnapshotStore
from tests.gateway.test_reload import Catalog
from tests.support.snapshots import KEY, publication


def previewed(serial: int, change: str) -> tuple[SignedManifest, Manifest, dict[str, bytes]]:
    """A publication that shows a change."""
    _, manifest, parts = publication(serial, "shop")
    shown = msgspec.structs.replace(manifest, preview=change)
    return sign(shown, KEY), shown, parts


class Followed:
    """A catalog, and gateways that follow it; `in_force` has what they took up."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession, catalog: Catalog, data: Path) -> None:
        self.catalog = catalog
        self.in_force: list[str] = []
        self._server = server
        self._session = session
        self._data = data

    async def adopt(self, snapshot: PackedSnapshot) -> None:
        self.in_force.append(snapshot.manifest.preview)

    def gateway(self, preview: str) -> SnapshotClient:
        key = KEY.public_key()
        store = SnapshotStore(self._data / f"of-{preview}", key, preview)
        url = str(self._server.make_url("/"))
        return SnapshotClient(url, "t", key, store, self.adopt, session=self._session, preview=preview)


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Followed]:
    catalog = Catalog()
    app = web.Application()
    app.router.add_get("/gateway/snapshot", catalog.snapshot)
    app.router.add_get("/gateway/parts/{digest}", catalog.part)
    async with TestServer(app) as server, aiohttp.ClientSession(auto_decompress=False) as session:
        yield Followed(server, session, catalog, tmp_path)


async def test_it_asks_for_its_change_and_takes_it_up(followed: Followed) -> None:
    followed.catalog.publish(*previewed(1, "7"))
    assert await followed.gateway("7").poll() is True
    assert followed.in_force == ["7"]
    assert followed.catalog.queries == [{"wait": "25", "preview": "7"}]


@pytest.mark.parametrize(
    ("preview", "sent", "said"),
    [
        ("", "7", "is a preview of change 7, and this gateway serves what is in force"),
        ("7", "8", "is a preview of change 8, and this gateway serves a preview of change 7"),
        ("7", "", "is no preview, and this gateway serves a preview of change 7"),
    ],
)
async def test_what_is_for_another_is_refused(followed: Followed, preview: str, sent: str, said: str) -> None:
    followed.catalog.publish(*previewed(1, sent))
    client = followed.gateway(preview)
    assert await client.poll() is False
    assert followed.in_force == []
    assert client.last_error is not None
    assert said in client.last_error
    assert "part" not in followed.catalog.asked


def test_it_does_not_start_from_what_another_stored(tmp_path: Path) -> None:
    SnapshotStore(tmp_path, KEY.public_key(), "7").save(*previewed(1, "7"))
    assert SnapshotStore(tmp_path, KEY.public_key(), "7").load() is not None
    for preview in ("", "8"):
        with pytest.raises(SnapshotError, match="preview of change 7"):
            SnapshotStore(tmp_path, KEY.public_key(), preview).load()


def test_without_a_preview_the_manifest_has_the_bytes_of_earlier_catalogs() -> None:
    signed, _, _ = publication(1)
    assert b"preview" not in signed.manifest
