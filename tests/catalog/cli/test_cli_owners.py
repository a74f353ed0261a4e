"""`ostiary owners export` and `import`: what is written, what is told, and the exit codes."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.catalog.processes import ROOT


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build(), [str(each) for each in arguments])


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "catalog" / "demo" / "estate", tmp_path / "estate")


def test_what_was_exported_imports_without_a_change(estate: Path, tmp_path: Path) -> None:
    file = tmp_path / "catalog-info.yaml"
    assert run("owners", "export", file, "--estate", estate).exit_code == 0
    assert run("owners", "export", "--estate", estate).stdout == file.read_text()
    taken = run("owners", "import", file, "--estate", estate, "--json")
    assert taken.exit_code == 0
    assert json.loads(taken.stdout) == {"files": [], "changes": [], "remarks": [], "findings": []}


def test_a_dry_run_writes_nothing_and_the_real_one_does(estate: Path, tmp_path: Path) -> None:
    file = tmp_path / "catalog-info.yaml"
    file.write_text(
        "kind: Group\nmetadata: { name: sales }\nspec: { profile: { displayName: Sales, email: s@x.example } }\n"
        "---\nkind: Component\nmetadata: { name: shop }\n"
    )
    before = (estate / "teams.yaml").read_text()
    dry = run("owners", "import", file, "--estate", estate, "--dry-run")
    assert dry.exit_code == 0
    assert "contact of 'sales' is now 's@x.example'" in dry.stdout
    assert "Component 'shop' is not taken over" in dry.stderr
    assert (estate / "teams.yaml").read_text() == before
    assert run("owners", "import", file, "--estate", estate).exit_code == 0
    assert "contact: s@x.example" in (estate / "teams.yaml").read_text()


def test_what_check_finds_wrong_afterwards_is_told(estate: Path, tmp_path: Path) -> None:
    file = tmp_path / "catalog-info.yaml"
    file.write_text(
        "kind: User\nmetadata: { name: catalog }\nspec: { profile: { email: c@x.example }, memberOf: [sales] }\n"
    )
    taken = run("owners", "import", file, "--estate", estate)
    assert taken.exit_code == 1
    assert "[member-name-reserved]" in taken.stdout


@pytest.mark.parametrize("text", ["kind: [\n", None])
def test_a_file_that_cannot_be_read(estate: Path, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "catalog-info.yaml"
    if text is not None:
        file.write_text(text)
    assert run("owners", "import", file, "--estate", estate).exit_code == 2
