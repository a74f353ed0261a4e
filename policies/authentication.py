"""Authentication by bearer access token (RFC 6750), with the challenge that RFC 9728 describes.

Who has verified a token before is recognised by a look-up. A token at first sight is read, its issuer's key
found by (issuer, key id), and verified; where the key is not known yet, the stage waits for the key source.
An issuer that cannot be reached is an outage (503) and never the client's fault (401).
"""

import re
from collections.abc import Awaitable
from functools import lru_cache
from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.access_token import TokenFault, UnverifiedToken, read, verify
from policies.api_key import ApiKeyCheck
from policies.exchange import Exchange, Principal
from policies.ports import IssuerUnavailableError, Ports
from policies.uris import field_uri
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "authentication"

RETRY_AFTER: Final = 10
"""Seconds, when an issuer's keys cannot be had: as often as they are asked for."""

# RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1). Two joined fields have a comma and do not match.
_BEARER: Final = re.compile(rb"bearer +([A-Za-z0-9\-._~+/]+=*)\Z", re.IGNORECASE)
_IS_BEARER: Final = re.compile(rb"bearer(?: |\Z)", re.IGNORECASE)


def resource_metadata(audience: str, version: ApiVersion) -> str:
    """The `resource_metadata` parameter of a challenge: RFC 9728 §3.1 puts the well-known part before the path."""
    return _metadata(audience, version.base_path)


@lru_cache(maxsize=4096)  # one text for all operations of a version
def _metadata(audience: str, base_path: str) -> str:
    scheme, _, rest = audience.partition("://")
    authority, slash, path = rest.partition("/")
    well_known = f"{scheme}://{authority}/.well-known/oauth-protected-resource"
    uri = field_uri(f"{well_known}{slash}{path}{base_path}")
    return f'resource_metadata="{uri}"'


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a public operation: a token that nobody asked for is not looked at."""
    if operation.public:
        return None
    tokens = Authentication(resource_metadata(ports.audience, version), ports).check
    if operation.api_key is None:
        return tokens
    # Where the contract names keys alone, a token is not looked at.
    name = (version.api, version.version)
    return ApiKeyCheck(operation.api_key.header, name, ports, tokens if operation.scopes else None).check


class Authentication:
    """Sets `exchange.principal`."""

    __slots__ = ("_access", "_audience", "_clock", "_keys", "_metadata", "_tokens")

    def __init__(self, metadata: str, ports: Ports) -> None:
        self._metadata = metadata
        self._clock = ports.clock
        self._access = ports.access
        self._keys = ports.keys
        self._tokens = ports.tokens
        self._audience = ports.audience

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        credentials = exchange.fields.get(b"authorization")
        if credentials is None:
            return self._missing()
        generation, now, kept = self._access.generation, self._clock(), exchange.kept
        if kept is not None and kept.mark is self._tokens.mark and kept.generation == generation:
            principal = kept.principal
            if principal is not None and principal.expires > now:
                exchange.principal = principal
                return ALLOW
        principal = self._tokens.get(credentials, generation, now)
        if principal is not None:
            exchange.principal = principal
            if kept is not None:
                kept.principal, kept.generation, kept.mark = principal, generation, self._tokens.mark
            return ALLOW
        return self._first_sight(exchange, credentials)

    def _first_sight(self, exchange: Exchange, credentials: bytes) -> Verdict | Awaitable[Verdict]:
        match = _BEARER.match(credentials)
        if match is None:
            # Another scheme is no attempt at ours.
            return self._invalid("it is not one token") if _IS_BEARER.match(credentials) else self._missing()
        try:
            token = read(match[1])
            if self._keys.algorithms(token.issuer) is None:
                raise TokenFault("its issuer is not trusted")
            key = self._keys.find(token.issuer, token.key_id)
            if key is None:
                return self._after_fetch(exchange, credentials, token)
            return self._verify(exchange, credentials, token, key)
        except TokenFault as fault:
            return self._invalid(str(fault))

    async def _after_fetch(self, exchange: Exchange, credentials: bytes, token: UnverifiedToken) -> Verdict:
        try:
            key = await self._keys.fetch(token.issuer, token.key_id)
            if key is None:
                raise TokenFault("its issuer has no such key")
            return self._verify(exchange, credentials, token, key)
        except IssuerUnavailableError:
            return Deny(
                POLICY,
                problem(
                    "issuer-unavailable",
                    "The keys of the token's issuer cannot be fetched now; try again.",
                    headers=(("retry-after", str(RETRY_AFTER)),),
                ),
            )
        except TokenFault as fault:
            return self._invalid(str(fault))

    def _verify(self, exchange: Exchange, credentials: bytes, token: UnverifiedToken, key: object) -> Verdict:
        """Runs without a wait from the look-ups to the end, so that no swap comes between them."""
        generation, now = self._access.generation, self._clock()
        verify(token, key, self._keys.algorithms(token.issuer) or (), self._audience, now)
        claims = token.typed
        application = self._access.applications.get(claims.client_id)
        if application is None:
            raise TokenFault("its client is not known")
        if self._access.revocations.ends(application, claims.iat, token.claims):
            raise TokenFault("it was revoked")
        principal = Principal(
            issuer=claims.iss,
            client_id=claims.client_id,
            subject=claims.sub,
            consumer=application.consumer,
            scopes=frozenset(claims.scope.split()),
            expires=claims.exp,
            token_id=claims.jti,
            claims=token.claims,
        )
        self._tokens.put(credentials, generation, principal)
        exchange.principal = principal
        return ALLOW

    def _missing(self) -> Deny:
        # RFC 6750 §3.1: a request that carries no credentials gets no error code.
        return self._deny(
            "credentials-missing",
            "Send an access token in the Authorization field, as `Bearer`; one in the query is not read.",
            f"Bearer {self._metadata}",
        )

    def _invalid(self, reason: str) -> Deny:
        return self._deny(
            "token-invalid",
            f"The access token is not accepted: {reason}.",
            f'Bearer error="invalid_token", {self._metadata}',
        )

    @staticmethod
    def _deny(problem_id: str, detail: str, challenge: str) -> Deny:
        return Deny(POLICY, problem(problem_id, detail, headers=(("www-authenticate", challenge),)))
