"""Upstream secrets that the catalog delivers: verified, opened, and kept on disk as they came, sealed.

A gateway that starts while the catalog is down opens what it has. One that is older than what is in force is
refused: who replays one would bring a revoked secret back.
"""

from pathlib import Path
from typing import Final

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts.private_files import write_private
from contracts.upstream_secrets import (
    Bundle,
    BundleError,
    SignedBundle,
    opened_secret,
    recipient_of,
    verified_bundle,
)

log = structlog.get_logger()

_FILE: Final = "secrets.sealed"


class DeliveredSecrets:
    """Those in force, by name. The values never appear in a repr, a log line or an error.

    `catalog_key` is the catalog's snapshot key; `directory` is where the bundle is kept.
    """

    def __init__(self, key: X25519PrivateKey, catalog_key: Ed25519PublicKey, directory: Path) -> None:
        self._key = key
        self._catalog_key = catalog_key
        self._path = directory / _FILE
        self._values: dict[str, str] = {}
        self._withdrawn: frozenset[str] = frozenset()
        self._bundle: Bundle | None = None

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that the catalog is told."""
        return self._key.public_key().public_bytes_raw()

    @property
    def recipient(self) -> str:
        """By which name the catalog knows the key."""
        return recipient_of(self._key.public_key())

    @property
    def state(self) -> str:
        """What tells one bundle from another; empty before the first."""
        return "" if self._bundle is None else self._bundle.state

    @property
    def names(self) -> list[str]:
        """What is there, without what it is."""
        return sorted(self._values)

    def find(self, name: str) -> str | None:
        return self._values.get(name)

    def withdrew(self, name: str) -> bool:
        """Whether the catalog gave it before, and takes it back: it is not to be presented any more."""
        return name in self._withdrawn

    def load(self) -> None:
        """Takes up what is on disk, if it is there and good."""
        try:
            signed = msgspec.json.decode(self._path.read_bytes(), type=SignedBundle)
            self._take(signed)
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError, BundleError) as error:
            log.error("upstream secrets on disk not used", reason=_reason(error))

    def take(self, data: bytes) -> None:
        """A bundle as the catalog sent it: in force, then on disk. Raises BundleError; what is in force stays."""
        try:
            signed = msgspec.json.decode(data, type=SignedBundle)
        except msgspec.DecodeError:
            raise BundleError("it is no signed bundle") from None
        self._take(signed)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, data)
        except OSError as error:
            # It is in force all the same; only a restart without the catalog would start with an older one.
            log.error("upstream secrets not stored", reason=_reason(error))

    def _take(self, signed: SignedBundle) -> None:
        bundle = verified_bundle(signed, self._catalog_key, self.recipient)
        held = self._bundle
        if held is not None and bundle.serial < held.serial:
            raise BundleError(f"serial {bundle.serial} is before {held.serial}, which is in force")
        values: dict[str, str] = {}
        for secret in bundle.secrets:
            try:
                values[secret.name] = opened_secret(secret, self._key, bundle.environment).decode()
            except UnicodeDecodeError:
                raise BundleError(f"the secret {secret.name!r} is no text") from None
        self._withdrawn = (self._withdrawn | self._values.keys()) - values.keys()
        self._bundle, self._values = bundle, values


def _reason(error: Exception) -> str:
    """Of a decoding error not even its text: it may quote what it met."""
    return str(error) if isinstance(error, BundleError | OSError) else type(error).__name__
