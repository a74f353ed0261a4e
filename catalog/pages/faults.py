"""What people see when the store is down: a page that says so, and not a document for programs."""

from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.problems import store_unavailable
from catalog.pages.pages import Pages

Handler = Callable[[Request], Awaitable[Response]]


def as_pages(routes: Iterable[Route], pages: Pages) -> tuple[Route, ...]:
    """The same routes, whose outages are pages."""
    return tuple(
        Route(each.path, _told(each.endpoint, pages), methods=sorted(each.methods or ())) for each in routes
    )


def _told(handler: Handler, pages: Pages) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except SQLAlchemyError as error:
            return pages.refusal(request, store_unavailable(error))

    return handle
