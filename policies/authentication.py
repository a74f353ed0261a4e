"""Authentication by bearer access token (RFC 6750), with the challenge that RFC 9728 describes.

Who has verified a token before is recognised by a look-up. A token at first sight is read, its issuer's key
found by (issuer, key id), and verified; where the key is not known yet, the stage waits for the key source. An
issuer is asked about a token of its that is no JWT. One that cannot be reached is an outage (503) and never the
client's fault (401).

Most tokens are for all of the gateway. One that is for some APIs alone (RFC 8707) opens no other, however often it
was verified.
"""

import re
from collections.abc import Awaitable
from functools import lru_cache
from typing import Final

from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import problem
from contracts.public_keys import PublicKey
from contracts.snapshot import Application
from policies.credentials.access_token import UnverifiedToken, admit, read, verify
from policies.credentials.api_key import ApiKeyCheck
from policies.credentials.attempts import Attempts
from policies.credentials.confirmation import binding_of
from policies.credentials.http_signature import SignatureCheck
from policies.credentials.revocation import OUR_CLAIMS
from policies.credentials.token_claims import OTHER_AUDIENCE, TokenClaims, TokenFault, accepted
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.exchange import Exchange, Principal
from policies.ports import IssuerUnavailableError, Ports
from policies.rpc.password import PasswordLogin
from policies.uris import field_uri
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "authentication"

RETRY_AFTER: Final = 10
"""Seconds, when an issuer cannot be reached: as often as its keys are asked for."""

# RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1). Two joined fields have a comma and do not match.
_TOKEN: Final = re.compile(rb"(?:bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)\Z", re.IGNORECASE)
_IS_OURS: Final = re.compile(rb"(?:bearer|dpop)(?: |\Z)", re.IGNORECASE)

_NO_BEARER: Final = "it is bound to a key and was presented as a bearer token"
_NOT_BOUND: Final = "it is not bound to the key of a DPoP proof"


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
    """None for a public operation: a token that nobody asked for is not looked at. At the routes of Odoo's RPC
    those who try credentials out are slowed down."""
    if operation.public:
        return None
    stage = _stage(version, operation, ports)
    if not isinstance(operation.backend, OdooBackend) or operation.backend.action != "rpc":
        return stage
    header = None if operation.api_key is None else operation.api_key.header.encode("ascii")
    stage = Attempts(stage, POLICY, header, ports).check
    if not by_password(operation):
        return stage
    assert operation.backend.dialect is not None
    assert operation.backend.guard is not None
    return PasswordLogin(stage, POLICY, header, operation.backend.dialect, operation.backend.guard).check


def by_password(operation: Operation) -> bool:
    """Whether the credential may be in the request's body, which then has to be there first."""
    backend = operation.backend
    if operation.public or not isinstance(backend, OdooBackend) or backend.guard is None:
        return False
    return backend.guard.password and backend.dialect not in (None, "json2")


def _stage(version: ApiVersion, operation: Operation, ports: Ports) -> Stage:
    tokens = Authentication(version, ports).check
    if operation.api_key is None:
        return tokens
    # Where the contract names keys alone, a token is not looked at.
    name = (version.api, version.version)
    others = tokens if operation.scopes else None
    if operation.api_key.signed:
        return SignatureCheck(name, ports, others).check
    return ApiKeyCheck(operation.api_key.header, name, ports, others).check


