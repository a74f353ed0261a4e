"""Whether this process runs the compiled form of the modules on a request's way, or their Python source."""

from pathlib import Path

from gateway.wire import connection


def compiled() -> bool:
    """All of them are compiled together, or none is: one tells."""
    return Path(connection.__file__).suffix != ".py"
