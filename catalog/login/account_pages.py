"""The account page: one's own sessions, second factors, password and recovery codes.

Looking needs a session. Changing needs one whose member has just proved itself: who finds a browser open changes
nothing, and is asked to log in again.
"""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.clock import Clock
from catalog.login.door import ENROL_PATH, Door
from catalog.login.password_rules import MIN_LENGTH, fault
from catalog.login.returning import ACCOUNT, LOG_IN_PATH, login_redirect
from catalog.login.session import Session, needs_second_factor
from catalog.login.steps import Step
from catalog.login.throttle import of_factor, too_many
from catalog.pages.forms import Form
from contracts.problems import Problem, problem

RECENT_SECONDS: Final = 900

_DONE: Final = {
    "password": "The password is changed, and every other session has ended.",
    "sessions": "That is ended.",
    "factor": "The factor is removed.",
}
_LAST = problem(
    "log-in-refused",
    "Your roles need a second factor, and this is the last one. Set up another one first.",
)


class AccountPages:
    """`/account`. `clock` gives Unix seconds."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self.routes = [
            Route(ACCOUNT, self.show, methods=["GET"]),
            Route(f"{ACCOUNT}/password", self.set_password, methods=["POST"]),
            Route(f"{ACCOUNT}/sessions/end", self.end_sessions, methods=["POST"]),
            Route(f"{ACCOUNT}/factors/add", self.add_factor, methods=["POST"]),
            Route(f"{ACCOUNT}/factors/remove", self.remove_factor, methods=["POST"]),
            Route(f"{ACCOUNT}/recovery-codes", self.make_codes, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        session = await self._door.sessions.of(request)
        if session is None:
            return login_redirect(request, self._door.pages)
        return await self._page(session, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def set_password(self, request: Request) -> Response:
        """A new password, by the old one; all other sessions end."""
        door = self._door
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        session, form = sent
        member = door.directory.members.by_name[session.member]
        wrong = await asyncio.to_thread(fault, form.secret("password"), member)
        if wrong is not None:
            return await self._page(session, faults={"password": wrong}, status=422)
        if form.secret("password") != form.secret("again"):
            return await self._page(session, faults={"again": "This is not the same."}, status=422)
        wait = await door.throttle.take(of_factor(session.member), request_id=request.state.request_id)
        if wait:
            refusal = too_many(wait)
            response = await self._page(session, faults={"current": refusal.detail}, status=refusal.status)
            response.headers.update(dict(refusal.headers))
            return response
        if not await door.accounts.proves(session.member, form.secret("current")):
            return await self._page(session, faults={"current": "This is not your password."}, status=422)
        hashed = await door.accounts.hash(form.secret("password"))
        identity: str = request.state.request_id
        async with door.store.write() as connection:
            await door.throttle.clear(connection, of_factor(session.member))
            await door.accounts.put(connection, session.member, hashed, identity)
            await door.sessions.end_all(
                connection, session.member, session.member, "a new password", identity, but=session.reference
            )
            renewed = await door.sessions.renew(connection, session, request)
        response = door.pages.redirect(f"{ACCOUNT}?done=password")
        return response if renewed is None else renewed.give(response)

    async def end_sessions(self, request: Request) -> Response:
        """One of one's own, or all but this one."""
        door = self._door
        sent = await self._sent(request, recent=False)
        if isinstance(sent, Response):
            return sent
        session, form = sent
        reference = form.text("reference") or None
        identity: str = request.state.request_id
        async with door.store.write() as connection:
            await door.sessions.end_all(
                connection,
                session.member,
                session.member,
                "ended on the account page",
                identity,
                reference,
                but="" if reference else session.reference,
            )
        return door.pages.redirect(f"{ACCOUNT}?done=sessions")

    async def add_factor(self, request: Request) -> Response:
        """To the page that enrols one, as a log-in that has got as far as this session."""
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        session, _ = sent
        return await self._door.go_on(request, Step(session.member, session.methods, ACCOUNT), ENROL_PATH)

    async def remove_factor(self, request: Request) -> Response:
        """The app, or a passkey; not the last one of who needs one."""
        door, factors = self._door, self._door.factors
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        session, form = sent
        member, passkey = session.member, form.text("passkey")
        identity: str = request.state.request_id
        async with door.store.write() as connection:
            before = await factors.read(connection, member)
            if before.number == 1 and needs_second_factor(session.principal):
                return door.pages.refusal(request, _LAST)
            gone = (
                await factors.passkeys.drop(connection, member, passkey)
                if passkey
                else await factors.totp.drop(connection, member)
            )
            if not gone:
                return door.pages.redirect(ACCOUNT)
            if before.number == 1:
                await factors.recovery.drop(connection, member)
            kind = "passkey" if passkey else "totp"
            await factors.tell(connection, "removed", member, kind, member, "", identity)
            renewed = await door.sessions.renew(connection, session, request)
        response = door.pages.redirect(f"{ACCOUNT}?done=factor")
        return response if renewed is None else renewed.give(response)

    async def make_codes(self, request: Request) -> Response:
        """New recovery codes, shown once."""
        door = self._door
        sent = await self._sent(request)
        if isinstance(sent, Response):
            return sent
        session, _ = sent
        async with door.store.write() as connection:
            if not (await door.factors.read(connection, session.member)).any:
                return door.pages.redirect(ACCOUNT)
            codes = await door.factors.recovery.make(connection, session.member)
            await door.factors.tell(
                connection, "made", session.member, "recovery-codes", session.member, "", request.state.request_id
            )
        return door.pages.page("recovery_codes.html", session=session, codes=codes, target=ACCOUNT)

    async def _sent(self, request: Request, *, recent: bool = True) -> tuple[Session, Form] | Response:
        """Whose form it is and what is in it, or the answer to one that does not count."""
        pages = self._door.pages
        session = await self._door.sessions.of(request)
        if session is None:
            return pages.redirect(LOG_IN_PATH)
        form = await self._door.form_of(request, session)
        if isinstance(form, Problem):
            return pages.refusal(request, form)
        if recent and self._clock() - session.authenticated_at > RECENT_SECONDS:
            return pages.redirect(f"{LOG_IN_PATH}?again=1&next={ACCOUNT}")
        return session, form

    async def _page(
        self, session: Session, *, done: str = "", faults: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        door = self._door
        member = door.directory.members.by_name.get(session.member)
        return door.pages.page(
            "account.html",
            status=status,
            session=session,
            done=done,
            member=member,
            memberships=sorted((team, sorted(roles)) for team, roles in session.principal.memberships.items()),
            delegated=session.principal.delegated,
            sessions=await door.sessions.list(session.member),
            enrolled=await door.factors.of(session.member),
            demanded=needs_second_factor(session.principal),
            has_password=(await door.accounts.of(session.member)).password_set_at is not None,
            faults=faults or {},
            least=MIN_LENGTH,
        )
