"""Setting a password by an invitation: the first one, or a new one after a reset."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.login import cookies
from catalog.login.door import Door
from catalog.login.invitations import Invitations
from catalog.login.password_rules import MIN_LENGTH, fault, length_fault
from catalog.login.returning import HOME
from catalog.login.steps import Step
from catalog.login.throttle import of_account, of_address, too_many
from catalog.pages.forms import Form
from contracts.problems import Problem

INVITATION_PATH = "/login/invitation"

_WRONG = "This name and this code do not belong together, or the code has ended or was used. Ask for a new one."


class InvitationPages:
    """`/login/invitation`."""

    def __init__(self, door: Door, invitations: Invitations) -> None:
        self._door = door
        self._invitations = invitations
        self.routes = [
            Route(INVITATION_PATH, self.show, methods=["GET"]),
            Route(INVITATION_PATH, self.accept, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return self._page(request, name=request.query_params.get("member", "")[:63])

    async def accept(self, request: Request) -> Response:
        """A password that is refused costs nobody an invitation. What is wrong with it beside its length is told
        to whoever has the code alone: it depends on who the member is."""
        door = self._door
        form = await door.visitors_form(request)
        if isinstance(form, Problem):
            return door.pages.refusal(request, form)
        name, code = form.text("name"), form.text("code")
        faults = _faults(form)
        if faults:
            return self._page(request, name=name, code=code, faults=faults, status=422)
        address = of_address(door.address(request))
        identity: str = request.state.request_id
        wait = await door.throttle.take(address, request_id=identity)
        if wait:
            refusal = too_many(wait)
            response = self._page(request, name=name, text=refusal.detail, status=refusal.status)
            response.headers.update(dict(refusal.headers))
            return response
        member = door.directory.members.by_name.get(name)
        async with door.store.write() as connection:
            fits = await self._invitations.fits(connection, name, code)
            if fits:
                await door.throttle.give_back(connection, address)
        if not fits or member is None:
            return self._page(request, name=name, code=code, text=_WRONG, status=422)
        wrong = await asyncio.to_thread(fault, form.secret("password"), member)
        if wrong is not None:
            return self._page(request, name=name, code=code, faults={"password": wrong}, status=422)
        hashed = await door.accounts.hash(form.secret("password"))
        async with door.store.write() as connection:
            resets = await self._invitations.take(connection, name, code)
            if resets is not None:
                await door.accounts.put(connection, name, hashed, identity)
                await door.sessions.end_all(connection, name, name, "a new password", identity)
                if resets:
                    await door.factors.drop_all(connection, name, name, "reset by invitation", identity)
                await door.throttle.clear(connection, of_account(name))
        if resets is None:
            return self._page(request, name=name, code=code, text=_WRONG, status=422)
        return await door.proceed(request, Step(name, ("pwd",), HOME))

    def _page(
        self,
        request: Request,
        *,
        name: str = "",
        code: str = "",
        text: str = "",
        faults: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        value, token = self._door.visitor(request)
        response = self._door.pages.page(
            "invitation.html",
            status=status,
            csrf_token=token,
            name=name,
            code=code,
            text=text,
            faults=faults or {},
            least=MIN_LENGTH,
        )
        cookies.put(response, cookies.LOG_IN, value)
        return response


def _faults(form: Form) -> dict[str, str]:
    found = {name: "This is needed." for name in ("name", "code") if not form.text(name)}
    wrong = length_fault(form.secret("password"))
    if wrong is not None:
        found["password"] = wrong
    elif form.secret("password") != form.secret("again"):
        found["again"] = "This is not the same."
    return found
