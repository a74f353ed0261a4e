"""Child processes: ports that nobody else is given, ends that are told, and nothing left behind."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from catalog.cli.processes import StartError, choose_port, family

PATIENCE = 30.0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_free_port_is_the_wanted_one() -> None:
    port = choose_port(0)
    assert choose_port(port) == port


def test_a_taken_port_is_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = choose_port(port)
    assert chosen != port
    assert 20_000 <= chosen < 32_000


def test_a_child_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with family(tmp_path) as members:
        child = members.start("broken", ["-c", "import sys; sys.exit('no such estate')"])
        with pytest.raises(StartError, match=r"broken ended with exit code 1(.|\n)*no such estate"):
            members.wait_for_file(child, tmp_path / "never")


def test_a_child_that_takes_too_long_is_told_with_the_reason(tmp_path: Path) -> None:
    with family(tmp_path) as members:
        child = members.start("slow", ["-c", "import time; time.sleep(60)"])
        with pytest.raises(StartError, match=r"slow did not start in time \(why\)"):
            members.wait_until(child, lambda: False, "why", seconds=0.1)


def test_who_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.cli.processes._STOP_SECONDS", 0.2)
    ready = tmp_path / "ready"
    deaf = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(ready)!r}).write_text('1'); time.sleep(60)"
    )
    with family(tmp_path) as members:
        child = members.start("deaf", ["-c", deaf])
        members.wait_for_file(child, ready)
    assert child.process.returncode == -signal.SIGKILL


def test_sigterm_ends_the_family_as_ctrl_c_does(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), family(tmp_path) as members:  # noqa: PT012 (the signal comes within)
        child = members.start("steady", ["-c", "import time; time.sleep(60)"])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
    assert child.process.returncode == -signal.SIGTERM
    assert not alive(child.process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="PARENT DEATH NOT TESTED: prctl is Linux's")
def test_a_killed_parent_takes_its_children_along(tmp_path: Path) -> None:
    script = f"""
import pathlib, sys, time
from catalog.cli.processes import family
with family(pathlib.Path({str(tmp_path)!r})) as members:
    child = members.start("steady", ["-c", "import time; time.sleep(60)"])
    print(child.process.pid, flush=True)
    time.sleep(60)
"""
    import subprocess

    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + PATIENCE
    while alive(pid):
        state = Path(f"/proc/{pid}/status")
        if state.exists() and "State:\tZ" in state.read_text():
            break  # nobody reaps it here, but it runs no more
        assert time.monotonic() < deadline
        time.sleep(0.02)
