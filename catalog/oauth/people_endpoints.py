"""The endpoints of which people are part, as clients find them: their routes, and what the metadata calls them
(RFC 8414 §2, RFC 9126 §5, RFC 7591 §3)."""

from starlette.routing import Route

from catalog.oauth.authorization.room import AuthorizationRoom
from catalog.oauth.pushed_endpoint import PUSHED_PATH, PushedEndpoint
from catalog.oauth.registration.room import RegistrationRoom
from catalog.oauth.room import OAuthRoom


def people_endpoints(
    room: OAuthRoom, authorization: AuthorizationRoom, registration: RegistrationRoom
) -> tuple[tuple[Route, ...], dict[str, str]]:
    """Routes for clients, and their URLs by the names of the metadata."""
    pushing = PushedEndpoint(room, authorization.pushed)
    routes = (
        Route(PUSHED_PATH, room.answering.endpoint(pushing.answer, 201), methods=["POST"]),
        *registration.routes,
    )
    urls = {
        "pushed_authorization_request_endpoint": pushing.url,
        "registration_endpoint": registration.endpoint_url,
    }
    return routes, urls
