"""Writes lines to standard output as a worker does, once its input ends: `log_writer.py NUMBER DIRECTORY`."""

import asyncio
import sys
import time
from pathlib import Path

from gateway.record import AccessLog
from gateway.workers.worker import WorkerRole
from policies.exchange import Exchange


async def write(role: WorkerRole) -> None:
    with role.log_lock.open("a") as lock:
        log = AccessLog(1, lock=lock.fileno())
        Path(sys.argv[2], f"ready-{role.number}").touch()
        sys.stdin.read()
        for _ in range(40):
            for _ in range(25):
                log.record(Exchange("GET", b"/", [], {}, str(role.number) * 900))
            log.flush()
            time.sleep(0.001)  # a worker serves between two writes, and the other gets the lock


asyncio.run(write(WorkerRole(int(sys.argv[1]), 0, Path(sys.argv[2]))))
