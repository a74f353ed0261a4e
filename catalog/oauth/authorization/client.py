"""Applications as clients of the authorisation endpoint, and what may be asked for in their name."""

from catalog.oauth.authorization.request import AuthorizationClient, Reach, Resources
from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.clients.settings import ClientSettings
from catalog.oauth.wire.errors import InvalidTarget
from catalog.publishing.published import Published
from contracts.operations import ApiVersion


def authorization_client(settings: ClientSettings) -> AuthorizationClient | None:
    """The client; None for one that asks nobody for codes."""
    if not settings.uses("authorization_code"):
        return None
    return AuthorizationClient(
        client_id=settings.client_id,
        name=settings.application.name,
        consumer=settings.application.consumer,
        public=settings.public,
        redirect_uris=settings.oauth.redirect_uris,
        pushed_only=settings.profile == "fapi-2",
    )


def resources_of(settings: ClientSettings, servers: ResourceServers) -> Resources:
    """What the client may ask for where."""

    def reach(resources: tuple[str, ...]) -> Reach | None:
        try:
            target, everywhere = servers.target(settings, resources), servers.target(settings, ())
        except InvalidTarget:
            return None
        # The gateway as a whole, which has a name too, is everywhere.
        named = () if target.audiences == everywhere.audiences else target.audiences
        return Reach(named, target.scopes)

    return reach


def opened_by(published: Published, client_id: str, scope: str) -> tuple[ApiVersion, ...]:
    """The versions of APIs in which the client was granted the scope."""
    subscriptions = published.applications[client_id].subscriptions
    names = {(each.api, each.version) for each in subscriptions if scope in each.scopes}
    return tuple(each for each in published.contracts.versions if (each.api, each.version) in names)
