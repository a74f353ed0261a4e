"""The catalog's own keys, as files of one directory that only its user may read.

Private keys and the pepper are kept out of the database on purpose: a dump or a leaked back-up of it then
holds nothing with which to sign a token or a snapshot, or to guess at a client secret. Each file is made at
the first start, whole or not at all, and processes that start at once end up with the same one.

==================  =======================================================================
`oauth.jwk`         ES256 private key (JWK) that signs access tokens, until others follow it
`snapshot.key`      Ed25519 private key (PEM, PKCS #8) that signs snapshots
`snapshot.pub`      its public half, base64 of the 32 bytes: what gateways are told to trust
`pepper`            32 bytes under which client secrets are hashed; made of them, and in no file: the master key
                    under which upstream credentials are stored, where the settings name no other
`api-keys.pepper`   32 bytes in hex under which API keys are hashed, for gateways: made of the other
`gateway.token`     bearer token that gateways present, where no setting gives one
==================  =======================================================================
"""

import base64
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from contracts.private_files import write_once

PEPPER_BYTES = 32
MIN_TOKEN = 16
"""Characters of a gateway token at least: an empty file must not open the door."""


class KeyFileError(Exception):
    """A key file that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one catalog, from its `directory`. None of the private ones shows in a repr."""

    directory: Path = field(repr=False)
    oauth: ECKey = field(repr=False)
    snapshot: Ed25519PrivateKey = field(repr=False)
    pepper: bytes = field(repr=False)
    key_pepper: bytes = field(repr=False)
    master: bytes = field(repr=False)
    """Under which upstream credentials are stored, where the settings name no other key."""
    gateway_token: str = field(repr=False)


def load_keys(directory: Path) -> Keys:
    """Loads the keys, making those that are missing. Raises KeyFileError, OSError."""
    _make(directory)
    pepper = _pepper(directory / "pepper")
    return Keys(
        directory=directory,
        oauth=_oauth_key(directory / "oauth.jwk"),
        snapshot=_snapshot_key(directory),
        pepper=pepper,
        key_pepper=_key_pepper(directory / "api-keys.pepper", pepper),
        master=hmac.digest(pepper, b"ostiary master key", "sha256"),
        gateway_token=_gateway_token(directory / "gateway.token"),
    )


def public_key_text(key: Ed25519PublicKey) -> str:
    """The public snapshot key as gateways take it: base64 of its 32 bytes."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def public_key_of(text: str) -> Ed25519PublicKey:
    """The key from its text. Raises KeyFileError."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError:
        raise KeyFileError("the key is not base64 of the 32 bytes of an Ed25519 public key") from None


def load_snapshot_key(directory: Path) -> Ed25519PrivateKey:
    """The key that signs snapshots, made where it is missing. Raises KeyFileError, OSError."""
    _make(directory)
    return _snapshot_key(directory)


def _make(directory: Path) -> None:
    # The mode of `mkdir` is for the last directory alone, and the one above holds the database.
    directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.mkdir(exist_ok=True, mode=0o700)


AnyKey = TypeVar("AnyKey", ECKey, OKPKey)


def nameable(make: Callable[[], AnyKey]) -> AnyKey:
    """A new key whose thumbprint, by which it is named on the command line, does not look like an option there."""
    while (made := make()).thumbprint().startswith("-"):
        pass
    return made


def _oauth_key(path: Path) -> ECKey:
    def generate() -> bytes:
        key = nameable(lambda: ECKey.generate_key("P-256", private=True))
        return json.dumps(key.as_dict(private=True)).encode()

    try:
        key = ECKey.import_key(json.loads(write_once(path, generate)))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise KeyFileError(f"{path} is no JWK: {error}") from None
    if not key.is_private or key.curve_name != "P-256":
        raise KeyFileError(f"{path} is no private P-256 key")
    # Whoever brought the key may have left these out; verifiers choose by them (RFC 7517 §4, RFC 7638).
    return ECKey.import_key(key.as_dict(private=True), {"use": "sig", "alg": "ES256", "kid": key.thumbprint()})


def _snapshot_key(directory: Path) -> Ed25519PrivateKey:
    def generate() -> bytes:
        return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    path = directory / "snapshot.key"
    try:
        key = load_pem_private_key(write_once(path, generate), None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path} is no unencrypted PEM key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is no Ed25519 key")
    public = public_key_text(key.public_key())
    if (
        write_once(directory / "snapshot.pub", lambda: f"{public}\n".encode(), mode=0o644).decode().strip()
        != public
    ):
        raise KeyFileError(f"{directory / 'snapshot.pub'} does not belong to {path}")
    return key


def _gateway_token(path: Path) -> str:
    token = write_once(path, lambda: secrets.token_urlsafe(32).encode()).decode("ascii", "replace").strip()
    if len(token) < MIN_TOKEN:
        raise KeyFileError(f"{path} holds less than {MIN_TOKEN} characters")
    return token


def _pepper(path: Path) -> bytes:
    pepper = write_once(path, lambda: secrets.token_bytes(PEPPER_BYTES))
    if len(pepper) != PEPPER_BYTES:
        raise KeyFileError(f"{path} does not hold {PEPPER_BYTES} bytes")
    return pepper


def _key_pepper(path: Path, pepper: bytes) -> bytes:
    """What gateways check API keys with. It tells nothing of the pepper that it is made of.

    The file is a copy for gateways, which a directory that was mounted read-only before there was one lacks.
    """
    made = hmac.digest(pepper, b"ostiary api keys", "sha256")
    try:
        found = write_once(path, lambda: f"{made.hex()}\n".encode())
    except OSError:
        return made
    if found.decode("ascii", "replace").strip() != made.hex():
        raise KeyFileError(f"{path} does not belong to {path.with_name('pepper')}")
    return made
