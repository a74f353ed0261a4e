"""A member's own consents, as a page: which applications act for them, and a button that ends it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.clock import Clock, moment
from catalog.login.returning import ACCOUNT, login_redirect
from catalog.login.session import Session
from catalog.login.sessions import Sessions
from catalog.oauth.grants.consent import Consents
from catalog.oauth.grants.ending import By
from catalog.pages.forms import FORGED, Form, read_form, refuse_forged
from catalog.pages.pages import Pages
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal

PATH: Final = f"{ACCOUNT}/applications"
WITHDRAW_PATH: Final = f"{PATH}/withdraw"


class ConsentPages:
    """The page, and what its buttons lead to."""

    def __init__(
        self, consents: Consents, current: CurrentPublished, sessions: Sessions, pages: Pages, clock: Clock
    ) -> None:
        self._consents = consents
        self._current = current
        self._sessions = sessions
        self._pages = pages
        self._clock = clock
        self.routes = [
            Route(PATH, self.show, methods=["GET"]),
            Route(WITHDRAW_PATH, self.withdraw, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Those that hold, the newest first."""
        session = await self._sessions.of(request)
        if session is None:
            return login_redirect(request, self._pages)
        return await self._page(session, done=request.query_params.get("done") == "withdrawn")

    async def withdraw(self, request: Request) -> Response:
        """Ends one. It is the person's own safety: nobody has to prove themselves anew for it."""
        form = await read_form(request)
        if not isinstance(form, Form):
            return self._pages.refusal(request, form)
        session = await self._sessions.of(request)
        token = "" if session is None else session.csrf_token
        refusal = refuse_forged(request, form, self._pages.origin, token)
        if session is None or refusal is not None:
            return self._pages.refusal(request, refusal or FORGED)
        by = By(session.member, "withdrawn on the account page", request.state.request_id)
        ended = await self._consents.withdraw(form.text("consent"), by, session.member)
        if isinstance(ended, Refusal):
            return self._pages.refusal(request, ended.problem())
        return self._pages.redirect(f"{PATH}?done=withdrawn")

    async def _page(self, session: Session, *, done: bool) -> Response:
        now, published = self._clock(), self._current()
        applications = {} if published is None else published.applications
        found = [each for each in await self._consents.list(session.member) if each.state(now) == "active"]
        names = {
            each.client_id: applications[each.client_id].name for each in found if each.client_id in applications
        }
        return self._pages.page(
            "applications.html",
            session=session,
            done=done,
            consents=[
                (each, names.get(each.client_id, each.client_id), moment(each.expires_at)) for each in found
            ],
        )
