"""All that clients of the authorisation server meet, put together."""

from dataclasses import dataclass

from catalog.clock import Clock
from catalog.credentials.ledger import SecretLedger
from catalog.guarded_fetch import GuardedFetch
from catalog.oauth.authorization.room import AuthorizationRoom
from catalog.oauth.clients.answering import Answering
from catalog.oauth.clients.authentication import ClientAuthenticator
from catalog.oauth.clients.connection import ClientCertificates
from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.clients.settings import Clients
from catalog.oauth.keys.signing_keys import SigningKeys
from catalog.oauth.policy import OAuthPolicy
from catalog.oauth.tokens.access_tokens import AccessTokens
from catalog.oauth.tokens.binding import Binder
from catalog.oauth.tokens.client_credentials import ClientCredentials
from catalog.oauth.tokens.code_grants import CodeGrants
from catalog.oauth.tokens.endpoint import TokenEndpoint
from catalog.oauth.tokens.exchange import TokenExchange
from catalog.oauth.tokens.external_tokens import ExternalTokens
from catalog.oauth.tokens.introspection import Introspection
from catalog.oauth.tokens.own_tokens import OwnTokens
from catalog.oauth.tokens.revocation import TokenRevocation
from catalog.oauth.wire.used_ids import UsedIds
from catalog.publication import Publisher
from catalog.publishing.published import Published
from contracts.oauth_client import TOKEN_EXCHANGE
from policies.credentials.dpop_nonces import DpopNonces


@dataclass(frozen=True, slots=True)
class OAuthRoom:
    """`authenticator` and `binder` are for every endpoint to which clients post, which `answering` makes."""

    issuer: str
    publisher: Publisher
    certificates: ClientCertificates
    fetches: tuple[GuardedFetch, ...]
    answering: Answering
    clients: Clients
    authenticator: ClientAuthenticator
    binder: Binder
    resources: ResourceServers
    used: UsedIds
    keys: SigningKeys
    token: TokenEndpoint
    revocation: TokenRevocation
    introspection: Introspection

    async def close(self) -> None:
        """Closes connections to those whose keys are fetched."""
        for each in self.fetches:
            await each.close()


def oauth_room(
    issuer: str,
    pepper: bytes,
    gateway_token: str,
    lifetime: int,
    policy: OAuthPolicy,
    keys: SigningKeys,
    ledger: SecretLedger,
    authorization: AuthorizationRoom,
    publisher: Publisher,
    clock: Clock,
) -> OAuthRoom:
    """Over a store that was migrated; access tokens live `lifetime` seconds."""

    def current() -> Published | None:
        return publisher.current

    # Who asks.
    certificates = ClientCertificates(policy.terminators, listened=policy.asks_certificates)
    fetch, company = GuardedFetch(clock, loopback=policy.loopback), GuardedFetch(clock, anywhere=True)
    clients, used = Clients(current), UsedIds(publisher.store, clock)
    authenticator = ClientAuthenticator(issuer, clients, ledger, used, fetch, clock)
    binder = Binder(used, DpopNonces(pepper, clock), clock)

    # What they get.
    resources = ResourceServers(current)
    tokens = AccessTokens(issuer, keys, lifetime, clock, current)
    people = CodeGrants(authorization.codes, authorization.refreshing, resources)
    token = TokenEndpoint(
        issuer,
        authenticator,
        binder,
        tokens,
        {
            "client_credentials": ClientCredentials(resources),
            "authorization_code": people.code,
            "refresh_token": people.refresh,
            TOKEN_EXCHANGE: TokenExchange(ExternalTokens(current, company, clock), resources),
        },
    )

    # What becomes of it.
    own = OwnTokens(issuer, keys, current, clock)
    refreshing = authorization.refreshing
    return OAuthRoom(
        issuer=issuer,
        publisher=publisher,
        certificates=certificates,
        fetches=(fetch, company),
        answering=Answering(current, certificates),
        clients=clients,
        authenticator=authenticator,
        binder=binder,
        resources=resources,
        used=used,
        keys=keys,
        token=token,
        revocation=TokenRevocation(
            issuer, authenticator, own, refreshing, publisher.republish, publisher.audit, clock
        ),
        introspection=Introspection(issuer, authenticator, own, refreshing, gateway_token),
    )
