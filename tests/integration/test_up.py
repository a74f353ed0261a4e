"""`ostiary up`, as the owner of an estate uses it: start, edit, break, mend, stop."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

OSTIARY = [sys.executable, "-m", "catalog.cli.main"]
PATIENCE = 60.0
pytestmark = pytest.mark.xdist_group("up")


class Up:
    """A running `ostiary up` on an estate that `ostiary init` made."""

    def __init__(self, folder: Path) -> None:
        self.estate = folder / "estate"
        self.data = folder / "data"
        ostiary("init", str(self.estate))
        self.process = subprocess.Popen(
            [
                *(*OSTIARY, "up", "--estate", str(self.estate), "--data", str(self.data)),
                *("--port", "0", "--catalog-port", "0", "--admin-port", "0"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.text = self.read_until("Ctrl-C stops both.")

    def read_until(self, mark: str) -> str:
        """What is printed up to a line with `mark`. The test's own time-out ends it where none comes."""
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if mark in line:
                return text
        pytest.fail(f"{mark!r} never came: {text}")


def ostiary(*arguments: str, expect: int = 0) -> str:
    done = subprocess.run([*OSTIARY, *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    yield running
    running.process.send_signal(signal.SIGINT)
    running.process.communicate(timeout=PATIENCE)


def test_a_new_estate_runs_and_follows_its_edits(up: Up) -> None:
    gateway = re.search(r"Gateway +(http://\S+)", up.text)
    command = re.search(r"ostiary (token .*)", up.text)
    assert gateway is not None
    assert command is not None
    token = ostiary(*command[1].split()).strip()
    assert token.count(".") == 2
    credentials = up.data / "credentials.json"
    assert credentials.stat().st_mode & 0o077 == 0
    assert all(
        set(entry) == {"secret", "consumer", "scopes"} for entry in json.loads(credentials.read_text()).values()
    )

    settings = up.estate / "ostiary.yaml"
    good = settings.read_text()
    settings.write_text(good + "\nsurprise: 1\n")
    report = up.read_until("what was in force stays") + up.read_until("surprise")
    assert "ostiary.yaml:" in report
    settings.write_text(good)
    up.read_until("Nothing to change")
    assert "upstreams:" in good
    settings.write_text(re.sub(r"(http://127\.0\.0\.1):\d+", r"\1:1", good))
    up.read_until("In force: snapshot")


def test_a_broken_estate_does_not_start(tmp_path: Path) -> None:
    ostiary("init", str(tmp_path / "estate"))
    (tmp_path / "estate" / "teams.yaml").write_text("teams: [\n")
    done = subprocess.run(
        [*OSTIARY, "up", "--estate", str(tmp_path / "estate"), "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert "teams.yaml:" in done.stderr
    assert not (tmp_path / "data").exists()


def test_what_is_no_estate_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [*OSTIARY, "up", "--estate", str(tmp_path)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, "no ostiary.yaml" in done.stderr) == (2, True)
