"""DPoP proofs (RFC 9449 §4): a client shows that it holds a key, for one request, in a JWT signed by that key.

Reading is pure. What needs memory is the caller's: that a proof is used once (§11.1) and that its nonce was given
out (§8, §9). No fault shows a part of the proof.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from contracts.base64url import base64url
from contracts.public_keys import ALGORITHMS, KeyFault, public_key
from policies.credentials.jose import JoseFault, read_signed_jwt

MAXIMUM_BYTES: Final = 8192
AGE: Final = 60.0
"""Seconds for which a proof is good; the memory of used ones need not be longer than this and `SKEW`."""
SKEW: Final = 30.0
"""Seconds by which a client's clock may be ahead of ours."""

_TYPE: Final = "dpop+jwt"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9\-._~]")


class ProofFault(Exception):
    """The proof is not acceptable; the message says why and holds nothing of it."""


class _Header(msgspec.Struct, frozen=True):
    typ: str
    alg: str
    jwk: dict[str, Any]


class _Claims(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: int | float
    ath: str | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """A proof that holds for the request it came with. It is spent by its use: `jti` until `forgettable`."""

    thumbprint: str
    """Of the key (RFC 7638, SHA-256, base64url): what `cnf.jkt` of a bound token says."""
    jti: str
    issued_at: float
    nonce: str | None

    @property
    def forgettable(self) -> float:
        """Unix seconds from which the proof is too old to be believed anyway."""
        return self.issued_at + AGE


def read_proof(
    text: bytes,
    method: bytes | str,
    uri: str,
    now: float,
    access_token: bytes | None = None,
    algorithms: Collection[str] = ALGORITHMS,
) -> Proof:
    """Checks one proof for a request (RFC 9449 §4.3, all but nonce and replay). Raises ProofFault.

    `uri` is the request's as the client knows it; query and fragment are ignored. With `access_token` the proof
    must be for that token (`ath`, §7).
    """
    try:
        token = read_signed_jwt(text, MAXIMUM_BYTES)
        header = msgspec.convert(token.header, _Header)
        claims = msgspec.convert(token.claims, _Claims)
        for each in (claims.jti, claims.nonce or ""):
            each.encode("utf-8")  # a lone surrogate, which no store could take, ends it
        if header.typ != _TYPE:
            raise ProofFault("its type is not dpop+jwt")
        if header.alg not in algorithms or header.alg not in ALGORITHMS:
            raise ProofFault("its algorithm is not one that is accepted")
        key = public_key(header.jwk)
    except (JoseFault, KeyFault) as fault:
        raise ProofFault(str(fault)) from None
    except (msgspec.ValidationError, UnicodeEncodeError):
        # The library's message may quote a value.
        raise ProofFault("it lacks a member that a proof must have, or one has the wrong type") from None
    _check(claims, method, uri, now, access_token)
    if not key.verifies(token.signed, token.signature, header.alg):
        raise ProofFault("its signature does not verify")
    return Proof(key.thumbprint, claims.jti, claims.iat, claims.nonce)


def _check(claims: _Claims, method: bytes | str, uri: str, now: float, access_token: bytes | None) -> None:
    if not 0 < len(claims.jti) <= 256:
        raise ProofFault("its jti is empty or too long")
    if claims.htm != (method if isinstance(method, str) else method.decode("latin-1")):
        raise ProofFault("it is for another method")
    if _normal(claims.htu) != _expected(uri):
        raise ProofFault("it is for another URI")
    if not now - AGE <= claims.iat <= now + SKEW:
        raise ProofFault("it was made too long ago, or in the future")
    if access_token is not None and claims.ath != base64url(hashlib.sha256(access_token).digest()):
        raise ProofFault("it is not for this access token")


@lru_cache(maxsize=4096)  # the URIs of requests are few, those in proofs may be anything
def _expected(uri: str) -> str:
    expected = _normal(uri)
    assert expected is not None, "a request's own URI is one"
    return expected


def _normal(uri: str) -> str | None:
    """The URI without query and fragment, normalised by syntax and scheme (RFC 3986 §6.2.2, §6.2.3) as RFC 9449
    §4.3 advises; None for what is no absolute http(s) URI. Dot segments stay: the gateway refuses them."""
    if not uri.isascii() or len(uri) > MAXIMUM_BYTES:
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    suffix = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    path = _ESCAPE.sub(_plain, parts.path) if "%" in parts.path else parts.path
    return f"{parts.scheme}://{host}{suffix}{path or '/'}"


def _plain(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.match(character) else f"%{escape[1].upper()}"
