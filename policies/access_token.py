"""Access tokens as RFC 9068 profiles them, hardened as RFC 8725 asks: parsed strictly, verified by PyJWT.

Reading and verifying are two steps, because the issuer's keys are found by what the token says of itself. What
is read is believed only after `verify`. Nothing here shows a token or a part of one: a fault carries a reason
of ours and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
import msgspec

from policies.jose import ASYMMETRIC as ASYMMETRIC
from policies.jose import JoseFault, read_signed_jwt

MAXIMUM_BYTES: Final = 8192
SKEW: Final = 30.0
"""Seconds by which an issuer's clock may be ahead of ours (`iat`, `nbf`). `exp` is exact: a token that ends a
little early does no harm."""

_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
_LATEST: Final = 253402300799  # the year 9999; more is no date, and infinity would never expire
_OPTIONS: Final[Any] = {
    "require": ["iss", "aud", "exp", "iat", "sub", "client_id", "jti"],
    "verify_signature": True,
    "verify_aud": True,
    # The issuer chose the key: what verifies by it is the issuer's word, or nobody's.
    "verify_iss": False,
    # Times are checked below, by the clock that the gateway was given.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "enforce_minimum_key_length": True,
}

_Text = msgspec.Meta(min_length=1, max_length=512)


class TokenFault(Exception):
    """The token is not acceptable; the message says why and holds nothing of the token."""


class _Header(msgspec.Struct, frozen=True):
    """What we read of the JOSE header. `jwk`, `jku`, `x5c` and `x5u` are ignored: a token names no keys."""

    alg: str
    typ: str
    kid: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | tuple[str, ...]
    sub: str
    client_id: str
    jti: str
    exp: int | float
    iat: int | float
    nbf: int | float | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class UnverifiedToken:
    """What a token says of itself, well-formed but not believed yet."""

    text: bytes
    issuer: str
    key_id: str
    algorithm: str
    claims: dict[str, Any]
    typed: _Claims


def read(token: bytes) -> UnverifiedToken:
    """Parses a compact JWS. Raises TokenFault."""
    try:
        parsed = read_signed_jwt(token, MAXIMUM_BYTES)
    except JoseFault as fault:
        raise TokenFault(str(fault)) from None
    try:
        header = msgspec.convert(parsed.header, _Header)
        claims = msgspec.convert(parsed.claims, _Claims)
        _encodable(header.kid, claims)
    except (msgspec.ValidationError, UnicodeEncodeError):
        # The library's message may quote a value.
        raise TokenFault("it lacks a claim that an access token must have, or one has the wrong type") from None
    if header.typ.lower() not in _TYPES:
        raise TokenFault("its type is not at+jwt")
    return UnverifiedToken(token, claims.iss, header.kid, header.alg, parsed.claims, claims)


def verify(token: UnverifiedToken, key: Any, algorithms: Sequence[str], audience: str, now: float) -> None:
    """Proves the token by its issuer's key and checks what it claims. Raises TokenFault."""
    if token.algorithm not in algorithms or token.algorithm not in ASYMMETRIC:
        raise TokenFault("its algorithm is not one that its issuer uses")
    try:
        jwt.decode(
            token.text,
            key,
            algorithms=[token.algorithm],
            audience=audience,
            options=_OPTIONS,
        )
    except jwt.InvalidAudienceError:
        raise TokenFault("it was issued for another audience") from None
    except jwt.InvalidSignatureError:
        raise TokenFault("its signature does not verify") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise TokenFault("it cannot be verified") from None
    claims = token.typed
    if not now < claims.exp <= _LATEST:
        raise TokenFault("it has expired")
    if claims.iat > now + SKEW or (claims.nbf is not None and claims.nbf > now + SKEW):
        raise TokenFault("it is not valid yet")
    if "cnf" in token.claims:
        # RFC 9449 §7.2, RFC 8705 §3: a token that is bound to a key is worth nothing without proof of it.
        raise TokenFault("it is bound to a key and was presented as a bearer token")


def _encodable(key_id: str, claims: _Claims) -> None:
    """Raises UnicodeEncodeError for a lone surrogate, which no log and no store could take."""
    for text in (key_id, claims.iss, claims.sub, claims.client_id, claims.jti, claims.scope):
        text.encode("utf-8")
