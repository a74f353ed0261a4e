"""How many processor cores a gateway may keep busy: so many of its workers take connections.

Workers that share a core share its caches too, and each wakes up for less: two of them take up to a fifth more CPU
time a request than one, and their slowest answers wait for the other's turn (`docs/performance.md`).
"""

import math
import os
import sys
from pathlib import Path
from typing import Final

GROUPS: Final = Path("/sys/fs/cgroup")
"""Where control groups are mounted (cgroups(7), version 2)."""
OWN_GROUP: Final = Path("/proc/self/cgroup")


def cores() -> int:
    """Cores that this process may keep busy at once: those of its CPU set (cpuset(7)), or fewer where its control
    groups give it less CPU time than those have. A part of a core counts as one."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota = cpu_quota()
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cpu_quota(groups: Path = GROUPS, own: Path = OWN_GROUP) -> float | None:
    """Seconds of CPU time a second that this process's control group and those around it get at most (`cpu.max`);
    None where nothing limits them, or where there are no control groups of version 2."""
    try:
        group = next(line[3:] for line in own.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    path = groups / group.strip("/")
    found = [_quota(each / "cpu.max") for each in (path, *path.parents) if each.is_relative_to(groups)]
    return min((each for each in found if each is not None), default=None)


def _quota(file: Path) -> float | None:
    try:
        quota, period = file.read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None
