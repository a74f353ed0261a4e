"""To the provider and back."""

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.login import cookies
from catalog.login.door import EXPIRED, Door
from catalog.login.provider.client import CALLBACK_PATH, ProviderClient, Told, Unproven
from catalog.login.provider.fetching import ProviderFault
from catalog.login.returning import safe_path
from catalog.login.steps import Step
from contracts.problems import Problem, problem

log = structlog.get_logger("catalog.login")

_NOT_DONE = problem("log-in-refused", "The provider says that you did not log in there.")


class ProviderPages:
    """`/login/provider` and `/login/callback`."""

    def __init__(self, door: Door, client: ProviderClient) -> None:
        self._door = door
        self._client = client
        self.routes = [
            Route("/login/provider", self.leave, methods=["POST"]),
            Route(CALLBACK_PATH, self.come_back, methods=["GET"]),
        ]

    async def leave(self, request: Request) -> Response:
        """Sends the browser to the provider. What it has to come back with is under a cookie of this browser."""
        door = self._door
        form = await door.visitors_form(request)
        if isinstance(form, Problem):
            return door.pages.refusal(request, form)
        try:
            address, memory = await self._client.request(again=form.text("again") == "1")
        except ProviderFault as fault:
            return self._unavailable(request, fault)
        step = Step("", (), safe_path(form.text("next")), memory)
        async with door.store.write() as connection:
            value = await door.steps.begin(connection, step, request)
        response = door.pages.away(address)
        cookies.put(response, cookies.LOG_IN, value)
        return response

    async def come_back(self, request: Request) -> Response:
        """Takes the provider's answer, once."""
        door = self._door
        step = await door.steps.of(request)
        query = request.query_params
        if step is None or not step.memory.state or query.getlist("state") != [step.memory.state]:
            return door.pages.refusal(request, EXPIRED)
        async with door.store.write() as connection:
            if not await door.steps.end(connection, request):
                return door.pages.refusal(request, EXPIRED)
        if "error" in query or len(query.getlist("code")) != 1:
            log.info("provider refused a log-in", request_id=request.state.request_id)
            return door.pages.refusal(request, _NOT_DONE)
        try:
            told = await self._client.told(query["code"], query.get("iss"), step.memory)
        except ProviderFault as fault:
            return self._unavailable(request, fault)
        except Unproven as reason:
            log.warning("provider's answer refused", reason=str(reason), request_id=request.state.request_id)
            return door.pages.refusal(request, problem("log-in-refused", str(reason)))
        member = self._member(told)
        if isinstance(member, Problem):
            return door.pages.refusal(request, member)
        methods = ("provider", "mfa") if told.two_factors else ("provider",)
        return await door.proceed(request, Step(member, methods, step.return_to))

    def _member(self, told: Told) -> str | Problem:
        """Which member it is, by the claim that the settings name."""
        claim = self._client.settings.member_claim
        value = told.claims.get(claim)
        members = self._door.directory.members.by_name
        if not isinstance(value, str) or not value:
            return problem(
                "log-in-refused", f"The provider does not say who you are: there is no claim {claim!r}."
            )
        if claim != "email":
            found = [value] if value in members else []
        elif told.claims.get("email_verified") is not True:
            return problem("log-in-refused", "The provider has not verified your e-mail address.")
        else:
            found = [each.name for each in members.values() if each.email.casefold() == value.casefold()]
        if len(found) != 1:
            return problem("log-in-refused", "The provider knows you, and no member of the estate's teams is you.")
        return found[0]

    def _unavailable(self, request: Request, fault: ProviderFault) -> Response:
        log.error("provider unavailable", reason=str(fault), request_id=request.state.request_id)
        detail = f"{self._client.settings.name} cannot be used now: {fault}."
        return self._door.pages.refusal(
            request, problem("provider-unavailable", detail, headers=(("Retry-After", "10"),))
        )
