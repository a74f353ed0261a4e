"""Settings that cannot work are refused by name; secrets are found and never shown."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.secrets import UpstreamSecrets
from gateway.settings import SettingsError, read_snapshot_key

KEY = base64.b64encode(bytes(range(32))).decode()


def test_a_key_is_text_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.pub"
    path.write_text(KEY + "\n")
    assert read_snapshot_key(KEY).public_bytes_raw() == read_snapshot_key(str(path)).public_bytes_raw()


@pytest.mark.parametrize("text", ["", "nonsense", base64.b64encode(b"short").decode()])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="OSTIARY_GATEWAY_SNAPSHOT_KEY"):
        read_snapshot_key(text)


def test_a_secret_is_a_file_or_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "erp-key").write_text("from-file\n")
    monkeypatch.setenv("OSTIARY_SECRET_ERP_KEY", "from-environment")
    monkeypatch.setenv("OSTIARY_SECRET_CARRIER_KEY", "carrier")
    secrets = UpstreamSecrets(tmp_path)
    assert (secrets.find("erp-key"), secrets.find("carrier-key"), secrets.find("other")) == (
        "from-file",
        "carrier",
        None,
    )
    assert UpstreamSecrets(None).find("erp-key") == "from-environment"


@pytest.mark.parametrize(
    ("changes", "quoted"),
    [
        ({}, "OSTIARY_GATEWAY_SNAPSHOT_KEY"),
        ({"OSTIARY_GATEWAY_SNAPSHOT_KEY": "nonsense"}, "OSTIARY_GATEWAY_SNAPSHOT_KEY"),
        ({"OSTIARY_GATEWAY_SNAPSHOT_KEY": KEY, "OSTIARY_GATEWAY_PORT": "99999"}, "OSTIARY_GATEWAY_PORT"),
        (
            {"OSTIARY_GATEWAY_SNAPSHOT_KEY": KEY, "OSTIARY_GATEWAY_CATALOG_URL": "http://127.0.0.1:1"},
            "OSTIARY_GATEWAY_TOKEN",
        ),
        (
            {"OSTIARY_GATEWAY_SNAPSHOT_KEY": KEY, "OSTIARY_GATEWAY_TRUSTED_PROXIES": "proxy.example"},
            "OSTIARY_GATEWAY_TRUSTED_PROXIES",
        ),
        (
            {"OSTIARY_GATEWAY_SNAPSHOT_KEY": KEY, "OSTIARY_GATEWAY_TLS_CERT": "server.pem"},
            "OSTIARY_GATEWAY_TLS_KEY",
        ),
        (
            {"OSTIARY_GATEWAY_SNAPSHOT_KEY": KEY, "OSTIARY_GATEWAY_TLS_CLIENT_CA": "ca.pem"},
            "OSTIARY_GATEWAY_TLS_KEY",
        ),
    ],
)
def test_the_process_names_what_is_wrong_and_ends_with_2(
    tmp_path: Path, changes: dict[str, str], quoted: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    environment |= {"OSTIARY_GATEWAY_DATA": str(tmp_path), **changes}
    done = subprocess.run([sys.executable, "-m", "gateway"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert quoted in done.stderr
    assert "Traceback" not in done.stderr
