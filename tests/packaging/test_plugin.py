"""The example plug-in of the documentation: built, installed beside Ostiary, and in force there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from contracts.policy_settings import PolicyUse
from policies.installed import installed
from tests.gateway.gateway_world import gateway, operations, orders, problem_of, snapshot
from tests.support.estates import write_estate

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "docs" / "examples" / "plugin"
GUIDE = ROOT / "docs" / "guides" / "plugins.md"
SETTINGS = "policies:\n  purchase-order:\n    prefixes: {reading-club: RC-}\n"

pytestmark = pytest.mark.xdist_group("plugin")


def run(*arguments: str | Path, path: Path | None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Python with `path` among its places for packages, and the checkout."""
    places = [str(ROOT), *([] if path is None else [str(path)])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=100)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for packages with the plug-in in it, from its wheel."""
    folder = tmp_path_factory.mktemp("plugin")
    built = run("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, PLUGIN, path=None, cwd=folder)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-compile")
    done = run("-m", "pip", "install", *quiet, "--target", target, wheel, path=None, cwd=folder)
    assert done.returncode == 0, done.stderr
    return target


def test_its_own_tests_pass(site: Path, tmp_path: Path) -> None:
    tests = ("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--rootdir", tmp_path)
    done = run(*tests, "-c", PLUGIN / "pyproject.toml", PLUGIN / "tests", path=site, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_it_is_listed_and_shown_as_ours_are(site: Path) -> None:
    listed = json.loads(run("-m", "catalog.cli.main", "policies", "--json", path=site).stdout)
    (row,) = [each for each in listed if each["origin"] != "built in"]
    assert (row["id"], row["origin"], row["phase"]) == ("purchase-order", "ostiary-purchase-order 1.0.0", "head")
    shown = json.loads(run("-m", "catalog.cli.main", "policies", "show", row["id"], "--json", path=site).stdout)
    assert [each["path"] for each in shown["settings"]] == ["prefixes", "header", "digits"]
    assert all(each["meaning"] for each in shown["settings"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (SETTINGS, None),
        (SETTINGS + "    digit: 4\n", "9:5: error: unknown key 'digit' (did you mean 'digits'?)"),
        (SETTINGS + "    digits: 99\n", "9:13: error: 'digits': 99 should be >= 1 and <= 32"),
        (SETTINGS + "    header: cookie\n", "9:13: error: purchase-order: `cookie` means something else"),
    ],
    ids=["good", "unknown key", "bound", "its own check"],
)
def test_its_settings_are_checked_as_ours_are(site: Path, tmp_path: Path, settings: str, said: str | None) -> None:
    root = write_estate(tmp_path, ("apis/books/api.yaml", "title:", f"{settings}title:"))
    with_it = run("-m", "catalog.cli.main", "check", root, path=site)
    without = run("-m", "catalog.cli.main", "check", root, path=None)
    if said is None:
        assert with_it.returncode == 0, with_it.stdout
    else:
        assert with_it.returncode == 1
        assert said in with_it.stdout
    assert without.returncode == 1
    assert "there is no policy 'purchase-order'" in without.stdout


async def test_a_gateway_enforces_it(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    installed.cache_clear()
    use = PolicyUse("purchase-order", config={"prefixes": {"acme": "AC-"}})
    listing, *others = operations()
    version = orders(msgspec.structs.replace(listing, policies=(use,)), *others)
    try:
        async with gateway(tmp_path) as world:
            world.adopt(snapshot(version, port=world.upstream.port))
            refused = await world.ask("GET", "/orders/v1/orders")
            passed = await world.ask("GET", "/orders/v1/orders", Purchase_Order="AC-42")
            lines = await world.logged(2)
            reached = len(world.upstream.seen)
    finally:
        installed.cache_clear()
    assert problem_of(refused)["type"] == "https://acme.example/problems/purchase-order-missing"
    assert (lines[0]["policy"], lines[0]["problem"]) == ("purchase-order", "purchase-order-missing")
    assert passed.status == 200
    assert reached == 1


def test_the_guide_shows_the_example_as_it_is() -> None:
    """What the guide quotes of the plug-in's files stands in one of them, line for line."""
    paths = [path for path in sorted(PLUGIN.rglob("*")) if path.suffix in (".py", ".toml")]
    files = [path.read_text(encoding="utf-8") for path in paths]
    quoted = re.findall(r"^```(?:python|toml)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.S | re.M)
    assert len(quoted) > 3
    assert [text for text in quoted if not any(text in file for file in files)] == []
