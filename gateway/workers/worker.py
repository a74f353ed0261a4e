"""What a worker process is told by its supervisor, and how it learns that the supervisor is gone."""

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STDIN: Final = 0


@dataclass(frozen=True, slots=True)
class WorkerRole:
    """`number` counts from 1. `directory` is the supervisor's, for sockets and locks that its workers share."""

    number: int
    port: int
    directory: Path

    @property
    def admin_socket(self) -> Path:
        return self.directory / f"{self.number}.admin"

    @property
    def log_lock(self) -> Path:
        """Held while lines are written: a pipe takes only short pieces without mixing two writers'."""
        return self.directory / "log.lock"

    def arguments(self) -> list[str]:
        """For `python -m gateway`."""
        return ["--worker", str(self.number), "--port", str(self.port), "--directory", str(self.directory)]


def read_role(arguments: Sequence[str]) -> WorkerRole | None:
    """The role that a supervisor gave this process; None for a process of its own."""
    if not arguments:
        return None
    parser = argparse.ArgumentParser("python -m gateway", description="Set up by OSTIARY_GATEWAY_… variables.")
    parser.add_argument("--worker", type=int, required=True, help="number of a worker; used by the supervisor")
    parser.add_argument("--port", type=int, required=True, help="the port that the workers share")
    parser.add_argument("--directory", type=Path, required=True, help="the supervisor's directory")
    given = parser.parse_args(arguments)
    return WorkerRole(given.worker, given.port, given.directory)


def when_orphaned(stop: Callable[[], None]) -> None:
    """Calls `stop` when the supervisor ends, however it ends: it holds the other end of standard input."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        if not os.read(STDIN, 1024):
            loop.remove_reader(STDIN)
            stop()

    loop.add_reader(STDIN, read)
