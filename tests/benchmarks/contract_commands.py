"""What `ostiary diff` and `ostiary lint` cost on a contract of 1,000 operations: whole processes, as CI runs them.

The contract and its successor are written as JSON and as YAML. Time is of the whole command, its start included;
memory is the most that the process ever held.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.contract_document import as_json, as_yaml, document, successor
from tests.benchmarks.processes import PeerError

SUBJECTS: tuple[tuple[str, str, str], ...] = (
    ("diff_json", "diff", "json"),
    ("diff_yaml", "diff", "yaml"),
    ("lint_json", "lint", "json"),
    ("lint_yaml", "lint", "yaml"),
)
"""Name, command, and what the contract is written in."""
PATIENCE = 120.0
"""Seconds after which a command counts as stuck."""


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds on the clock and of CPU time, and its largest resident set in bytes."""

    wall_s: float
    cpu_s: float
    memory: int


def write(directory: Path, operations: int, least_bytes: int) -> dict[str, tuple[Path, Path]]:
    """The contract and its successor, by what they are written in."""
    base = document(operations, least_bytes)
    revision = successor(base)
    written = {}
    for suffix, text_of in (("json", as_json), ("yaml", as_yaml)):
        paths = directory / f"base.{suffix}", directory / f"revision.{suffix}"
        for path, made in zip(paths, (base, revision), strict=True):
            path.write_text(text_of(made), encoding="utf-8")
        written[suffix] = paths
    return written


def command(name: str, paths: tuple[Path, Path]) -> list[str]:
    """As a person would type it, with a Python of ours: the findings come as text, with line and column."""
    start = [sys.executable, "-m", "catalog.cli.main", name]
    if name == "diff":
        return [*start, str(paths[0]), str(paths[1])]
    return [*start, str(paths[0]), "--ruleset", "ostiary:recommended"]


def measure(arguments: Sequence[str], directory: Path, core: int | None = None) -> Run:
    """Runs a command to its end. Raises PeerError for one that fails or is stuck: findings are no failure."""

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    log = directory / "contracts.log"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            preexec_fn=pin,
            cwd=Path(__file__).resolve().parents[2],
        )
        status, usage = _ended(process, began)
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 3):
        said = " | ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
        raise PeerError(f"{' '.join(arguments[2:4])} ended with {code}: {said}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _ended(process: subprocess.Popen[bytes], began: float) -> "tuple[int, os.struct_rusage]":
    """Of this one process: what `resource` tells is of all that ever ran."""
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, usage
        if time.monotonic() - began > PATIENCE:
            process.kill()
            process.wait()
            raise PeerError(f"no end within {PATIENCE:.0f} s")
        time.sleep(0.005)


def figures(
    directory: Path, rounds: int, core: int | None, missing: dict[str, str], operations: int, least_bytes: int
) -> dict[str, dict[str, float]]:
    """By subject, the median of each figure; what cannot be measured goes to `missing`."""
    written = write(directory, operations, least_bytes)
    samples: dict[str, list[Run]] = {}
    for _ in range(rounds):
        for name, verb, suffix in SUBJECTS:
            if name in missing:
                continue
            try:
                samples.setdefault(name, []).append(measure(command(verb, written[suffix]), directory, core))
            except PeerError as error:
                missing[name] = str(error)
                samples.pop(name, None)
    sizes = {suffix: paths[0].stat().st_size for suffix, paths in written.items()}
    return {
        name: {
            "bytes": sizes[suffix],
            "operations": operations,
            "wall_s": round(median(run.wall_s for run in samples[name]), 2),
            "cpu_s": round(median(run.cpu_s for run in samples[name]), 2),
            "memory_mb": round(max(run.memory for run in samples[name]) / 1e6, 1),
        }
        for name, _, suffix in SUBJECTS
        if name in samples
    }


def table(found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines for a reader."""
    lines = [
        "",
        f"{'a large contract':34}{'MB':>8}{'operations':>12}{'seconds':>10}{'CPU s':>10}{'memory MB':>12}",
    ]
    lines += [
        f"{name:34}{row['bytes'] / 1e6:>8.1f}{row['operations']:>12,.0f}{row['wall_s']:>10.2f}"
        f"{row['cpu_s']:>10.2f}{row['memory_mb']:>12.0f}"
        for name, row in found.items()
    ]
    return lines if found else []
