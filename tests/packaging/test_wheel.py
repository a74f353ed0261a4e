"""The wheel, as a user gets it: built, installed into a fresh environment, and run there."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.timeout(600)]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OSTIARY_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_four_packages_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"contracts", "policies", "gateway", "catalog"}
    for needed in (
        "catalog/demo/estate/ostiary.yaml",
        "catalog/demo/estate/apis/orders/v1.openapi.yaml",
        "catalog/demo/estate/common/errors.yaml",
        "catalog/cli/scaffold/ostiary.yaml",
        "contracts/py.typed",
    ):
        assert needed in names
    assert any(name.startswith("catalog/storage/migrations/versions/") for name in names)


def test_a_fresh_environment_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    """With what the lock names and nothing else; away from the checkout, so that nothing of it can help."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    lock = ROOT / "requirements" / "runtime.lock"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--requirement", lock, cwd=tmp_path)
    run(*pip, "--no-deps", wheel, cwd=tmp_path)
    run(python, "-m", "pip", "check", cwd=tmp_path)
    away = tmp_path / "away"
    away.mkdir()
    output = run(home / "bin" / "ostiary", "demo", "--once", cwd=away, TMPDIR=str(away))
    for api in ("/orders/v1/", "/orders/v2/", "/partners/v1/", "/shipments/v1/"):
        assert f"200  GET {api}" in output
    assert list(away.iterdir()) == []
