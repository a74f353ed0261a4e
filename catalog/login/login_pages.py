"""The log-in page, and logging out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.login import cookies
from catalog.login.door import Door
from catalog.login.known_browser import mark_of
from catalog.login.provider.client import ProviderClient
from catalog.login.returning import LOG_IN_PATH, safe_path
from catalog.login.steps import Step
from catalog.login.throttle import Bucket, of_account, of_address, of_browser, of_unknown, too_many
from catalog.pages.forms import from_us
from contracts.problems import Problem, problem

_WRONG = "The name or the password is wrong."
_NO_ACCOUNTS = problem("log-in-refused", "Members of this catalog log in through their own provider.")


class LoginPages:
    """`/login` and `/logout`."""

    def __init__(self, door: Door, provider: ProviderClient | None) -> None:
        self._door = door
        self._provider = provider
        self.routes = [
            Route(LOG_IN_PATH, self.show, methods=["GET"]),
            Route(LOG_IN_PATH, self.enter, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form; straight on for one who is logged in, unless it is to be proved again."""
        return_to = safe_path(request.query_params.get("next", ""))
        again = request.query_params.get("again") == "1"
        if not again and await self._door.sessions.of(request) is not None:
            return self._door.pages.redirect(return_to)
        return self._page(request, return_to, again=again)

    async def enter(self, request: Request) -> Response:
        """A name and a password. Wrong ones are counted; the answer says nothing on which of the two it was."""
        door = self._door
        form = await door.visitors_form(request)
        if isinstance(form, Problem):
            return door.pages.refusal(request, form)
        if not door.policy.accounts:
            return door.pages.refusal(request, _NO_ACCOUNTS)
        return_to, name, password = safe_path(form.text("next")), form.text("name"), form.secret("password")
        if not name or not password:
            faults = {
                key: "This is needed." for key, value in (("name", name), ("password", password)) if not value
            }
            return self._page(request, return_to, name=name, faults=faults, status=422)
        member = self._member(name)
        own, address = self._bucket(request, member, name), of_address(door.address(request))
        wait = await door.throttle.take(own, address, request_id=request.state.request_id)
        if wait:
            return self._too_many(request, return_to, name, wait)
        if not await door.accounts.proves(member, password) or member is None:
            return self._page(request, return_to, name=name, fault=_WRONG, status=422)
        async with door.store.write() as connection:
            await door.throttle.clear(connection, own)
            await door.throttle.give_back(connection, address)
        return await door.proceed(request, Step(member, ("pwd",), return_to))

    async def leave(self, request: Request) -> Response:
        """Ends the session. Who has none is told the same."""
        door = self._door
        session = await door.sessions.of(request)
        if session is not None:
            form = await door.form_of(request, session)
            if isinstance(form, Problem):
                return door.pages.refusal(request, form)
            await door.sessions.end(session, request)
        elif from_us(request, door.pages.origin):
            await door.sessions.forget(request)
        provider = self._provider if session is not None and "provider" in session.methods else None
        response = door.pages.page(
            "logged_out.html",
            provider="" if provider is None else provider.settings.name,
            address="" if provider is None else provider.logout_address() or "",
        )
        cookies.drop(response, cookies.SESSION)
        cookies.drop(response, cookies.LOG_IN)
        return response

    def _member(self, name: str) -> str | None:
        """Who is meant: by the key in `teams.yaml`, or by an e-mail address that is one member's alone."""
        members = self._door.directory.members.by_name
        if name in members:
            return name
        found = [each.name for each in members.values() if each.email.casefold() == name.casefold()]
        return found[0] if len(found) == 1 else None

    def _bucket(self, request: Request, member: str | None, name: str) -> Bucket:
        if member is None:
            return of_unknown(name)
        mark = mark_of(request, member, self._door.keys)
        return of_account(member) if mark is None else of_browser(member, mark)

    def _too_many(self, request: Request, return_to: str, name: str, wait: int) -> Response:
        refusal = too_many(wait)
        response = self._page(request, return_to, name=name, fault=refusal.detail, status=refusal.status)
        response.headers.update(dict(refusal.headers))
        return response

    def _page(
        self,
        request: Request,
        return_to: str,
        *,
        again: bool = False,
        name: str = "",
        fault: str = "",
        faults: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        value, token = self._door.visitor(request)
        response = self._door.pages.page(
            "login.html",
            status=status,
            csrf_token=token,
            return_to=return_to,
            again=again,
            name=name,
            fault=fault,
            faults=faults or {},
            accounts=self._door.policy.accounts,
            provider="" if self._provider is None else self._provider.settings.name,
        )
        cookies.put(response, cookies.LOG_IN, value)
        return response
