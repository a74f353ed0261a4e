"""Private signing keys as files: the first, `oauth.jwk`, among the catalog's keys, and those that follow it as
`<kid>.jwk` in a directory of their own.

They are kept out of the database on purpose (see `catalog.key_files`), and out of the directory of the other keys
because that may be mounted read-only. Processes that share a store share this directory too, and so each has a key
that another made.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from catalog.key_files import KeyFileError, Keys, nameable
from catalog.oauth.keys.signing import SigningAlgorithm, SigningKey
from contracts.private_files import write_once


class KeyStore:
    """The files below a directory. `first` is the key that a catalog begins with, and `first_path` its file."""

    def __init__(self, directory: Path, first: ECKey, first_path: Path) -> None:
        self._directory = directory
        self._first_path = first_path
        self.first = SigningKey(first)
        self._loaded = {self.first.kid: self.first}

    def make(self, algorithm: SigningAlgorithm) -> SigningKey:
        """A new key, in its file before anybody hears of it. Raises OSError."""
        made: ECKey | OKPKey
        if algorithm == "ES256":
            made = nameable(lambda: ECKey.generate_key("P-256"))
        else:
            made = nameable(lambda: OKPKey.generate_key("Ed25519"))
        key = SigningKey(_labelled(made, algorithm))
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_once(self._path(key.kid), lambda: json.dumps(made.as_dict(private=True)).encode())
        self._loaded[key.kid] = key
        return key

    def find(self, kid: str, algorithm: SigningAlgorithm) -> SigningKey | None:
        """The private key of that id; None where there is no such file. Raises KeyFileError."""
        if kid not in self._loaded:
            path = self._path(kid)
            try:
                text = path.read_bytes()
            except OSError:
                return None
            try:
                kind = ECKey if algorithm == "ES256" else OKPKey
                key = SigningKey(_labelled(kind.import_key(json.loads(text)), algorithm))
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise KeyFileError(f"{path} is no JWK of {algorithm}: {type(error).__name__}") from None
            if key.kid != kid:
                raise KeyFileError(f"{path} holds another key")
            self._loaded[kid] = key
        return self._loaded[kid]

    def remove(self, kid: str) -> None:
        """Removes the file of a key that signs nothing any more. (Where the directory cannot be written to, it
        stays, and the store's record is what keeps it from signing.)"""
        with contextlib.suppress(OSError):
            self._path(kid).unlink(missing_ok=True)

    def _path(self, kid: str) -> Path:
        if kid == self.first.kid:
            return self._first_path
        # A thumbprint is of base64url's letters: no separator is among them.
        return self._directory / f"{kid}.jwk"


def key_store(keys: Keys) -> KeyStore:
    """Those of a catalog, beside the directory of its other keys."""
    return KeyStore(keys.directory.parent / "signing-keys", keys.oauth, keys.directory / "oauth.jwk")


def _labelled(key: ECKey | OKPKey, algorithm: SigningAlgorithm) -> ECKey | OKPKey:
    # Verifiers choose by these (RFC 7517 §4, RFC 7638).
    labels: Any = {"use": "sig", "alg": algorithm, "kid": key.thumbprint()}
    return type(key).import_key(key.as_dict(private=True), labels)