class Authentication:
    """Sets `exchange.principal`."""

    __slots__ = (
        "_access",
        "_audience",
        "_clock",
        "_keys",
        "_mark",
        "_metadata",
        "_resource",
        "_tokens",
        "_witness",
    )

    def __init__(self, version: ApiVersion, ports: Ports) -> None:
        self._metadata = resource_metadata(ports.audience, version)
        self._resource = ports.audience + version.base_path
        self._clock = ports.clock
        self._access = ports.access
        self._keys = ports.keys
        self._witness = ports.witness
        self._tokens = ports.tokens
        self._audience = ports.audience
        self._mark = object()
        """Of what is kept by this operation alone: a token that is not for all of the gateway."""

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        credentials = exchange.fields.get(b"authorization")
        if credentials is None:
            return self._missing()
        generation, now, kept = self._access.generation, self._clock(), exchange.kept
        if (
            kept is not None
            and (kept.mark is self._tokens.mark or kept.mark is self._mark)
            and kept.generation == generation
        ):
            principal = kept.principal
            if principal is not None and principal.expires > now:
                exchange.principal = principal
                return ALLOW
        principal = self._tokens.get(credentials, generation, now)
        if principal is None:
            return self._first_sight(exchange, credentials)
        if principal.resources is not None and self._resource not in principal.resources:
            return self._invalid(OTHER_AUDIENCE, credentials)
        exchange.principal = principal
        if kept is not None:
            kept.principal, kept.generation = principal, generation
            kept.mark = self._tokens.mark if principal.resources is None else self._mark
        return ALLOW

    def _first_sight(self, exchange: Exchange, credentials: bytes) -> Verdict | Awaitable[Verdict]:
        match = _TOKEN.match(credentials)
        if match is None:
            # Another scheme is no attempt at ours.
            return (
                self._invalid("it is not one token", credentials)
                if _IS_OURS.match(credentials)
                else self._missing()
            )
        asked = self._witness.issuer_of(match[1])
        if asked is not None:
            return self._after_asking(exchange, credentials, match[1], asked)
        try:
            token = read(match[1])
            admit(token, self._issuer(token.issuer))
            if self._access.revocations.has_withdrawn(token.issuer, token.key_id):
                raise TokenFault("the key that signed it was withdrawn")
            key = self._keys.find(token.issuer, token.key_id)
            if key is None:
                return self._after_fetch(exchange, credentials, token)
            return self._verify(exchange, credentials, token, key)
        except TokenFault as fault:
            return self._invalid(str(fault), credentials)

    async def _after_fetch(self, exchange: Exchange, credentials: bytes, token: UnverifiedToken) -> Verdict:
        try:
            key = await self._keys.fetch(token.issuer, token.key_id)
            if key is None:
                raise TokenFault("its issuer has no such key")
            return self._verify(exchange, credentials, token, key)
        except IssuerUnavailableError:
            return _unavailable("The keys of the token's issuer cannot be fetched now; try again.")
        except TokenFault as fault:
            return self._invalid(str(fault), credentials)

    async def _after_asking(self, exchange: Exchange, credentials: bytes, token: bytes, asked: str) -> Verdict:
        try:
            while True:
                generation = self._access.generation
                claims = await self._witness.ask(asked, token)
                if self._access.generation == generation:
                    return self._accept(exchange, credentials, claims, self._issuer(asked))
                # How the issuer's answers are read may have changed meanwhile.
        except IssuerUnavailableError:
            return _unavailable("The token's issuer cannot be asked about it now; try again.")
        except TokenFault as fault:
            return self._invalid(str(fault), credentials)

    def _verify(self, exchange: Exchange, credentials: bytes, token: UnverifiedToken, key: PublicKey) -> Verdict:
        """Runs without a wait from the look-ups to the end, so that no swap comes between them."""
        issuer = self._issuer(token.issuer)
        claims = verify(token, key, issuer, self._clock())
        return self._accept(exchange, credentials, claims, issuer)

    def _accept(
        self, exchange: Exchange, credentials: bytes, claims: TokenClaims, issuer: TrustedIssuer
    ) -> Verdict:
        """What is claimed is true: whether it opens anything here. Raises TokenFault."""
        resources = accepted(claims, issuer, self._audience)
        binding = binding_of(claims.raw) if claims.bound else None
        if _by_proof(credentials) != (binding is not None and binding.kind == "dpop"):
            # RFC 9449 §7.1, §7.2: a token that is bound to a key is worth nothing without proof of it, and a proof
            # proves nothing of another.
            raise TokenFault(_NO_BEARER if binding is not None and binding.kind == "dpop" else _NOT_BOUND)
        application = self._application(claims, issuer)
        if application is None:
            raise TokenFault("its client is not known")
        constraint = "none" if application.oauth is None else application.oauth.constraint
        if constraint != "none" and (binding is None or constraint not in (binding.kind, "any")):
            raise TokenFault("its application calls with tokens that are bound to a key or a certificate")
        raw = claims.raw
        if issuer.external:
            # What our own tokens say by these names, another issuer cannot say.
            raw = {name: value for name, value in raw.items() if name not in OUR_CLAIMS}
        if self._access.revocations.ends(application, claims.issued_at, raw):
            raise TokenFault("it was revoked")
        principal = Principal(
            issuer=issuer.name,
            client_id=application.client_id,
            subject=claims.subject,
            consumer=application.consumer,
            scopes=claims.scopes,
            expires=claims.expires,
            token_id=claims.token_id,
            claims=raw,
            resources=resources,
            binding=binding,
        )
        self._tokens.put(credentials, self._access.generation, principal)
        if resources is not None and self._resource not in resources:
            raise TokenFault(OTHER_AUDIENCE)
        exchange.principal = principal
        return ALLOW

    def _issuer(self, name: str) -> TrustedIssuer:
        """Raises TokenFault."""
        issuer = self._keys.trusted(name)
        if issuer is None:
            raise TokenFault("its issuer is not trusted")
        return issuer

    def _application(self, claims: TokenClaims, issuer: TrustedIssuer) -> Application | None:
        if issuer.external:
            return self._access.identities.get((issuer.name, claims.client))
        return self._access.applications.get(claims.client)

    def _missing(self) -> Deny:
        # RFC 6750 §3.1: a request that carries no credentials gets no error code.
        return self._deny(
            "credentials-missing",
            "Send an access token in the Authorization field, as `Bearer`; one in the query is not read.",
            f"Bearer {self._metadata}",
        )

    def _invalid(self, reason: str, credentials: bytes) -> Deny:
        scheme = "DPoP" if _by_proof(credentials) else "Bearer"
        return self._deny(
            "token-invalid",
            f"The access token is not accepted: {reason}.",
            f'{scheme} error="invalid_token", {self._metadata}',
        )

    @staticmethod
    def _deny(problem_id: str, detail: str, challenge: str) -> Deny:
        return Deny(POLICY, problem(problem_id, detail, headers=(("www-authenticate", challenge),)))


def _by_proof(credentials: bytes) -> bool:
    return credentials[:4].lower() == b"dpop"


def _unavailable(detail: str) -> Deny:
    return Deny(POLICY, problem("issuer-unavailable", detail, headers=(("retry-after", str(RETRY_AFTER)),)))
