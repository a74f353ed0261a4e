"""The gateway's own key, to which the catalog seals upstream secrets: a file for its user alone, made once.

Workers of one gateway share it. A gateway whose disk is not kept is given the file, so that it stays the same.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.settings import SettingsError


def load_sealing_key(path: Path) -> X25519PrivateKey:
    """The key in the file (32 bytes in hex), made where there is none. Raises SettingsError, OSError."""
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(_once(path).decode("ascii").strip()))
    except ValueError:
        raise SettingsError(f"{path} holds no X25519 key of 32 bytes in hex") from None


def _once(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # with mode 600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(X25519PrivateKey.generate().private_bytes_raw().hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another worker was first, and its key counts
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
    return path.read_bytes()
