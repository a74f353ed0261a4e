"""The authorisation endpoint (RFC 6749 §3.1): people come here from an application, and go back to it.

It is no endpoint for scripts of other origins: nothing here answers CORS (RFC 9700 §2.6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from catalog.login import cookies
from catalog.login.returning import login_redirect
from catalog.login.session import Session
from catalog.login.sessions import Sessions
from catalog.oauth.authorization.authorizing import OVER, Answer, Authorizing
from catalog.oauth.authorization.client import authorization_client, resources_of
from catalog.oauth.authorization.consent_page import ConsentPage
from catalog.oauth.authorization.pushed_requests import PushedRequests
from catalog.oauth.authorization.request import (
    AuthorizationRequest,
    Refused,
    Untold,
    check,
)
from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.clients.settings import Clients
from catalog.oauth.wire.parameters import LONGEST, ParameterFault, Parameters, read_parameters
from catalog.pages.forms import FORGED, Form, read_form, refuse_forged
from catalog.pages.pages import Pages
from catalog.publishing.published import CurrentPublished
from contracts.problems import problem

AUTHORIZE_PATH: Final = "/oauth/authorize"
DECISION_PATH: Final = "/oauth/authorize/decision"
COOKIE: Final = "__Host-ostiary-request"
"""By which a pushed request stays with the browser that came with it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request in a browser: what it said, as a query; its URI and when it was opened, where it was pushed."""

    request: AuthorizationRequest | Refused
    query: str
    request_uri: str | None = None
    opened_at: int | None = None
    cookie: str = ""


class AuthorizationEndpoint:
    """Serves both pages of it: the request, and the person's decision."""

    def __init__(
        self,
        current: CurrentPublished,
        servers: ResourceServers,
        sessions: Sessions,
        pages: Pages,
        pushed: PushedRequests,
        authorizing: Authorizing,
        consumer_title: Callable[[str], str],
    ) -> None:
        self._clients = Clients(current)
        self._servers = servers
        self._sessions = sessions
        self._pages = pages
        self._pushed = pushed
        self._authorizing = authorizing
        self._consent = ConsentPage(pages, current, consumer_title)
        self.routes = [
            Route(AUTHORIZE_PATH, self.authorize, methods=["GET"]),
            Route(DECISION_PATH, self.decide, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """RFC 6749 §4.1.1."""
        if request.method == "HEAD":
            # Whatever looks at links before people do shall not use up a request, and gets no code.
            return Response(headers={"cache-control": "no-store"})
        asked = await self._asked(request, request.scope["query_string"])
        response = self._untold(request, asked) if isinstance(asked, Untold) else await self._put(request, asked)
        if isinstance(asked, _Asked) and asked.cookie:
            cookies.put(response, COOKIE, asked.cookie)
        return response

    async def decide(self, request: Request) -> Response:
        """What the person said on the page."""
        form = await read_form(request)
        if not isinstance(form, Form):
            return self._pages.refusal(request, form)
        session = await self._sessions.of(request)
        if session is None:
            return self._pages.refusal(request, FORGED)
        refusal = refuse_forged(request, form, self._pages.origin, session.csrf_token)
        if refusal is not None:
            return self._pages.refusal(request, refusal)
        asked = await self._asked(request, form.secret("request").encode())
        if isinstance(asked, Untold):
            return self._untold(request, asked)
        if isinstance(asked.request, Refused):
            return self._go(request, await self._authorizing.refuse(asked.request, asked.request_uri))
        if form.text("decision") != "allow":
            denied = _refused(asked.request, "access_denied", "The member did not allow it.")
            return self._go(request, await self._authorizing.refuse(denied, asked.request_uri))
        identity = request.state.request_id
        return self._go(
            request, await self._authorizing.allow(asked.request, session, asked.request_uri, identity)
        )

    async def _asked(self, request: Request, query: bytes) -> _Asked | Untold:
        """The request itself: of the query, or pushed before."""
        try:
            given = read_parameters(query)
        except ParameterFault as fault:
            return Untold(str(fault))
        client_id, request_uri = given.one("client_id"), given.one("request_uri")
        settings = None if client_id is None else self._clients.find(client_id)
        client = None if settings is None else authorization_client(settings)
        if settings is None or client is None:
            return Untold("No application of that client_id asks people here.")
        resources = resources_of(settings, self._servers)
        if request_uri is None:
            if len(query) > LONGEST:
                return Untold("The request is too long for a URL. The application can push it instead (RFC 9126).")
            found = check(given, client, resources)
            return found if isinstance(found, Untold) else _Asked(found, given.query())
        opened = await self._pushed.open(request_uri, client.client_id, cookies.read(request, COOKIE))
        if opened is None:
            return OVER
        # What was pushed is all that counts: RFC 9126 §4, RFC 9101 §5.
        found = check(opened.parameters, client, resources, pushed=True)
        if isinstance(found, Untold):
            return found
        short = Parameters({"client_id": (client.client_id,), "request_uri": (request_uri,)})
        return _Asked(found, short.query(), request_uri, opened.at, opened.cookie)

    async def _put(self, request: Request, asked: _Asked) -> Response:
        """Puts it to the person: the log-in first, then the question, unless it was answered before."""
        wanted = asked.request
        if isinstance(wanted, Refused):
            return self._go(request, await self._authorizing.refuse(wanted, asked.request_uri))
        session = await self._sessions.of(request)
        silent = "none" in wanted.prompts
        if session is None or (not silent and _must_log_in(asked, wanted, session)):
            if silent:
                refused = _refused(wanted, "login_required", "Nobody is logged in.")
                return self._go(request, await self._authorizing.refuse(refused, asked.request_uri))
            return self._log_in(request, asked, again=session is not None)
        answer = await self._authorizing.remembered(wanted, session, asked.request_uri)
        if answer is not None:
            return self._go(request, answer)
        if silent:
            refused = _refused(wanted, "consent_required", "The member has to be asked.")
            return self._go(request, await self._authorizing.refuse(refused, asked.request_uri))
        return self._consent.show(wanted, session, asked.query, self._authorizing.asked_until)

    def _log_in(self, request: Request, asked: _Asked, *, again: bool) -> Response:
        # The way back does not demand the log-in again that it comes from.
        query = read_parameters(asked.query.encode())
        prompts = [each for each in (query.one("prompt") or "").split() if each != "login"]
        others = {**query.without("prompt").values, **({"prompt": (" ".join(prompts),)} if prompts else {})}
        scope = {**request.scope, "query_string": Parameters(others).query().encode()}
        return login_redirect(Request(scope), self._pages, again=again)

    def _go(self, request: Request, answer: Answer | Untold) -> Response:
        if isinstance(answer, Untold):
            return self._untold(request, answer)
        # RFC 9700 §4.12: 303, so that no browser sends the form on. And the client's page need not know from
        # which address of ours one came.
        return RedirectResponse(answer.uri, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})

    def _untold(self, request: Request, untold: Untold) -> Response:
        return self._pages.refusal(request, problem("authorization-refused", untold.detail))


def _must_log_in(asked: _Asked, wanted: AuthorizationRequest, session: Session) -> bool:
    """Whether a log-in from before the request does not do."""
    if "login" not in wanted.prompts:
        return False
    return asked.opened_at is None or session.authenticated_at < asked.opened_at


def _refused(wanted: AuthorizationRequest, error: str, description: str) -> Refused:
    return Refused(error, description, wanted.redirect_uri, wanted.state)
