"""`ostiary catalog export` and `import`: a catalog on another machine that is the same."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.catalog.processes import ROOT

SAMPLE = ROOT / "catalog" / "demo" / "estate"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments), env={"OSTIARY_CATALOG_DATABASE_URL": ""})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A catalog's directory in which a token was issued."""
    directory = tmp_path / "data"
    issued = run("catalog", "member-token", "ines", "--data", str(directory), "--estate", str(SAMPLE))
    assert issued.exit_code == 0, issued.output
    return directory


def test_what_is_exported_is_imported_and_proves_itself_with_its_keys(data: Path, tmp_path: Path) -> None:
    backup, other = tmp_path / "backup", tmp_path / "other"
    exported = run("catalog", "export", str(backup), "--data", str(data), "--json")
    assert exported.exit_code == 0, exported.output
    summary = json.loads(exported.stdout)
    assert summary["tables"]["member_tokens"] == 1
    imported = run("catalog", "import", str(backup), "--data", str(other), "--json")
    assert json.loads(imported.stdout) == summary
    assert run("audit", "verify", "--data", str(other)).exit_code == 1  # keys of its own were made
    shutil.rmtree(other / "keys")
    shutil.copytree(data / "keys", other / "keys")
    assert run("audit", "verify", "--data", str(other)).exit_code == 0


def test_a_back_up_is_not_replaced_by_accident(data: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.write_text("yesterday's")
    refused = run("catalog", "export", str(backup), "--data", str(data))
    assert (refused.exit_code, backup.read_text()) == (2, "yesterday's")
    assert run("catalog", "export", str(backup), "--data", str(data), "--force").exit_code == 0
    assert backup.read_text().startswith('{"format":"ostiary-catalog-backup"')


def test_what_cannot_be_imported_is_told(data: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert run("catalog", "export", str(backup), "--data", str(data)).exit_code == 0
    used = run("catalog", "import", str(backup), "--data", str(data))
    assert (used.exit_code, "not empty" in used.stderr) == (2, True)
    backup.write_bytes(backup.read_bytes()[:-10])
    cut = run("catalog", "import", str(backup), "--data", str(tmp_path / "other"))
    assert (cut.exit_code, "breaks off" in cut.stderr) == (2, True)
    missing = run("catalog", "export", str(backup), "--data", str(tmp_path / "nothing"))
    assert (missing.exit_code, "there is no catalog" in missing.stderr) == (2, True)
