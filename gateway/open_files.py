"""How many files the process may have open, which bounds how many connections it can hold."""

import resource
from typing import Final

MOST: Final = 1 << 20
"""Where the system sets no bound."""


def raise_limit() -> int:
    """Raises the limit as far as the process may; what it is then. The usual 1,024 is for programs that use
    `select`, which event loops do not (systemd.exec(5))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return MOST if soft == resource.RLIM_INFINITY else soft


def most_connections(files: int) -> int:
    """Client connections that a process with so many files may hold: the rest is for upstreams, whose connections
    clients must not be able to take, for the admin listener, and for the gateway's own files."""
    return max(1, files * 3 // 4)
