"""The master key as a setting of a real catalog: what it refuses to start with, and how one is replaced."""

import base64
import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from catalog.key_files import load_keys
from catalog.settings import CatalogSettings
from catalog.upstream_credentials.envelope import MasterKeyError
from catalog.upstream_credentials.settings import sealing_of
from tests.catalog.processes import catalog, ostiary

VALUE = "odoo-api-key-0123456789"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    with as_file(files("catalog.demo") / "estate") as source:
        return Path(shutil.copytree(source, tmp_path / "estate"))


def key_file(path: Path, byte: int) -> str:
    path.write_text(base64.b64encode(bytes([byte]) * 32).decode() + "\n")
    return str(path)


def asked(url: str, data: Path, estate: Path, *arguments: str, stdin: str = "") -> Any:
    """What `ostiary upstream-credentials` prints for a security member."""
    issued = ostiary("catalog", "member-token", "ruth", "--data", str(data), "--estate", str(estate))
    settings = {"OSTIARY_CATALOG_URL": url, "OSTIARY_TOKEN": issued.stdout.strip()}
    done = ostiary("upstream-credentials", *arguments, "--json", stdin=stdin, **settings)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_what_is_no_master_key_is_said_without_repeating_it(tmp_path: Path) -> None:
    keys, text = load_keys(tmp_path / "keys"), "bm90IDMyIGJ5dGVz"
    with pytest.raises(MasterKeyError, match="OSTIARY_CATALOG_MASTER_KEY does not hold 32 bytes") as caught:
        sealing_of(CatalogSettings(master_key=SecretStr(text)), keys)
    assert text not in str(caught.value)
    with pytest.raises(MasterKeyError, match="/nowhere/at/all cannot be read"):
        sealing_of(CatalogSettings(master_key_file=Path("/nowhere/at/all")), keys)
    with pytest.raises(MasterKeyError, match="/nowhere/at/all cannot be read"):
        sealing_of(CatalogSettings(earlier_master_key_files=[Path("/nowhere/at/all")]), keys)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"vault_url": "ftp://vault"}, "vault_url must be an absolute"),
        ({"vault_url": "https://vault"}, "vault_token_file is needed"),
        (
            {"master_key": "x", "master_key_file": "/nowhere"},
            "only one of master_key, master_key_file and vault_url",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        CatalogSettings(**settings)


def test_a_master_key_is_replaced_without_losing_a_value(tmp_path: Path, estate: Path) -> None:
    data = tmp_path / "data"
    shared = {"OSTIARY_CATALOG_DATA": str(data), "OSTIARY_CATALOG_ESTATE": str(estate)}
    options = ("--team", "sales", "--owner", "ines", "--purpose", "Odoo", "--expires-days", "30")
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    with catalog(tmp_path / "first", **shared) as running:
        members = asked(running.url, data, estate, "list")
        assert {each["state"] for each in members} == {"none"}
        made = asked(running.url, data, estate, "set", "odoo-key", *options, stdin=VALUE + "\n")
        assert made["credential"]["state"] == "current"
    new, other = key_file(tmp_path / "new.key", 1), key_file(tmp_path / "other.key", 2)
    with catalog(tmp_path / "second", **shared, OSTIARY_CATALOG_MASTER_KEY_FILE=new) as running:
        done = asked(running.url, data, estate, "rewrap")
        assert (done["rewrapped"], asked(running.url, data, estate, "rewrap")["rewrapped"]) == (1, 0)
    refused = ostiary("catalog", "--port", "0", **shared)
    assert refused.returncode == 2
    assert done["master_key"] in refused.stderr
    refused = ostiary("catalog", "--port", "0", **shared, OSTIARY_CATALOG_MASTER_KEY_FILE=other)
    assert refused.returncode == 2
    assert done["master_key"] in refused.stderr
    moved = {"OSTIARY_CATALOG_MASTER_KEY_FILE": other, "OSTIARY_CATALOG_EARLIER_MASTER_KEY_FILES": f'["{new}"]'}
    with catalog(tmp_path / "third", **shared, **moved) as running:
        assert asked(running.url, data, estate, "rewrap")["rewrapped"] == 1
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(VALUE.encode() in path.read_bytes() for path in written), "a value was written down"
