"""What a worker process is told by its supervisor, and how it learns that the supervisor is gone."""

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STDIN: Final = 0
TAKE_OVER: Final = b"listen\n"
"""What a supervisor writes to a worker that stands by: it is to take connections."""


@dataclass(frozen=True, slots=True)
class WorkerRole:
    """`number` counts from 1. `directory` is the supervisor's, for sockets and locks that its workers share.
    `active` workers take connections at a time, and this one does not before it is told if it is `standing_by`.
    """

    number: int
    port: int
    directory: Path
    active: int = 1
    standing_by: bool = False

    @property
    def admin_socket(self) -> Path:
        return self.directory / f"{self.number}.admin"

    @property
    def log_lock(self) -> Path:
        """Held while lines are written: a pipe takes only short pieces without mixing two writers'."""
        return self.directory / "log.lock"

    def arguments(self) -> list[str]:
        """For `python -m gateway`."""
        told = {
            "--worker": self.number,
            "--port": self.port,
            "--directory": self.directory,
            "--active": self.active,
        }
        words = [str(word) for pair in told.items() for word in pair]
        return [*words, "--standing-by"] if self.standing_by else words


def read_role(arguments: Sequence[str]) -> WorkerRole | None:
    """The role that a supervisor gave this process; None for a process of its own."""
    if not arguments:
        return None
    parser = argparse.ArgumentParser("python -m gateway", description="Set up by OSTIARY_GATEWAY_… variables.")
    parser.add_argument("--worker", type=int, required=True, help="number of a worker; used by the supervisor")
    parser.add_argument("--port", type=int, required=True, help="the port that the workers share")
    parser.add_argument("--directory", type=Path, required=True, help="the supervisor's directory")
    parser.add_argument("--active", type=int, required=True, help="how many workers take connections")
    parser.add_argument("--standing-by", action="store_true", help="take none before the supervisor says so")
    given = parser.parse_args(arguments)
    return WorkerRole(given.worker, given.port, given.directory, given.active, given.standing_by)


def listen_to_supervisor(*, take_over: Callable[[], None], orphaned: Callable[[], None]) -> None:
    """Calls `take_over` when the supervisor says so, and `orphaned` when it ends, however it ends: it holds the
    other end of standard input."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        if os.read(STDIN, 1024):
            take_over()
        else:
            loop.remove_reader(STDIN)
            orphaned()

    loop.add_reader(STDIN, read)
