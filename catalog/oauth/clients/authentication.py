"""Client authentication (RFC 6749 §2.3, RFC 7523, RFC 8705): exactly one method, and the one that is registered.

A client that does not exist, a wrong secret and a method that is not the client's have one answer. What differs
stands in the log alone, without what was presented.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from catalog.clock import Clock
from catalog.credentials.ledger import SecretLedger
from catalog.guarded_fetch import FetchError
from catalog.oauth.clients.assertion import SKEW, Assertion, AssertionFault, keys_for, read_assertion
from catalog.oauth.clients.certificate import proves_self_signed, proves_subject
from catalog.oauth.clients.presented import Presented, presented
from catalog.oauth.clients.settings import Clients, ClientSettings
from catalog.oauth.wire.errors import InvalidClient
from catalog.oauth.wire.request import FormRequest
from catalog.oauth.wire.used_ids import UsedIds
from contracts.client_certificates import thumbprint
from contracts.oauth_client import AuthMethod
from contracts.public_keys import PublicKey

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 (a path)

log = structlog.get_logger("catalog.oauth")

FetchKeys = Callable[[str], Awaitable[Mapping[str, Any]]]
"""The JWK set at a client's `jwks-uri`. Raises FetchError."""


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved who it is, as far as it can. `credential` is the public id of what proved it: a
    secret's key id, a key's thumbprint (RFC 7638), a certificate's (`x5t#S256`); empty for a public client."""

    settings: ClientSettings
    method: AuthMethod
    credential: str


class ClientAuthenticator:
    """Authenticates clients at one issuer."""

    def __init__(
        self,
        issuer: str,
        clients: Clients,
        ledger: SecretLedger,
        used: UsedIds,
        fetch: FetchKeys,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._token_url = issuer + TOKEN_PATH
        self._clients = clients
        self._ledger = ledger
        self._used = used
        self._fetch = fetch
        self._clock = clock

    async def authenticate(self, request: FormRequest, endpoint: str) -> AuthenticatedClient:
        """The client of a request at the endpoint's URL. Raises InvalidRequest, InvalidClient, SQLAlchemyError."""
        given = presented(request)
        if given.method == "private_key_jwt":
            return await self._by_assertion(given, endpoint)
        client = self._clients.find(given.client_id)
        if given.method is not None:
            return await self._by_secret(given, given.method, client)
        if client is None:
            raise _refused("none", "no such client")
        if client.public:
            return AuthenticatedClient(client, "none", "")
        return self._by_certificate(client, request.certificate)

    async def _by_secret(
        self, given: Presented, method: AuthMethod, client: ClientSettings | None
    ) -> AuthenticatedClient:
        # Looked up whether there is such a client or not, so that the time tells nothing.
        credential = await self._ledger.verify(given.client_id, given.proof)
        if client is None or credential is None:
            raise _refused(method, "unknown client or secret")
        if not client.authenticates_by(method):
            raise _refused(method, "not the client's method")
        return AuthenticatedClient(client.limited_to(credential.scopes), method, credential.key_id)

    def _by_certificate(self, client: ClientSettings, certificate: bytes | None) -> AuthenticatedClient:
        if certificate is None:
            raise _refused("none", "neither a secret nor a certificate")
        now, name = self._clock(), thumbprint(certificate)
        ways: tuple[tuple[AuthMethod, Callable[..., bool]], ...] = (
            ("self_signed_tls_client_auth", proves_self_signed),
            ("tls_client_auth", proves_subject),
        )
        for method, proves in ways:
            if client.authenticates_by(method) and proves(certificate, client.oauth, now):
                if self._clients.has_withdrawn(name):
                    raise _refused(method, "the certificate was revoked")
                return AuthenticatedClient(client, method, name)
        raise _refused("tls", "the certificate is not the client's")

    async def _by_assertion(self, given: Presented, endpoint: str) -> AuthenticatedClient:
        try:
            assertion = read_assertion(given.proof)
            # RFC 7521 §4.2: the parameter is not needed, and where it is there it names the same client.
            if given.client_id not in ("", assertion.client_id):
                raise AssertionFault("client_id names another client")
            client = self._clients.find(assertion.client_id)
            if client is None or not client.authenticates_by("private_key_jwt"):
                raise AssertionFault("no client of that name has this method")
            now = self._clock()
            # RFC 9126 §2: each of the three, at whichever endpoint.
            assertion.check((self._issuer, self._token_url, endpoint), client.profile, now)
            key = assertion.verified_by(await self._keys(client, assertion))
            if self._clients.has_withdrawn(key.thumbprint):
                raise AssertionFault("its key was revoked")
            until = assertion.expires + SKEW
            if not await self._used.spend("client-assertion", client.client_id, assertion.jti, until=until):
                raise AssertionFault("it was used before")
        except AssertionFault as fault:
            raise _refused("private_key_jwt", str(fault)) from None
        return AuthenticatedClient(client, "private_key_jwt", key.thumbprint)

    async def _keys(self, client: ClientSettings, assertion: Assertion) -> tuple[PublicKey, ...]:
        if client.oauth.jwks is not None:
            return keys_for(assertion, client.oauth.jwks)
        try:
            return keys_for(assertion, await self._fetch(client.oauth.jwks_uri))
        except FetchError as error:
            raise AssertionFault(f"its client's keys cannot be fetched: {error}") from None


def _refused(method: str, reason: str) -> InvalidClient:
    # The client id is not logged: what a stranger sends there may be anything, even a secret.
    log.warning("client authentication failed", method=method, reason=reason)
    return InvalidClient()
