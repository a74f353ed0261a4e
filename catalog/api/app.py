"""The catalog as an ASGI application."""

from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from catalog.api.admin.routing import AdminApi
from catalog.api.delivery import Delivery, GatewayToken
from catalog.api.health import Health
from catalog.api.middleware import RequestContext
from catalog.api.problems import on_http_exception, on_store_error
from catalog.oauth.endpoints import OAuthEndpoints
from catalog.publication import Publisher
from catalog.publishing.followers import Followers
from catalog.publishing.preview import Previews
from catalog.storage.snapshots import SnapshotTable


def build_app(
    publisher: Publisher,
    table: SnapshotTable,
    oauth: OAuthEndpoints,
    token: GatewayToken,
    previews: Previews,
    followers: Followers,
    gateways: Iterable[BaseRoute],
    admin: AdminApi,
    people: Iterable[BaseRoute],
) -> Starlette:
    """All endpoints; `gateways` are for those alone, `people` are the pages. What runs beside them (watching,
    housekeeping) is the process's business."""
    app = Starlette(
        routes=[
            *oauth.routes,
            *Delivery(publisher, table, token, previews, followers).routes,
            *gateways,
            *Health(publisher, token).routes,
            *people,
            Mount(admin.base_path, admin),
        ],
        middleware=[Middleware(RequestContext)],
        exception_handlers={HTTPException: on_http_exception, SQLAlchemyError: on_store_error},
    )
    # A redirect to the path without the slash would turn a POST with credentials into a second one.
    app.router.redirect_slashes = False
    return app
