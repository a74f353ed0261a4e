"""The modules on every request's way, compiled to C by mypyc. The Python source stays reference and fallback.

`python gateway/compiling/hot_path.py` makes a folder with the packages as they are and, beside the modules listed
here, the extension modules that Python prefers to them. With that folder first on the path, a gateway runs so.

GCC is shown what runs often (`TRAINING`) where the checkout is whole and can run it; that takes as long again.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("contracts", "policies", "gateway")

MODULES: Final = (
    "contracts/usage/fields.py",
    "contracts/usage/terms.py",
    "gateway/access.py",
    "gateway/adapters/limiter.py",
    "gateway/adapters/limiting/counter.py",
    "gateway/adapters/limiting/windows.py",
    "gateway/adapters/shared_limiter.py",
    "gateway/buckets.py",
    "gateway/entering.py",
    "gateway/handling.py",
    "gateway/listener.py",
    "gateway/pipeline.py",
    "gateway/record.py",
    "gateway/relay.py",
    "gateway/routes.py",
    "gateway/shedding.py",
    "gateway/telemetry/counting.py",
    "gateway/upstreams/http.py",
    "gateway/upstreams/http_call.py",
    "gateway/upstreams/http_connection.py",
    "gateway/upstreams/plain_answer.py",
    "gateway/upstreams/resilience/balancing.py",
    "gateway/upstreams/resilience/breaker.py",
    "gateway/upstreams/resilience/guard.py",
    "gateway/upstreams/resilience/http_service.py",
    "gateway/upstreams/resilience/retry_budget.py",
    "gateway/usage/callers.py",
    "gateway/usage/counting.py",
    "gateway/usage/credentials.py",
    "gateway/usage/failures.py",
    "gateway/usage/walking.py",
    "gateway/wire/answer.py",
    "gateway/wire/connection.py",
    "gateway/wire/forwarded.py",
    "gateway/wire/framing.py",
    "gateway/wire/head.py",
    "gateway/wire/headers.py",
    "gateway/wire/keeper.py",
    "gateway/wire/known_heads.py",
    "gateway/wire/names.py",
    "gateway/wire/outgoing.py",
    "gateway/wire/recent.py",
    "gateway/wire/trace_context.py",
    "gateway/wire/trailers.py",
    "policies/authentication.py",
    "policies/binding.py",
    "policies/body_limits.py",
    "policies/credentials/verified_tokens.py",
    "policies/exchange.py",
    "policies/field_names.py",
    "policies/lifecycle.py",
    "policies/limits/fields.py",
    "policies/limits/meter.py",
    "policies/rate_limit.py",
    "policies/request_content.py",
    "policies/request_id.py",
    "policies/request_schema.py",
    "policies/response_schema.py",
    "policies/routing.py",
    "policies/sender_constraint.py",
    "policies/subscription.py",
    "policies/target.py",
    "policies/validation/by_status.py",
    "policies/validation/json_bounds.py",
    "policies/validation/json_text.py",
    "policies/validation/parameter_styles.py",
    "policies/validation/parameter_text.py",
    "policies/validation/parameters.py",
    "policies/validation/query_parameters.py",
    "policies/validation/typed_json.py",
    "policies/verdict.py",
)
"""Compiled together, so that calls among them need no look-up.

Not here: what runs once a snapshot (`gateway.runtime`), and `policies.validation.validators`, `parameter_slot` and
`media_types`, whose objects are held by weak references, which mypyc's classes do not admit.
"""

TRAINING: Final = "tests/benchmarks/training.py"
"""What is run on a build that counts, so that the compiler lays out together what runs often."""

_KEPT: Final = 3
"""Builds that stay in a folder, the newest."""

_CONFIGURATION: Final = "[mypy]\nstrict = true\nfollow_imports = silent\nignore_missing_imports = true\n"
_PROBE: Final = "#include <Python.h>\nint main(void) { return Py_IsInitialized(); }\n"


class CannotCompileError(Exception):
    """There is no compiled form; the message says why and what to do."""


def obstacle() -> str | None:
    """What is missing here to compile: a C compiler, Python's headers, or mypyc; None where all is there."""
    try:
        version("mypy"), version("setuptools")
    except ImportError as error:
        return f"the package {error.name} is not installed"
    compiler = _compiler()
    with tempfile.TemporaryDirectory(prefix="ostiary-probe-") as folder:
        probe = Path(folder, "probe.c")
        probe.write_text(_PROBE)
        headers = [f"-I{sysconfig.get_path(name)}" for name in ("include", "platinclude")]
        try:
            done = subprocess.run([*compiler, *headers, "-c", str(probe)], cwd=folder, capture_output=True)
        except OSError:
            return f"there is no C compiler ({compiler[0]}): install gcc or clang"
    if done.returncode:
        return f"{compiler[0]} cannot compile against Python.h: install the headers (Debian: python3-dev)"
    return None


