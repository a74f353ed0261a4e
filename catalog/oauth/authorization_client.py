"""Applications as clients of the authorisation endpoint, and what may be asked for in their name."""

from catalog.oauth.authorization_request import AuthorizationClient, Resources
from catalog.oauth.client_settings import granted_scopes
from catalog.publishing.published import Published
from contracts.access import Application
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiVersion


def authorization_client(published: Published | None, client_id: str) -> AuthorizationClient | None:
    """The client of that id; None where there is none, where it is cut off, and where it asks nobody for codes."""
    application = None if published is None else published.applications.get(client_id)
    if application is None or published is None or published.cuts_off(application):
        return None
    settings = application.oauth or OAuthSettings()
    return _client(application, settings) if "authorization_code" in settings.grants else None


def _client(application: Application, settings: OAuthSettings) -> AuthorizationClient:
    return AuthorizationClient(
        client_id=application.client_id,
        name=application.name,
        consumer=application.consumer,
        public="none" in settings.auth_methods,
        redirect_uris=settings.redirect_uris,
        scopes=granted_scopes(application),
        pushed_only=settings.profile == "fapi-2",
    )


def opened_by(published: Published, client_id: str, scope: str) -> tuple[ApiVersion, ...]:
    """The versions of APIs in which the client was granted the scope."""
    subscriptions = published.applications[client_id].subscriptions
    names = {(each.api, each.version) for each in subscriptions if scope in each.scopes}
    return tuple(each for each in published.contracts.versions if (each.api, each.version) in names)


def known_resources(published: Published | None) -> Resources:
    """Whether resources (RFC 8707) are ours: the gateway as a whole, or an API's version, as RFC 9728 names it."""
    if published is None:
        return lambda resources: not resources
    audience = published.contracts.audience
    known = {audience, *(audience + each.base_path for each in published.contracts.versions)}
    return lambda resources: set(resources) <= known
