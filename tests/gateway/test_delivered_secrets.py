"""Secrets that the catalog delivered: kept sealed on disk, believed when they are good, never gone back to."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts.upstream_secrets import Bundle, BundleError, recipient_of, sealed_secret, signed_bundle
from gateway.delivered_secrets import DeliveredSecrets
from gateway.sealing_key import load_sealing_key
from gateway.secrets import UpstreamSecrets
from gateway.settings import SettingsError

CATALOG = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
OWN = X25519PrivateKey.from_private_bytes(b"\x09" * 32)


def bundle(serial: int = 1, key: X25519PrivateKey = OWN, **values: bytes) -> bytes:
    public = key.public_key()
    secrets = tuple(sealed_secret(value, public, "live", name, 1) for name, value in values.items())
    made = Bundle("live", recipient_of(public), serial, f"state-{serial}", secrets)
    return msgspec.json.encode(signed_bundle(made, CATALOG))


def delivered(directory: Path, key: X25519PrivateKey = OWN) -> DeliveredSecrets:
    return DeliveredSecrets(key, CATALOG.public_key(), directory)


def test_a_restart_goes_on_with_what_is_on_disk(tmp_path: Path) -> None:
    first = delivered(tmp_path / "data")
    first.load()
    assert (first.names, first.state) == ([], "")
    first.take(bundle(key=OWN, odoo=b"the secret"))
    kept = tmp_path / "data" / "secrets.sealed"
    assert (kept.stat().st_mode & 0o777, b"the secret" in kept.read_bytes()) == (0o600, False)
    again = delivered(tmp_path / "data")
    again.load()
    assert (again.find("odoo"), again.state) == ("the secret", "state-1")
    assert "the secret" not in repr(again)


@pytest.mark.parametrize("damage", ["cut", "other-key", "empty"])
def test_what_is_no_good_on_disk_is_not_used(damage: str, tmp_path: Path) -> None:
    delivered(tmp_path).take(bundle(odoo=b"the secret"))
    file = tmp_path / "secrets.sealed"
    data = file.read_bytes()
    file.write_bytes({"cut": data[:-9], "other-key": data, "empty": b""}[damage])
    other = X25519PrivateKey.generate()
    again = delivered(tmp_path, other if damage == "other-key" else OWN)
    again.load()
    assert again.names == []


def test_an_older_bundle_brings_no_revoked_secret_back(tmp_path: Path) -> None:
    secrets = delivered(tmp_path)
    old = bundle(1, odoo=b"revoked since")
    secrets.take(old)
    secrets.take(bundle(2))
    assert (secrets.find("odoo"), secrets.withdrew("odoo"), secrets.withdrew("other")) == (None, True, False)
    with pytest.raises(BundleError, match="serial 1 is before 2"):
        secrets.take(old)
    again = delivered(tmp_path)
    again.load()
    with pytest.raises(BundleError, match="serial 1 is before 2"):
        again.take(old)
    secrets.take(bundle(3, odoo=b"a new one"))
    assert (secrets.find("odoo"), secrets.withdrew("odoo")) == ("a new one", False)


def test_a_bundle_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    secrets = delivered(tmp_path)
    secrets.take(bundle(1, odoo=b"the first"))
    public = OWN.public_key()
    moved = msgspec.structs.replace(sealed_secret(b"of the carrier", public, "live", "carrier", 1), name="odoo")
    good = sealed_secret(b"new", public, "live", "carrier", 2)
    for bad in (moved, sealed_secret(b"\xff", public, "live", "odoo", 1)):
        made = Bundle("live", recipient_of(public), 2, "state-2", (good, bad))
        with pytest.raises(BundleError, match="odoo") as caught:
            secrets.take(msgspec.json.encode(signed_bundle(made, CATALOG)))
        assert "carrier" not in str(caught.value)
    assert (secrets.find("odoo"), secrets.names, secrets.state) == ("the first", ["odoo"], "state-1")
    with pytest.raises(BundleError, match="no signed bundle"):
        secrets.take(b"<html>")


def test_what_stands_on_the_machine_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = delivered(tmp_path / "data")
    secrets.take(bundle(**{"odoo-key": b"delivered", "carrier-key": b"delivered", "only-here": b"delivered"}))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "odoo-key").write_text("from a file\n")
    monkeypatch.setenv("OSTIARY_SECRET_ODOO_KEY", "from the environment")
    monkeypatch.setenv("OSTIARY_SECRET_CARRIER_KEY", "from the environment")
    all_of_them = UpstreamSecrets(tmp_path / "files", secrets)
    names = ("odoo-key", "carrier-key", "only-here", "nowhere")
    assert [all_of_them.find(name) for name in names] == [
        "from a file",
        "from the environment",
        "delivered",
        None,
    ]
    assert [all_of_them.source(name) for name in names] == ["file", "environment", "catalog", None]
    before = all_of_them.state()
    secrets.take(bundle(2))
    assert all_of_them.state() != before
    assert all_of_them.read(names).withdrawn("only-here")
    assert not all_of_them.read(names).withdrawn("carrier-key")


def test_the_sealing_key_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "sealing.key"
    made = load_sealing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_sealing_key(path).private_bytes_raw() == made.private_bytes_raw()
    path.write_text("no key")
    with pytest.raises(SettingsError, match=str(path)):
        load_sealing_key(path)
