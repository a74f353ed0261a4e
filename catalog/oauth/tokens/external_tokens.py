"""Tokens of other issuers, as they are presented for exchange: JWTs, verified by keys that are fetched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from catalog.clock import Clock
from catalog.guarded_fetch import FetchError, GuardedFetch
from catalog.publishing.published import CurrentPublished
from contracts.access import Issuer
from contracts.public_keys import KeyFault, public_key
from policies.credentials.jose import JoseFault, SignedJwt, read_signed_jwt

MAXIMUM_BYTES: Final = 8192
SKEW: Final = 30.0
"""Seconds by which an issuer's clock may be ahead of ours."""
_LATEST: Final = 253402300799  # the year 9999; more is no date
_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
"""ID tokens often have no type. Those with one that says they are something else are that."""
_KEYS: Final = 64


class ExternalFault(Exception):
    """The token is not acceptable; the message says why and holds nothing of it."""


class IssuerSilentError(Exception):
    """The issuer's keys cannot be had now."""


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int | float
    iat: int | float | None = None
    nbf: int | float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ExternalToken:
    """A token that is its issuer's, holds now, and was issued for the audience that was asked for."""

    issuer: Issuer
    subject: str
    expires: float
    claims: Mapping[str, Any]

    @property
    def client(self) -> str:
        """The client that it was issued to, by the issuer's own claim; empty where it does not say."""
        name = "azp" if self.issuer.external is None else self.issuer.external.client_claim
        value = self.claims.get(name)
        return value if isinstance(value, str) else ""


class ExternalTokens:
    """Those of the issuers in force. `fetch` reaches what the estate names, wherever that is."""

    def __init__(self, current: CurrentPublished, fetch: GuardedFetch, clock: Clock) -> None:
        self._current = current
        self._fetch = fetch
        self._clock = clock

    def issuer_of(self, text: str) -> str:
        """The issuer that the token names, not believed yet. Raises ExternalFault."""
        return self._read(text)[1].iss

    async def verified(self, text: str, audience: str) -> ExternalToken:
        """The token, once its issuer's key has proved it. Raises ExternalFault, IssuerSilentError."""
        token, claims = self._read(text)
        published = self._current()
        issuers = () if published is None else published.issuers
        issuer = next((each for each in issuers if each.issuer == claims.iss), None)
        if issuer is None:
            raise ExternalFault("its issuer is not trusted")
        algorithm = token.header.get("alg")
        if algorithm not in issuer.algorithms:
            raise ExternalFault("its algorithm is not one that its issuer uses")
        await self._prove(token, str(algorithm), issuer)
        named = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
        if audience not in named:
            raise ExternalFault("it was issued for another audience")
        now = self._clock()
        if not now < claims.exp <= _LATEST:
            raise ExternalFault("it has expired")
        if max(claims.nbf or 0.0, claims.iat or 0.0) > now + SKEW:
            raise ExternalFault("it is not valid yet")
        if "cnf" in token.claims:
            # Whoever passes it on cannot show the key that it is bound to (RFC 9449 §7.2, RFC 8705 §3).
            raise ExternalFault("it is bound to a key")
        return ExternalToken(issuer, claims.sub, claims.exp, token.claims)

    def _read(self, text: str) -> tuple[SignedJwt, _Claims]:
        try:
            token = read_signed_jwt(text.encode(), MAXIMUM_BYTES)
            claims = msgspec.convert(token.claims, _Claims)
            for each in (claims.iss, claims.sub):
                each.encode()  # a lone surrogate, which no log and no store could take, ends it
        except JoseFault as fault:
            raise ExternalFault(str(fault)) from None
        except (msgspec.ValidationError, UnicodeEncodeError):
            raise ExternalFault("it lacks a claim, or one has the wrong type") from None
        kind = token.header.get("typ", "")
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise ExternalFault("it is of another type")
        if not claims.sub or len(claims.sub) > 255:
            raise ExternalFault("its subject is empty or too long")
        return token, claims

    async def _prove(self, token: SignedJwt, algorithm: str, issuer: Issuer) -> None:
        try:
            members = (await self._fetch(await self._keys_of(issuer))).get("keys")
        except FetchError as error:
            raise IssuerSilentError(str(error)) from None
        key_id = token.header.get("kid")
        for member in members[:_KEYS] if isinstance(members, list) else ():
            if not isinstance(member, dict) or (key_id is not None and member.get("kid") != key_id):
                continue
            try:
                key = public_key(member)
            except KeyFault:
                continue
            if key.verifies(token.signed, token.signature, algorithm):
                return
        raise ExternalFault("no key of its issuer verifies it")

    async def _keys_of(self, issuer: Issuer) -> str:
        """Where the keys are: as the estate says, else by the issuer's metadata. Raises FetchError."""
        if issuer.jwks_uri:
            return issuer.jwks_uri
        metadata = await self._fetch(issuer.issuer.rstrip("/") + "/.well-known/openid-configuration")
        uri = metadata.get("jwks_uri")
        # OpenID Connect Discovery §4.3: metadata that names another issuer is another's.
        if metadata.get("issuer") != issuer.issuer or not isinstance(uri, str):
            raise FetchError("its metadata are another issuer's")
        return uri
