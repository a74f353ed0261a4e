"""The compiled form: made of what is there, named by it, and no other gateway than the Python one."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.compiling import hot_path
from gateway.compiling.hot_path import MODULES, ROOT, CannotCompileError, build, digest, obstacle
from policies.installed import installed

pytestmark = [pytest.mark.xdist_group("compiled"), pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def packages() -> Path:
    """The compiled packages of this checkout. Where nothing can compile, there is but the Python form to test."""
    reason = obstacle()
    if reason is not None:
        pytest.skip(f"THE COMPILED GATEWAY IS NOT TESTED: {reason}")
    return build()


def environment(packages: Path) -> dict[str, str]:
    """In which the compiled packages come first, also for a gateway that a test starts from the checkout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OSTIARY_", "PY"))}
    return clean | {"PYTHONPATH": f"{packages}{os.pathsep}{ROOT}", "PYTHONSAFEPATH": "1"}


def tree(folder: Path) -> Path:
    """A small checkout, for what depends on its contents."""
    for name in ("gateway/compiling/mypyc_setup.py", "gateway/wire/head.py", "contracts/a.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name!r}\n")
    return folder


def test_every_module_is_there_once_and_in_order() -> None:
    assert list(MODULES) == sorted(set(MODULES))
    assert [name for name in MODULES if not (ROOT / name).is_file()] == []


def test_no_settings_are_compiled() -> None:
    """A compiled class keeps too little of its fields' types to check values by, or to write them down."""
    modules = {policy.id: policy.config.__module__.replace(".", "/") + ".py" for policy in installed()}
    assert {policy for policy, module in modules.items() if module in MODULES} == set()


def test_a_trained_build_is_there_until_a_source_changes(tmp_path: Path) -> None:
    root, builds = tree(tmp_path), tmp_path / "builds"
    assert not hot_path.is_made(root, builds)
    (builds / digest(root)).mkdir(parents=True)
    assert not hot_path.is_made(root, builds), "that one is not trained"
    (builds / digest(root, trained=True)).mkdir()
    assert hot_path.is_made(root, builds)
    (root / "contracts" / "a.py").write_text("other\n")
    assert not hot_path.is_made(root, builds)


@pytest.mark.parametrize("name", ["gateway/wire/head.py", "contracts/a.py", "gateway/compiling/mypyc_setup.py"])
def test_a_build_is_named_by_its_sources(tmp_path: Path, name: str) -> None:
    """A module that is not compiled lends others its constants: what was built of an older one is of no use."""
    root = tree(tmp_path)
    before = digest(root)
    assert digest(root) == before
    (root / name).write_text("other\n")
    assert digest(root) != before


def test_a_build_is_named_by_where_its_sources_are(tmp_path: Path) -> None:
    root = tree(tmp_path)
    before = digest(root)
    (root / "contracts/a.py").rename(root / "contracts/b.py")
    assert digest(root) != before


def test_without_a_compiler_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(CannotCompileError, match=r"no C compiler \(no-such-compiler\): install"):
        build(tree(tmp_path))
    assert not list((tmp_path / "build" / "compiled").glob("[0-9a-f]*"))


def test_without_the_headers_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", shutil.which("false") or "false")
    with pytest.raises(CannotCompileError, match=r"Python\.h"):
        build(tree(tmp_path))


def test_a_fault_of_a_module_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packages: Path) -> None:
    root = tree(tmp_path)
    shutil.copy2(ROOT / "gateway/compiling/mypyc_setup.py", root / "gateway/compiling/mypyc_setup.py")
    (root / "gateway/wire/head.py").write_text("def size(data: bytes) -> str:\n    return len(data)\n")
    monkeypatch.setattr(hot_path, "MODULES", ("gateway/wire/head.py",))
    with pytest.raises(CannotCompileError, match=r"head\.py:2: error: Incompatible return value"):
        build(root)


def test_all_modules_are_compiled(packages: Path) -> None:
    names = [name.removesuffix(".py").replace("/", ".") for name in MODULES]
    code = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__file__)"
    code += "\nfrom gateway.compiled import compiled\nprint(compiled())"
    lines = run(packages, "-c", code).splitlines()
    assert [line for line in lines[:-1] if not (line.startswith(f"{packages}/") and line.endswith(".so"))] == []
    assert (len(lines), lines[-1]) == (len(MODULES) + 1, "True")


def test_the_compiler_can_be_shown_what_runs_often(packages: Path) -> None:
    """Where that fails, a build goes on without, and is slower: nothing else would tell."""
    run(packages, str(ROOT / hot_path.TRAINING), str(packages))


@pytest.mark.parametrize("tests", ["tests/conformance/http", "tests/gateway"])
def test_the_compiled_gateway_is_no_other(packages: Path, tests: str) -> None:
    """The tests of what is compiled pass in a process that runs it so, those with raw requests first: of the form
    that is installed and measured, in which the compiler was shown what runs often."""
    options = ("-q", "-n0", "-p", "no:cacheprovider", "-o", f"pythonpath={packages}")
    nothing_compiled = ("test_gateway_settings.py", "test_what_is_loaded.py")  # of modules that are not
    left_out = ("adapters", "compiling", "upstreams/odoo", "workers", *nothing_compiled)
    others = [f"--ignore=tests/gateway/{path}" for path in left_out]
    assert " passed" in run(packages, "-m", "pytest", *options, *others, tests)


def test_the_wheel_can_hold_them(packages: Path, tmp_path: Path) -> None:
    run(
        packages,
        *("-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)),
        OSTIARY_COMPILE="1",
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert not wheel.name.endswith("-none-any.whl"), "it fits this Python on this platform alone"
    names = {path for path in zipfile.ZipFile(wheel).namelist() if path.endswith(".so")}
    assert names == {path.relative_to(packages).as_posix() for path in packages.rglob("*.so")}


def run(packages: Path, *arguments: str, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(packages) | more,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout
