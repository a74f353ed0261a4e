"""The supervisor: starts the workers, restarts one that crashed, and ends them all together.

Each worker has a listening socket of its own on the same port (SO_REUSEPORT), so that the system spreads the
connections and a worker's end concerns only those that it had. The supervisor touches no request. It holds the
port, so that it is nobody else's between two workers, and the workers' standard input, which tells of its end.

Of more workers than are to be active at a time the others stand by: they have all that it takes to serve but a
listening socket, and one of them takes the place of one that ended.
"""

import asyncio
import signal
import socket
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog

from gateway.workers.worker import TAKE_OVER, WorkerRole

log = structlog.get_logger()

STEADY: Final = 30.0
"""Seconds after which a worker counts as having run well: its next crash is the first again."""
LONGEST_PAUSE: Final = 30.0
"""Seconds at most between a crash and the next start."""
PYTHON: Final = (sys.executable, "-P") if sys.flags.safe_path else (sys.executable,)
"""As this process was started: `-P` keeps the current directory from hiding the installed packages."""
BAD_SETTINGS: Final = 2
"""Exit code of a worker that cannot work as it is set up: starting it again would not help."""


@dataclass
class Worker:
    """One place among the workers, whichever process fills it now.

    An `active` one takes connections, or will once it has started; it was `promoted` if it stood by before.
    """

    role: WorkerRole
    process: asyncio.subprocess.Process | None = None
    active: bool = False
    promoted: bool = False
    started_at: float = 0.0
    restarts: int = 0
    failures: int = field(default=0, repr=False)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None


class Supervisor:
    """Keeps `number` workers, of which `active` take connections. `grace` is how many seconds a worker may take to
    end when told to; then it is killed."""

    def __init__(self, number: int, host: str, port: int, directory: Path, *, active: int, grace: float) -> None:
        self._socket = reserve(host, port)
        self.port: int = self._socket.getsockname()[1]
        roles = (WorkerRole(index + 1, self.port, directory, active) for index in range(number))
        self.workers = tuple(map(Worker, roles))
        self.active = active
        self.stopping = asyncio.Event()
        self.exit_code = 0
        self._grace = grace
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts every worker. Raises OSError where a process cannot be made."""
        for worker in self.workers:
            await self._launch(worker)
            self._watching.append(asyncio.create_task(self._watch(worker)))

    async def stop(self) -> None:
        """Tells the workers to drain and end, and waits for them."""
        self.stopping.set()
        for worker in self.workers:
            if worker.process is not None and worker.running:
                worker.process.send_signal(signal.SIGTERM)
        _, late = await asyncio.wait(self._watching, timeout=self._grace) if self._watching else (None, ())
        for worker in self.workers if late else ():
            if worker.process is not None and worker.running:
                log.error("worker killed", worker=worker.role.number, reason="it did not end in time")
                worker.process.kill()
        await asyncio.gather(*self._watching, return_exceptions=True)
        self._socket.close()

    async def _launch(self, worker: Worker) -> None:
        worker.role.admin_socket.unlink(missing_ok=True)
        worker.started_at = time.monotonic()
        worker.active, worker.promoted = self._vacant > 0, False
        role = replace(worker.role, standing_by=not worker.active)
        worker.process = await asyncio.create_subprocess_exec(
            *PYTHON, "-m", "gateway", *role.arguments(), stdin=asyncio.subprocess.PIPE
        )
        self._promote()  # a place may have become vacant while the process was made

    @property
    def _vacant(self) -> int:
        return self.active - sum(worker.active for worker in self.workers)

    def _promote(self) -> None:
        """Has workers that stand by take the places that are vacant, as far as there are any."""
        for worker in self.workers:
            if self._vacant <= 0:
                return
            if worker.process is not None and worker.running and not worker.active:
                assert worker.process.stdin is not None
                worker.active = worker.promoted = True
                worker.process.stdin.write(TAKE_OVER)
                log.info("worker takes over", worker=worker.role.number)

    async def _watch(self, worker: Worker) -> None:
        while True:
            assert worker.process is not None
            code = await worker.process.wait()
            if self.stopping.is_set():
                return
            worker.active = False
            number, lived = worker.role.number, time.monotonic() - worker.started_at
            if code == BAD_SETTINGS and not worker.restarts and not worker.promoted:
                self.exit_code = BAD_SETTINGS
                self.stopping.set()
                return
            worker.failures = 1 if lived > STEADY else worker.failures + 1
            pause = pause_before(worker.failures)
            log.error("worker ended", worker=number, code=code, restart_in=pause)
            self._promote()
            try:
                await asyncio.wait_for(self.stopping.wait(), pause)
            except TimeoutError:
                worker.restarts += 1
                await self._launch(worker)
            else:
                return


def pause_before(failures: int) -> float:
    """Seconds before the restart after so many failures in a row: none after the first, then ever more."""
    return 0.0 if failures <= 1 else min(LONGEST_PAUSE, 2.0 ** (failures - 2))


def reserve(host: str, port: int) -> socket.socket:
    """A socket that holds the port and takes no connections, as it does not listen. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    held = socket.socket(family, kind, protocol)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(address)
    except OSError:
        held.close()
        raise
    return held
