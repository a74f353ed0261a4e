"""The gateway's own key, to which the catalog seals upstream secrets: a file for its user alone, made once.

Workers of one gateway share it. A gateway whose disk is not kept is given the file, so that it stays the same.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts.private_files import write_once
from gateway.settings import SettingsError


def load_sealing_key(path: Path) -> X25519PrivateKey:
    """The key in the file (32 bytes in hex), made where there is none. Raises SettingsError, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(write_once(path, _made).decode("ascii").strip()))
    except ValueError:
        raise SettingsError(f"{path} holds no X25519 key of 32 bytes in hex") from None


def _made() -> bytes:
    return X25519PrivateKey.generate().private_bytes_raw().hex().encode() + b"\n"
