"""Files for their user alone, such as keys: each appears whole or not at all, and is on the disk before that."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_once(path: Path, make: Callable[[], bytes], mode: int = 0o600) -> bytes:
    """The file's content; where there is none yet, what `make` gives. Raises OSError.

    Another process may be first: its file wins, so that both use the same.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    temporary = _beside(path, make(), mode)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
    return path.read_bytes()


def write_private(path: Path, data: bytes) -> None:
    """The file in the place of the one before. Raises OSError; that one then stays."""
    temporary = _beside(path, data, 0o600)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _beside(path: Path, data: bytes, mode: int) -> Path:
    """The data in a file of another name in the same directory, which is there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
