"""A plug-in that cannot be used: every process says so at once, and ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.cli.init import scaffold

ROOT = Path(__file__).parents[2]
SAID = "the plug-in 'acme-guard' (acme_guard:policy) cannot be loaded: ModuleNotFoundError"


@pytest.fixture
def places(tmp_path: Path) -> str:
    """Places for packages, one of which has a distribution with nothing behind its entry point."""
    metadata = tmp_path / "site" / "acme_guard-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-guard\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ostiary.policies]\nacme-guard = acme_guard:policy\n")
    return os.pathsep.join((str(ROOT), str(tmp_path / "site")))


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "catalog.cli.main", "check", "estate"),
        ("-m", "catalog.cli.main", "policies"),
        ("-m", "catalog.cli.main", "routes", "estate"),
        ("-m", "catalog"),
        ("-m", "gateway"),
    ],
    ids=lambda command: " ".join(command[1:3]),
)
def test_nothing_goes_on_without_it(tmp_path: Path, places: str, command: tuple[str, ...]) -> None:
    for name, text in scaffold("test-estate").items():
        path = tmp_path / "estate" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    environment = {
        **clean,
        "PYTHONPATH": places,
        "OSTIARY_CATALOG_DATA": str(tmp_path / "catalog"),
        "OSTIARY_GATEWAY_DATA": str(tmp_path / "gateway"),
        "OSTIARY_GATEWAY_SNAPSHOT_KEY": "A" * 43 + "=",
        "OSTIARY_GATEWAY_PORT": "0",
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert SAID in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "catalog").exists()
