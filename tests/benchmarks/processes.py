"""Processes under measurement: each pinned to its core, started when it answers, ended with the runner."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class PeerError(Exception):
    """A peer cannot be measured; the message says why."""


@dataclass(frozen=True)
class Running:
    """A process under measurement, with those that it started: they share its process group."""

    port: int
    group: int
    started_in: float = 0.0
    """Seconds from its start until its port was open."""
    scheme: str = "http"

    def memory(self) -> int:
        """Bytes that the group holds in memory; 0 where /proc does not tell."""
        pages = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.group:
                    pages += int(fields[21])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """User and system time that the group has used; 0 where /proc does not tell."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.group:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int | None, int | None]:
    """The core of the process under test, and that of the load and the upstream; None where there is one only."""
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (available[0], available[1]) if len(available) > 1 else (None, None)


@contextlib.contextmanager
def running(
    command: Sequence[str],
    core: int | None,
    log: Path,
    *,
    environment: dict[str, str] | None = None,
    port: int,
    scheme: str = "http",
    patience: float = 20.0,
) -> Iterator["Running"]:
    """Runs `command` on `core` until the block ends.

    Raises PeerError if `port` does not open within `patience` seconds.
    """

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            preexec_fn=pin,
            start_new_session=True,
        )
    began = time.monotonic()
    try:
        _wait_for(process, Path(command[0]).name, port, log, patience)
        yield Running(port, process.pid, time.monotonic() - began, scheme)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], name: str, port: int, log: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.02)
    said = log.read_text(errors="replace").strip().splitlines()[-5:]
    raise PeerError(f"{name} did not start: " + " | ".join(said))
