"""Access tokens that are signed JWTs: as RFC 9068 profiles them, hardened as RFC 8725 asks.

Reading and verifying are two steps, because the issuer's keys are found by what the token says of itself. What
is read is believed only after `verify`. Nothing here shows a token or a part of one: a fault carries a reason
of ours and no more.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from contracts.public_keys import PublicKey
from policies.credentials.jose import ASYMMETRIC, JoseFault, SignedJwt, read_signed_jwt
from policies.credentials.token_claims import TokenClaims, TokenFault, read_claims
from policies.credentials.trusted_issuer import PLAIN_TYPE, TrustedIssuer

MAXIMUM_BYTES: Final = 8192


class _Header(msgspec.Struct, frozen=True):
    """What we read of the JOSE header. `jwk`, `jku`, `x5c` and `x5u` are ignored: a token names no keys."""

    alg: str
    kid: str
    typ: str = PLAIN_TYPE


class _Issued(msgspec.Struct, frozen=True):
    iss: str


@dataclass(frozen=True, slots=True, repr=False)
class UnverifiedToken:
    """What a token says of itself, well-formed but not believed yet. `type` is its `typ`, in lower case."""

    issuer: str
    key_id: str
    algorithm: str
    type: str
    jwt: SignedJwt


def read(token: bytes) -> UnverifiedToken:
    """Parses a compact JWS. Raises TokenFault."""
    try:
        parsed = read_signed_jwt(token, MAXIMUM_BYTES)
    except JoseFault as fault:
        raise TokenFault(str(fault)) from None
    try:
        header = msgspec.convert(parsed.header, _Header)
        issuer = msgspec.convert(parsed.claims, _Issued).iss
        (header.kid + issuer).encode("utf-8")  # a lone surrogate, which no log could take, ends it
    except (msgspec.ValidationError, UnicodeEncodeError):
        # The library's message may quote a value.
        raise TokenFault("it lacks what says by which key of which issuer it is signed") from None
    # RFC 7515 §4.1.9: `application/` may be left out.
    return UnverifiedToken(issuer, header.kid, header.alg, header.typ.lower().removeprefix("application/"), parsed)


def admit(token: UnverifiedToken, issuer: TrustedIssuer) -> None:
    """Whether its issuer's tokens look like that at all: asked before a key is looked for. Raises TokenFault."""
    if token.type not in issuer.types:
        raise TokenFault("its type is not one of its issuer's access tokens")
    if token.algorithm not in issuer.algorithms or token.algorithm not in ASYMMETRIC:
        raise TokenFault("its algorithm is not one that its issuer uses")


def verify(token: UnverifiedToken, key: PublicKey, issuer: TrustedIssuer, now: float) -> TokenClaims:
    """Proves the token by a key of its issuer, and reads what it claims. Raises TokenFault."""
    admit(token, issuer)
    if not key.verifies(token.jwt.signed, token.jwt.signature, token.algorithm):
        raise TokenFault("its signature does not verify")
    return read_claims(token.jwt.claims, token.type, issuer, now)