def _compiler() -> list[str]:
    return (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()


def digest(root: Path = ROOT, trained: bool = False) -> str:
    """Names a build by all that it is made of. Any source may lend a compiled module a constant or a type."""
    hashed = hashlib.sha256()
    for path in sorted(_sources(root)):
        hashed.update(b"%b\0%b\0" % (path.relative_to(root).as_posix().encode(), path.read_bytes()))
    for part in (
        sys.version,
        sysconfig.get_platform(),
        version("mypy"),
        os.environ.get("CFLAGS", ""),
        str(trained),
    ):
        hashed.update(part.encode() + b"\0")
    return hashed.hexdigest()[:16]


def is_made(root: Path = ROOT, folder: Path | None = None) -> bool:
    """Whether `folder` has the trained build of what `root` is now."""
    return (_folder(root, folder) / digest(root, trained=True)).is_dir()


def build(root: Path = ROOT, folder: Path | None = None, *, trained: bool = True) -> Path:
    """The compiled packages, made now or found in `folder` (`build/compiled`). Raises CannotCompileError.

    Not `trained`, or where training is not possible, they do the same a tenth slower.
    """
    folder = _folder(root, folder)
    folder.mkdir(parents=True, exist_ok=True)
    reason = obstacle()
    if reason is not None:
        raise CannotCompileError(reason)
    trained = trained and (root / TRAINING).is_file() and _is_gcc()
    with _alone(folder):
        made = folder / digest(root, trained)
        if made.is_dir():
            os.utime(made)
            return made
        with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as directory:
            staged = Path(directory, "packages")
            for path in _sources(root):
                copy = staged / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
            _compile(root, staged, trained)
            staged.rename(made)
        builds = sorted(filter(Path.is_dir, folder.iterdir()), key=lambda path: path.stat().st_mtime)
        for old in builds[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return made


def _folder(root: Path, given: Path | None) -> Path:
    return given or root / "build" / "compiled"


def _sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in (root / package).rglob("*"):
            if path.suffix in (".py", ".typed") and "__pycache__" not in path.parts:
                yield path


def _is_gcc() -> bool:
    """Others count in other ways."""
    done = subprocess.run([*_compiler(), "--version"], capture_output=True)
    return b"Free Software Foundation" in done.stdout


def _compile(root: Path, staged: Path, trained: bool) -> None:
    """Adds the extension modules. In a process of its own: mypyc ends the one it runs in when it finds a fault."""
    workspace = staged.parent
    (workspace / "mypy.ini").write_text(_CONFIGURATION)
    setup = root / "gateway" / "compiling" / "mypyc_setup.py"
    training = str(root / TRAINING) if trained else ""
    command = [sys.executable, str(setup), str(workspace / "mypy.ini"), training, *MODULES]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MYPY"))}
    done = subprocess.run(command, cwd=staged, env=environment, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if re.search(r"error|Error", line)]
        raise CannotCompileError("mypyc or the compiler failed:\n" + "\n".join(lines[:20]))
    for line in done.stderr.splitlines():
        if line.startswith("untrained:"):
            print(line, file=sys.stderr)
    shutil.rmtree(staged / "build", ignore_errors=True)
    shutil.rmtree(staged / ".mypy_cache", ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One build at a time: whoever comes second finds what the first has made."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, help="where builds are kept (default build/compiled)")
    parser.add_argument("--untrained", action="store_true", help="in half the time, a tenth slower")
    options = parser.parse_args()
    try:
        print(build(folder=options.into, trained=not options.untrained))
    except CannotCompileError as error:
        sys.exit(f"not compiled: {error}")


if __name__ == "__main__":
    main()
