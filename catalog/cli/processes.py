"""Child processes of `ostiary up` and `ostiary demo`: started, waited for, and never left behind."""

import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_STOP_SECONDS: Final = 10.0
_UNASSIGNED: Final = range(20_000, 32_000)


class StartError(Exception):
    """A process that did not start; the message has the end of its log."""


def _die_with_parent() -> None:
    """Linux: the child gets SIGTERM when its parent dies, however it dies (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def choose_port(wanted: int, host: str = "127.0.0.1") -> int:
    """`wanted` if it is free and not 0, else a free one.

    It is chosen below the range from which systems give ports to outgoing connections and to whoever asks for
    any port, so that nobody is given it before the process that is told to listen on it does; and by the
    system's chance, as two programs whose own is seeded alike would choose the same. Raises StartError.
    """
    for port in (wanted, *random.SystemRandom().sample(_UNASSIGNED, 64)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            if port:
                return port
    raise StartError("no free port on the loopback address")


@dataclass
class Child:
    """A running process and where its standard error goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self, lines: int = 12) -> str:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join("    " + line for line in text.splitlines()[-lines:])


@dataclass
class Family:
    """The processes of one command. They end with it: on its way out, on a signal, or when it is killed."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        """Starts a Python module's arguments as a process; its output goes to `<logs>/<name>.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        path = self.logs / f"{name}.log"
        # The child keeps the descriptor; ours closes with the block.
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        child = Child(name, process, path)
        self.children.append(child)
        return child

    def wait_for_file(self, child: Child, path: Path, seconds: float = 30.0) -> Any:
        """The JSON that the child writes once it listens. Raises StartError."""
        self.wait_until(child, path.exists, seconds=seconds)
        return json.loads(path.read_text(encoding="utf-8"))

    def wait_for_port(self, child: Child, port: int, host: str = "127.0.0.1") -> None:
        """Returns when the child accepts connections. Raises StartError."""

        def accepts() -> bool:
            try:
                with socket.create_connection((host, port), timeout=0.5):
                    return True
            except OSError:
                return False

        self.wait_until(child, accepts)

    def wait_until(
        self, child: Child, condition: Callable[[], bool], reason: str = "", seconds: float = 30.0
    ) -> None:
        """Returns when the condition holds. Raises StartError when the child ends first, or it takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._alive(child, deadline, reason)
            time.sleep(0.02)

    def _alive(self, child: Child, deadline: float, reason: str) -> None:
        code = child.process.poll()
        if code is not None:
            raise StartError(f"{child.name} ended with exit code {code}; its log ends with:\n{child.tail()}")
        if time.monotonic() > deadline:
            because = f" ({reason})" if reason else ""
            raise StartError(f"{child.name} did not start in time{because}; its log ends with:\n{child.tail()}")

    def end(self, child: Child) -> None:
        """Ends one of them, and waits; it is none of the family any more."""
        child.process.terminate()
        try:
            child.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        self.children.remove(child)

    def stop(self) -> None:
        """Ends all of them, the last started first, and waits; whoever does not listen is killed."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in reversed(self.children):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


@contextmanager
def family(logs: Path) -> Iterator[Family]:
    """A family that is stopped whatever happens; SIGTERM and SIGHUP end the command as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    members = Family(logs)
    try:
        yield members
    finally:
        # A second Ctrl-C must not leave a process behind.
        ignored = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *before)}
        members.stop()
        for number, handler in {**ignored, **before}.items():
            signal.signal(number, handler)
