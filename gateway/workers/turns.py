"""What workers do where they are more than the processor cores that they may use.

Workers that take turns on one core push each other's data out of its caches, and each turn begins with fetching it
again: about half a millisecond of it (`docs/performance.md`). So they interrupt each other as seldom as does
no harm to who waits. A worker with a core to itself is scheduled as any other process.
"""

import ctypes
import os
import platform
import sys
from typing import Final

TURN: Final = 0.01
"""Seconds that a worker may go on while another one has something to do; Linux gives 0.7 to 3 ms. Only workers
that are always busy take all of it: at half of what they can do, a turn ends after a tenth of a millisecond."""

_SET_ATTRIBUTES: Final = {"x86_64": 314, "aarch64": 274}
"""The number of sched_setattr(2) by machine: the C library has a function for it from glibc 2.41 on."""


class _Attributes(ctypes.Structure):
    """`struct sched_attr` in its first version (sched_setattr(2))."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def cores() -> int:
    """Processor cores that this process may use: those of its CPU set, where the system has such (cpuset(7))."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def take_turns(workers: int) -> bool:
    """Has this process, one of so many `workers`, take longer turns on the cores that it shares; whether it does.

    It does not where there is a core for each, and not on systems other than Linux. It is then a batch process
    (sched(7)): one that wakes up waits until another has finished what it is at. Nothing else changes where the
    system does not know how long a turn shall be (Linux before 6.12) or refuses to be told.
    """
    if sys.platform != "linux" or workers <= cores():
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except PermissionError:
        return False
    call = _SET_ATTRIBUTES.get(platform.machine())
    if call is not None:
        wanted = _Attributes(
            policy=os.SCHED_BATCH, nice=os.getpriority(os.PRIO_PROCESS, 0), runtime=int(TURN * 1e9)
        )
        wanted.size = ctypes.sizeof(wanted)
        ctypes.CDLL(None).syscall(call, 0, ctypes.byref(wanted), 0)
    return True
