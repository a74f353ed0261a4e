"""What all pages of the log-in share: their collaborators, the token of a visitor's forms, and how a log-in goes
on.

After each thing that was proved `proceed` decides what is next: another factor, the enrolment of one that the
member's roles demand, or the session.
"""

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from catalog.login import cookies
from catalog.login.accounts import Accounts
from catalog.login.factors import Factors
from catalog.login.keys import LoginKeys, random_token
from catalog.login.known_browser import remember
from catalog.login.policy import LoginPolicy
from catalog.login.session import SECOND, Session, needs_second_factor
from catalog.login.sessions import Begun, Sessions
from catalog.login.steps import Step, Steps
from catalog.login.throttle import Throttle
from catalog.pages.forms import Form, read_form, refuse_forged
from catalog.pages.pages import Pages
from catalog.people.directory import Directory
from catalog.storage.engine import Store
from contracts.problems import Problem, problem

ENROL_PATH = "/login/enrol"
FACTOR_PATH = "/login/factor"

EXPIRED = problem("log-in-refused", "The log-in took too long, or was finished in another window. Begin again.")
_NO_MEMBER = problem(
    "log-in-refused",
    "You are in no team of the estate that is in force, or your account is disabled. Ask a security member.",
)


@dataclass(frozen=True, slots=True)
class Door:
    """The way in."""

    store: Store
    keys: LoginKeys
    pages: Pages
    directory: Directory
    sessions: Sessions
    steps: Steps
    accounts: Accounts
    factors: Factors
    throttle: Throttle
    policy: LoginPolicy

    def visitor(self, request: Request) -> tuple[str, str]:
        """The value by which a browser without a session is known, a new one where it has none, and the token of
        its forms."""
        value = cookies.read(request, cookies.LOG_IN) or random_token()
        return value, self.keys.token("csrf", value)

    async def visitors_form(self, request: Request) -> Form | Problem:
        """What a page without a session sent."""
        form = await read_form(request)
        if isinstance(form, Problem):
            return form
        value = cookies.read(request, cookies.LOG_IN)
        token = "" if value is None else self.keys.token("csrf", value)
        return refuse_forged(request, form, self.pages.origin, token) or form

    async def form_of(self, request: Request, session: Session) -> Form | Problem:
        """What a page of a session sent."""
        form = await read_form(request)
        if isinstance(form, Problem):
            return form
        return refuse_forged(request, form, self.pages.origin, session.csrf_token) or form

    def address(self, request: Request) -> str:
        return self.policy.address.of(request)

    async def proceed(self, request: Request, step: Step) -> Response:
        """What comes after something was proved. Raises SQLAlchemyError."""
        principal = await self.directory.principal(step.member)
        if principal is None or (await self.accounts.of(step.member)).disabled_at is not None:
            return self.pages.refusal(request, _NO_MEMBER)
        if not SECOND.isdisjoint(step.methods):
            return await self.complete(request, step)
        if (await self.factors.of(step.member)).any:
            return await self.go_on(request, step, FACTOR_PATH)
        if needs_second_factor(principal):
            return await self.go_on(request, step, ENROL_PATH)
        return await self.complete(request, step)

    async def go_on(self, request: Request, step: Step, path: str) -> Response:
        """To the page of the next step. What was proved before it is under a value of its own from here on."""
        async with self.store.write() as connection:
            value = await self.steps.begin(connection, step, request)
        response = self.pages.redirect(path)
        cookies.put(response, cookies.LOG_IN, value)
        return response

    async def complete(self, request: Request, step: Step) -> Response:
        """The session, and a page that leads back."""
        begun = await self.begin(request, step)
        if begun is None:
            return self.pages.refusal(request, _NO_MEMBER)
        return self.give(begun, self.pages.onward(step.return_to), request, step.member)

    async def begin(self, request: Request, step: Step) -> Begun | None:
        """The session of a log-in that is done; None for an account that is disabled."""
        async with self.store.write() as connection:
            await self.steps.end(connection, request)
            return await self.sessions.begin(connection, step.member, step.methods, request, self.address(request))

    def give(self, begun: Begun, response: Response, request: Request, member: str) -> Response:
        """The response with the session's cookie and without the one of the log-in."""
        begun.give(response)
        remember(response, request, member, self.keys)
        cookies.drop(response, cookies.LOG_IN)
        return response


def proved(step: Step, method: str) -> Step:
    """The log-in with one thing more that was proved."""
    return replace(step, methods=tuple(dict.fromkeys((*step.methods, method))))
