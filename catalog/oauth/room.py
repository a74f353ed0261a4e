"""All that clients of the authorisation server meet, put together."""

from dataclasses import dataclass

from catalog.clock import Clock
from catalog.credentials.ledger import SecretLedger
from catalog.oauth.access_tokens import AccessTokens
from catalog.oauth.answering import Answering
from catalog.oauth.authorization_room import AuthorizationRoom
from catalog.oauth.binding import Binder
from catalog.oauth.client_authentication import ClientAuthenticator, FetchKeys
from catalog.oauth.client_connection import ClientCertificates
from catalog.oauth.client_credentials import ClientCredentials
from catalog.oauth.client_settings import Clients
from catalog.oauth.code_grants import CodeGrants
from catalog.oauth.dpop_nonces import DpopNonces
from catalog.oauth.resource_servers import ResourceServers
from catalog.oauth.signing_keys import SigningKeys
from catalog.oauth.token_endpoint import TokenEndpoint
from catalog.oauth.used_ids import UsedIds
from catalog.publishing.published import CurrentPublished
from catalog.storage.engine import Store


@dataclass(frozen=True, slots=True)
class OAuthRoom:
    """`authenticator` and `binder` are for every endpoint to which clients post, which `answering` makes."""

    issuer: str
    current: CurrentPublished
    certificates: ClientCertificates
    answering: Answering
    clients: Clients
    authenticator: ClientAuthenticator
    binder: Binder
    resources: ResourceServers
    used: UsedIds
    keys: SigningKeys
    token: TokenEndpoint


def oauth_room(
    issuer: str,
    store: Store,
    pepper: bytes,
    keys: SigningKeys,
    lifetime: int,
    current: CurrentPublished,
    ledger: SecretLedger,
    authorization: AuthorizationRoom,
    certificates: ClientCertificates,
    fetch: FetchKeys,
    clock: Clock,
) -> OAuthRoom:
    """Over a store that was migrated; access tokens live `lifetime` seconds."""
    clients, used = Clients(current), UsedIds(store, clock)
    authenticator = ClientAuthenticator(issuer, clients, ledger, used, fetch, clock)
    binder = Binder(used, DpopNonces(pepper, clock), clock)
    resources = ResourceServers(current)
    people = CodeGrants(authorization.codes, authorization.refreshing, resources)
    token = TokenEndpoint(
        issuer,
        authenticator,
        binder,
        AccessTokens(issuer, keys, lifetime, clock),
        {
            "client_credentials": ClientCredentials(resources),
            "authorization_code": people.code,
            "refresh_token": people.refresh,
        },
    )
    return OAuthRoom(
        issuer,
        current,
        certificates,
        Answering(current, certificates),
        clients,
        authenticator,
        binder,
        resources,
        used,
        keys,
        token,
    )
