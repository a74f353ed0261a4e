"""Workers that write to one pipe, as a container's standard output is."""

import fcntl
import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

WRITER = Path(__file__).with_name("log_writer.py")


def test_lines_of_two_workers_in_one_pipe_are_whole(tmp_path: Path) -> None:
    """A pipe keeps only 4 KiB of a writer together, and each of these writes 25 times as much at once."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    root = WRITER.parents[3]
    writers = [
        subprocess.Popen(
            [sys.executable, str(WRITER), str(number), str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=write,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        for number in (1, 2)
    ]
    os.close(write)
    ready_by = time.monotonic() + 60
    while not all((tmp_path / f"ready-{number}").exists() for number in (1, 2)):
        assert time.monotonic() < ready_by
        time.sleep(0.01)
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    with os.fdopen(read, "rb") as pipe:
        lines = pipe.read().splitlines()
    assert [writer.wait(60) for writer in writers] == [0, 0]
    peers = [json.loads(line)["peer"] for line in lines]
    assert sorted(peers) == ["1" * 900] * 1000 + ["2" * 900] * 1000
    turns = sum(one != other for one, other in pairwise(peers))
    assert turns > 2, "they wrote in turns, or this shows nothing"
