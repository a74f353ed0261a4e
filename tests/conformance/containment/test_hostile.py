"""Hostile documents end in bounded time and memory, with a clear error or a verdict that is true."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.containment.hostile import WRITTEN

ROOT = Path(__file__).resolve().parents[3]
CPU_SECONDS = 60
MEMORY = 1 << 30
"""Bytes of address space, the interpreter and all libraries included."""

REFUSED = {
    "billion_laughs": "document-too-large",
    "deep_yaml": "document-too-deep",
    "deep_yaml_by_indentation": "document-too-deep",
    "deep_json": "document-too-deep",
    "references_that_chase_each_other": "reference-cycle",
    "a_schema_that_holds_itself_in_place": "reference-cycle",
}
"""By name, the rule that refuses it."""
BREAKING = {
    *("a_hundred_tagged_branches", "a_hundred_thousand_values", "doubling_all_of", "many_required_names"),
    *("everything_refers_to_everything", "nested_negations", "a_ring_of_recursion", "a_thousand_demands_at_once"),
}
"""Those whose verdict does not need more than the bounds admit."""


def bounded() -> None:
    """The kernel ends what uses more."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "catalog.cli.main", *arguments],
        cwd=ROOT,
        preexec_fn=bounded,
        capture_output=True,
        text=True,
        check=False,
    )


def written(name: str, folder: Path) -> list[str]:
    suffix, make = WRITTEN[name]
    paths = [folder / f"base.{suffix}", folder / f"revision.{suffix}"]
    for path, text in zip(paths, make(), strict=True):
        path.write_text(text, encoding="utf-8")
    return [str(path) for path in paths]


@pytest.mark.parametrize("name", WRITTEN)
def test_diff(name, tmp_path):
    done = run("diff", *written(name, tmp_path), "--format", "json")
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    if name in REFUSED:
        assert done.returncode == 2
        assert f"[{REFUSED[name]}]" in said
        assert ":" in said
        return
    # Each revision takes something away, so that `compatible` would be wrong; a pattern may be refused as none.
    assert done.returncode in ((1,) if name in BREAKING else (1, 2, 3)), said[-500:]
    if done.returncode == 2:
        assert "[schema-invalid]" in said or "[pattern-unsupported]" in said
    else:
        assert json.loads(done.stdout)["verdict"] == {1: "breaking", 3: "undecided"}[done.returncode]


@pytest.mark.parametrize("name", WRITTEN)
def test_lint(name, tmp_path):
    done = run("lint", written(name, tmp_path)[0], "--format", "json")
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    if name in REFUSED and REFUSED[name].startswith("document-"):
        assert done.returncode == 2
        assert REFUSED[name] in said
    else:
        assert done.returncode in (0, 1, 2)


def test_the_bounds_hold():
    """Else nothing above would be shown."""
    greedy = subprocess.run(
        [sys.executable, "-c", "x = bytearray(2 << 30)"], preexec_fn=bounded, capture_output=True, check=False
    )
    assert b"MemoryError" in greedy.stderr
