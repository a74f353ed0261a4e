import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.packed import at_once, read_access
from contracts.snapshot import SnapshotError
from gateway import snapshot_store
from gateway.snapshot_store import SnapshotStore
from tests.support.snapshots import KEY, publication


def store_at(directory: Path) -> SnapshotStore:
    return SnapshotStore(directory, KEY.public_key())


def stored_parts(directory: Path) -> set[str]:
    return {path.name for path in (directory / "parts").iterdir()}


def test_an_empty_store(tmp_path: Path) -> None:
    store = store_at(tmp_path / "new" / "deep")
    assert store.load() is None
    assert store.loaded is None


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    signed, manifest, parts = publication(3, "shop")
    store_at(tmp_path).save(signed, manifest, parts)
    store = store_at(tmp_path)
    snapshot = store.load()
    assert snapshot is not None
    assert snapshot.manifest == manifest
    assert snapshot.access is not None
    _, applications = at_once(read_access(snapshot.access))
    assert list(applications) == ["shop"]
    assert store.loaded == (signed, manifest)


def test_parts_that_are_no_longer_named_are_deleted(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.save(*publication(1, "shop"))
    manifests = []
    for serial, client in ((2, "kiosk"), (3, "desk")):
        signed, manifest, parts = publication(serial, client)
        store.save(signed, manifest, {manifest.access: parts[manifest.access]})
        manifests.append(manifest)
    # The contracts did not change and were not sent again; from the access part before another worker goes on.
    named = (manifests[1].contracts, manifests[1].access, manifests[0].access)
    assert stored_parts(tmp_path) == {digest.removeprefix("sha256:") for digest in named}
    assert store.load() is not None


def test_a_worker_that_is_behind_does_not_take_a_newer_snapshot_away(tmp_path: Path) -> None:
    ahead, behind = store_at(tmp_path), store_at(tmp_path)
    signed, newer, parts = publication(2, "kiosk")
    ahead.save(signed, newer, parts)
    old_signed, old, old_parts = publication(1, "shop")
    behind.save(old_signed, old, old_parts)
    assert behind.loaded == (old_signed, old)  # that is what it has in force
    stored = store_at(tmp_path).load()
    assert stored is not None
    assert stored.manifest == newer


def test_a_newer_manifest_without_its_parts_is_replaced(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    signed, newer, parts = publication(2, "kiosk")
    store.save(signed, newer, parts)
    for path in (tmp_path / "parts").iterdir():
        path.unlink()
    store.save(*publication(1, "shop"))
    stored = store_at(tmp_path).load()
    assert stored is not None
    assert stored.manifest.serial == 1


def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    store_at(tmp_path / "data").save(*publication(1))
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files if path.parent.name == "data") == ["lock", "manifest.json"]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_crash_before_the_manifest_leaves_the_old_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_at(tmp_path)
    store.save(*publication(1, "shop"))
    whole = Path.replace

    def fails_at_the_manifest(source: Path, destination: Path) -> Path:
        if destination.name == "manifest.json":
            raise OSError("no space left")
        return whole(source, destination)

    monkeypatch.setattr(Path, "replace", fails_at_the_manifest)
    with pytest.raises(OSError, match="no space"):
        store.save(*publication(2, "kiosk"))
    snapshot = store_at(tmp_path).load()
    assert snapshot is not None
    assert snapshot.manifest.serial == 1
    assert not list(tmp_path.glob("*.partial"))


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    (tmp_path / "manifest.json-x1.partial").write_bytes(b"{")
    (tmp_path / "parts" / "abc-x2.partial").write_bytes(b"{")
    store.save(*publication(1))
    assert not list(tmp_path.rglob("*.partial"))


def test_a_part_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(snapshot_store.os, "fsync", lambda descriptor: order.append("fsync"))
    whole = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: (order.append(f"rename {b.parent.name}"), whole(a, b))[1])
    store_at(tmp_path / "data").save(*publication(1))
    assert order == ["fsync", "rename parts", "fsync", "rename parts", "fsync", "fsync", "rename data", "fsync"]


def test_an_altered_part_is_refused(tmp_path: Path) -> None:
    store_at(tmp_path).save(*publication(1, "shop"))
    for path in (tmp_path / "parts").iterdir():
        path.write_bytes(path.read_bytes().replace(b"shop", b"evil"))
    with pytest.raises(SnapshotError, match="altered"):
        store_at(tmp_path).load()


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    store_at(tmp_path).save(*publication(1))
    next((tmp_path / "parts").iterdir()).unlink()
    with pytest.raises(SnapshotError, match="missing"):
        store_at(tmp_path).load()


def test_a_manifest_of_another_key_is_refused(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.save(*publication(1, key=Ed25519PrivateKey.generate()))
    fresh = store_at(tmp_path)
    with pytest.raises(SnapshotError, match="trusted key"):
        fresh.load()
    assert fresh.loaded is None


def test_a_manifest_that_is_no_manifest_is_refused(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b'{"manifest": ')
    with pytest.raises(SnapshotError, match="does not decode"):
        store.load()


def test_a_digest_names_a_file_and_nothing_else(tmp_path: Path) -> None:
    store = store_at(tmp_path / "data")
    (tmp_path / "secret").write_bytes(b"secret")
    for digest in ("sha256:../../secret", "../../secret", "sha256:" + "0" * 64, ""):
        assert store.get(digest) is None


def test_bytes_that_are_not_the_part_are_not_saved(tmp_path: Path) -> None:
    signed, manifest, parts = publication(1)
    with pytest.raises(SnapshotError, match="not those of that name"):
        store_at(tmp_path).save(signed, manifest, dict.fromkeys(parts, b"{}"))
