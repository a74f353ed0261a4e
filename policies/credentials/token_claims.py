"""What an access token claims, typed: who calls, for whom the token is, when it is good and what was granted.

RFC 9068 §2.2 names the claims. An issuer that is not the catalog may name the client and the scopes otherwise, and
where it writes plain JWTs it may leave out `sub` and `jti`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from policies.credentials.trusted_issuer import ACCESS_TOKEN_TYPE, TrustedIssuer

SKEW: Final = 30.0
"""Seconds by which an issuer's clock may be ahead of ours (`iat`, `nbf`). `exp` is exact: a token that ends a
little early does no harm."""

_LATEST: Final = 253402300799  # the year 9999; more is no date, and infinity would never expire
_LONGEST: Final = 512
"""Characters of a name: of the client, the subject, the token."""

# Of what is signed and no access token: OpenID Connect Core §3.1.3.6 and §3.3.2.11 (id tokens), RFC 8417 §2.2
# (security events, and with them logout tokens).
_OTHER_KINDS: Final = frozenset({"at_hash", "c_hash", "s_hash", "events"})
_KEYCLOAK_KINDS: Final = frozenset({"bearer", "dpop"})
"""What Keycloak says in the claim `typ` of an access token; in others it says `ID` or `Refresh`."""


class TokenFault(Exception):
    """The token is not acceptable; the message says why and holds nothing of the token."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenClaims:
    """What is claimed; believed once the token was verified. Times are Unix seconds. `bound`: to a key (`cnf`)."""

    client: str
    subject: str
    token_id: str
    audiences: tuple[str, ...]
    issued_at: float
    expires: float
    scopes: frozenset[str]
    bound: bool
    raw: Mapping[str, Any]


class _Registered(msgspec.Struct, frozen=True):
    aud: str | tuple[str, ...]
    exp: int | float
    iat: int | float
    nbf: int | float | None = None
    sub: str | None = None
    jti: str | None = None


def read_claims(raw: Mapping[str, Any], token_type: str, issuer: TrustedIssuer, now: float) -> TokenClaims:
    """The claims of a token of an issuer, by its type. Raises TokenFault; also for one that is not good now."""
    try:
        claims = msgspec.convert(raw, _Registered)
    except msgspec.ValidationError:
        # The library's message may quote a value.
        raise TokenFault(_LACKING) from None
    client = raw.get(issuer.client_claim)
    names = (client, claims.sub, claims.jti)
    if token_type != ACCESS_TOKEN_TYPE:
        _must_be_access_token(raw)
        names = (client, client if claims.sub is None else claims.sub, claims.jti or "-")
    client, subject, token_id = (name_claim(each) for each in names)
    values = _values(raw, issuer)
    check_times(claims.exp, claims.iat, claims.nbf, now)
    return TokenClaims(
        client,
        subject,
        token_id,
        (claims.aud,) if isinstance(claims.aud, str) else claims.aud,
        claims.iat,
        claims.exp,
        issuer.scopes(values),
        "cnf" in raw,
        raw,
    )


def check_times(expires: float, issued_at: float | None, not_before: float | None, now: float) -> None:
    """Whether it is good now, as far as times say. Raises TokenFault."""
    if not now < expires <= _LATEST:
        raise TokenFault("it has expired")
    for each in (issued_at, not_before):
        if each is not None and not 0 <= each <= now + SKEW:
            raise TokenFault("it is not valid yet, or its times are none")


def accepted(claims: TokenClaims, issuer: TrustedIssuer, public_url: str) -> frozenset[str] | None:
    """For which resources (RFC 8707) of the gateway a token is; None for all of them. Raises TokenFault.

    The public URL itself stands for all; `<public URL><base path>` is one version of an API. Every comparison is
    exact: a slash more is another audience.
    """
    if issuer.audiences:
        if issuer.audiences.isdisjoint(claims.audiences):
            raise TokenFault(OTHER_AUDIENCE)
        return None
    if public_url in claims.audiences:
        return None
    mine = frozenset(each for each in claims.audiences if each.startswith(public_url + "/"))
    if not mine:
        raise TokenFault(OTHER_AUDIENCE)
    return mine


OTHER_AUDIENCE: Final = "it was issued for another audience"
_LACKING: Final = "it lacks a claim that an access token must have, or one has the wrong type"


def scope_values(value: object) -> frozenset[str]:
    """The scopes in a claim: text with spaces (RFC 6749 §3.3), or a list. Raises TokenFault."""
    values = value.split() if isinstance(value, str) else value
    if not isinstance(values, list):
        raise TokenFault(_LACKING)
    return frozenset(map(_encodable, values))


def name_claim(value: object) -> str:
    """A name in a claim: of the client, the subject or the token. Raises TokenFault."""
    if not 0 < len(text := _encodable(value)) <= _LONGEST:
        raise TokenFault(_LACKING)
    return text


def _values(raw: Mapping[str, Any], issuer: TrustedIssuer) -> frozenset[str]:
    found: set[str] = set()
    for name in issuer.scope_claims:
        if name in raw:
            if not issuer.external and not isinstance(raw[name], str):
                raise TokenFault(_LACKING)
            found |= scope_values(raw[name])
    return frozenset(found)


def _must_be_access_token(raw: Mapping[str, Any]) -> None:
    """RFC 8725 §3.12: where no type tells kinds of token apart, what is in them has to."""
    kind = raw.get("typ", "Bearer")
    if not _OTHER_KINDS.isdisjoint(raw) or not isinstance(kind, str) or kind.lower() not in _KEYCLOAK_KINDS:
        raise TokenFault("it is not an access token")


def _encodable(value: object) -> str:
    """Text, but for a lone surrogate, which no log and no store could take. Raises TokenFault."""
    if not isinstance(value, str):
        raise TokenFault(_LACKING)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise TokenFault(_LACKING) from None
    return value
