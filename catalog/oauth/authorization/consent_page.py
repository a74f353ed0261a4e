"""The page on which a member is asked: who wants what, in whose name, and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from catalog.clock import moment
from catalog.login.session import Session
from catalog.oauth.authorization.client import opened_by
from catalog.oauth.authorization.request import AuthorizationRequest
from catalog.oauth.wire.redirects import form_target, is_claimed
from catalog.pages.pages import Pages
from catalog.publishing.published import CurrentPublished, Published


@dataclass(frozen=True, slots=True)
class Opened:
    """What a scope opens: an API's version, and its operations as `GET /orders`."""

    title: str
    version: str
    operations: tuple[str, ...]


class ConsentPage:
    """Renders it. `consumer_title` gives the name of a partner organisation by its key."""

    def __init__(self, pages: Pages, current: CurrentPublished, consumer_title: Callable[[str], str]) -> None:
        self._pages = pages
        self._current = current
        self._consumer_title = consumer_title

    def show(self, request: AuthorizationRequest, session: Session, query: str, until: int) -> Response:
        """The page. `query` says the request once more when the form is sent, `until` is in Unix seconds."""
        published = self._current()
        client = request.client
        parts = urlsplit(request.redirect_uri)
        return self._pages.page(
            "consent.html",
            form_targets=(form_target(request.redirect_uri),),
            session=session,
            client=client,
            consumer=self._consumer_title(client.consumer),
            scopes=[
                (scope, () if published is None else _opened(published, client.client_id, scope))
                for scope in request.scopes
            ],
            resources=request.resources,
            place=parts.netloc or f"{parts.scheme}:",
            claimed=is_claimed(request.redirect_uri),
            until=moment(until),
            query=query,
        )


def _opened(published: Published, client_id: str, scope: str) -> tuple[Opened, ...]:
    return tuple(
        Opened(
            version.title,
            version.version,
            tuple(
                f"{each.method} {version.base_path}{each.path}"
                for each in version.operations
                if any(scope in alternative for alternative in each.scopes)
            ),
        )
        for version in opened_by(published, client_id, scope)
    )
