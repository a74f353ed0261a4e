"""The catalog as a real process, and the `ostiary` command, for tests."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0


def environment(**settings: str) -> dict[str, str]:
    """The test's own environment without any setting of ours but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::ResourceWarning", **settings}


def eventually(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` gives once it is true."""
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never came true: {what}")
        time.sleep(0.02)
    return value


def ostiary(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    return subprocess.run(
        [sys.executable, "-m", "catalog.cli.main", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment(**settings),
        timeout=DEADLINE,
        check=False,
    )


@dataclass
class Process:
    """A catalog that listens."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log_path: Path

    @property
    def token(self) -> str:
        return (self.data / "keys" / "gateway.token").read_text()

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def get(self, path: str, *, authorised: bool = False) -> tuple[int, Any]:
        """Status and decoded body."""
        headers = {"Authorization": f"Bearer {self.token}"} if authorised else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers)) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@contextmanager
def catalog(directory: Path, **settings: str) -> Iterator[Process]:
    """A catalog with its data below `directory`, on a port of its own, once it listens."""
    data, port_file, log_path = directory / "data", directory / "port.json", directory / "log"
    port_file.unlink(missing_ok=True)
    given = {
        "OSTIARY_CATALOG_DATA": str(data),
        "OSTIARY_CATALOG_PORT": "0",
        "OSTIARY_CATALOG_PORT_FILE": str(port_file),
        **settings,
    }
    with log_path.open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "catalog"], env=environment(**given), stderr=log)
    try:

        def announced() -> bool:
            assert process.poll() is None, log_path.read_text()
            return port_file.exists()

        eventually(announced, "the catalog listens")
        bound = json.loads(port_file.read_text())
        yield Process(
            process, f"http://{bound['host']}:{bound['port']}", Path(given["OSTIARY_CATALOG_DATA"]), log_path
        )
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
