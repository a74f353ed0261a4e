"""`private_key_jwt` (RFC 7523 §2.2, §3): a client proves who it is by a JWT that it signs with a key of its
own."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import msgspec

from contracts.oauth_client import Profile
from contracts.public_keys import ALGORITHMS, KeyFault, PublicKey, public_key
from policies.credentials.jose import JoseFault, SignedJwt, read_signed_jwt

MAXIMUM_BYTES: Final = 8192
LIFE: Final = 300.0
"""Seconds that an assertion may live at most: it need live no longer than its way takes."""
SKEW: Final = 30.0
"""Seconds by which the client's clock may differ from ours."""
FAPI_ALGORITHMS: Final = frozenset({"PS256", "ES256", "EdDSA", "Ed25519"})
"""FAPI 2.0 §5.4.1."""
_KEYS: Final = 16
# RFC 7523 names no type; the draft that updates it gives one of its own, and libraries write `JWT`.
_TYPES: Final = frozenset({"jwt", "client-authentication+jwt"})


class AssertionFault(Exception):
    """The assertion is not acceptable; the message says why, for the log, and holds nothing of it."""


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None
    typ: str = "JWT"


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int | float
    jti: str
    nbf: int | float | None = None
    iat: int | float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Assertion:
    """An assertion that is well-formed and not believed yet."""

    token: SignedJwt
    algorithm: str
    key_id: str | None
    client_id: str
    audiences: str | tuple[str, ...]
    expires: float
    jti: str
    not_before: float

    def check(self, accepted: Collection[str], profile: Profile, now: float) -> None:
        """Whether it is meant for us and now. `accepted` are the names that we go by at this endpoint, the issuer
        first. Raises AssertionFault."""
        issuer = next(iter(accepted))
        if profile == "fapi-2":
            # FAPI 2.0 §5.3.2.1: the issuer as a string, so that no other server can pass it on to us.
            if self.audiences != issuer:
                raise AssertionFault("its audience is not exactly the issuer")
            if self.algorithm not in FAPI_ALGORITHMS:
                raise AssertionFault("its algorithm is not one of the profile")
        named = (self.audiences,) if isinstance(self.audiences, str) else self.audiences
        if not set(named) & set(accepted):
            raise AssertionFault("it is for another audience")
        if not now - SKEW < self.expires <= now + LIFE + SKEW:
            raise AssertionFault("it has expired, or lives too long")
        if self.not_before > now + SKEW:
            raise AssertionFault("it is not valid yet")

    def verified_by(self, keys: Collection[PublicKey]) -> PublicKey:
        """The key that signed it. Raises AssertionFault."""
        for key in keys:
            if key.verifies(self.token.signed, self.token.signature, self.algorithm):
                return key
        raise AssertionFault("no key of the client verifies it")


def read_assertion(text: str) -> Assertion:
    """Parses an assertion. Raises AssertionFault."""
    try:
        token = read_signed_jwt(text.encode(), MAXIMUM_BYTES)
        header = msgspec.convert(token.header, _Header)
        claims = msgspec.convert(token.claims, _Claims)
        for each in (claims.iss, claims.jti, header.kid or ""):
            each.encode()  # a lone surrogate, which no store could take, ends it
    except JoseFault as fault:
        raise AssertionFault(str(fault)) from None
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise AssertionFault("it lacks a member that it must have, or one has the wrong type") from None
    if header.alg not in ALGORITHMS:
        raise AssertionFault("its algorithm is not one that is accepted")
    if header.typ.lower() not in _TYPES:
        raise AssertionFault("its type is another")
    if claims.iss != claims.sub:
        raise AssertionFault("its issuer is not its subject")
    if not 0 < len(claims.jti) <= 256:
        raise AssertionFault("its jti is empty or too long")
    not_before = max(claims.nbf or 0.0, claims.iat or 0.0)
    return Assertion(token, header.alg, header.kid, claims.iss, claims.aud, claims.exp, claims.jti, not_before)


def keys_for(assertion: Assertion, jwks: object) -> tuple[PublicKey, ...]:
    """The keys of a JWK set that may have signed it: by its key id, or by its algorithm where it names none. Those
    that are unusable are left out."""
    members = jwks.get("keys") if isinstance(jwks, dict) else None
    found: list[PublicKey] = []
    for member in members[:_KEYS] if isinstance(members, list) else ():
        if not isinstance(member, dict):
            continue
        if assertion.key_id is not None and member.get("kid", assertion.key_id) != assertion.key_id:
            continue
        try:
            key = public_key(member)
        except KeyFault:
            continue
        if assertion.algorithm in key.algorithms:
            found.append(key)
    return tuple(found)
