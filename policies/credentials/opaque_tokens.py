"""Opaque access tokens: which issuer is asked about one, and what its answer says (RFC 7662).

A JWT is verified here, and nobody is asked about it. Any other token belongs to the issuer whose prefix it has, or
to the one that has none; no issuer is shown a token that another one's prefix claims.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from policies.credentials.token_claims import TokenClaims, TokenFault, check_times, name_claim, scope_values
from policies.credentials.trusted_issuer import TrustedIssuer

INACTIVE: Final = "its issuer says that it is not good"


class _Answer(msgspec.Struct, frozen=True):
    """RFC 7662 §2.2."""

    active: bool
    client_id: str | None = None
    sub: str | None = None
    jti: str | None = None
    iss: str | None = None
    aud: str | tuple[str, ...] = ()
    exp: int | float | None = None
    iat: int | float | None = None
    nbf: int | float | None = None


def issuer_by_prefix(token: bytes, prefixes: Mapping[str, str]) -> str | None:
    """The issuer to ask about a token, by its prefix (an empty one is any); None for a JWT, or nobody's."""
    text = token.decode("ascii", "replace")
    for prefix, issuer in prefixes.items():
        if prefix and text.startswith(prefix):
            return issuer
    return None if text.count(".") == 2 else prefixes.get("")


def read_answer(answer: Mapping[str, Any], issuer: TrustedIssuer, now: float, longest: float) -> TokenClaims:
    """The claims in an answer, believed for at most `longest` seconds. Raises TokenFault.

    Its members are those of the RFC, whatever the issuer's JWTs have.
    """
    try:
        read = msgspec.convert(answer, _Answer)
    except msgspec.ValidationError:
        raise TokenFault("what its issuer says of it is malformed") from None
    if not read.active:
        raise TokenFault(INACTIVE)
    if read.iss is not None and read.iss != issuer.name:
        raise TokenFault("it is of another issuer")
    if read.client_id is None:
        raise TokenFault("its issuer does not say which client it is of")
    client = name_claim(read.client_id)
    until = now + longest if read.exp is None else min(now + longest, read.exp)
    check_times(until, read.iat, read.nbf, now)
    scopes = frozenset(scope_values(answer["scope"])) if "scope" in answer else frozenset()
    return TokenClaims(
        client,
        name_claim(read.sub or client),
        name_claim(read.jti or "-"),
        (read.aud,) if isinstance(read.aud, str) else read.aud,
        # Without a time of issue it was not issued after anything.
        read.iat or 0.0,
        until,
        issuer.scopes(scopes),
        "cnf" in answer,
        answer,
    )
