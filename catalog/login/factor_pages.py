"""The second factor: a code from an app, a recovery code, or a passkey."""

from dataclasses import replace

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.login.door import EXPIRED, FACTOR_PATH, Door, proved
from catalog.login.factors import Enrolled
from catalog.login.passkeys import Question
from catalog.login.steps import Memory, Step
from catalog.login.throttle import of_address, of_factor, too_many
from catalog.pages.forms import Form
from contracts.problems import Problem

_WRONG_CODE = "This code is wrong, or it was used before."
_WRONG_KEY = "The passkey was not accepted. Try once more, or take another way."


class FactorPages:
    """`/login/factor`, for who has proved a first factor."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.routes = [
            Route(FACTOR_PATH, self.show, methods=["GET"]),
            Route(FACTOR_PATH, self.by_code, methods=["POST"]),
            Route(f"{FACTOR_PATH}/passkey", self.by_passkey, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        step = await self._door.steps.of(request)
        if step is None or not step.member:
            return self._door.pages.redirect("/login")
        return await self._page(request, step)

    async def by_code(self, request: Request) -> Response:
        """A code of the app, or one of the recovery codes."""
        form, step = await self._sent(request)
        if step is None or isinstance(form, Problem):
            return self._door.pages.refusal(request, form if isinstance(form, Problem) else EXPIRED)
        code = form.text("code")
        if not code:
            return await self._page(request, step, fault="This is needed.", status=422)
        wait = await self._take(request, step)
        if wait:
            return await self._too_many(request, step, wait)
        factors = self._door.factors
        async with self._door.store.write() as connection:
            good = await factors.totp.take(connection, step.member, code)
            if not good and await factors.recovery.take(connection, step.member, code):
                good = True
                left = f"{await factors.recovery.left(connection, step.member)} are left"
                identity: str = request.state.request_id
                await factors.tell(connection, "used", step.member, "recovery-code", step.member, left, identity)
            if good:
                await self._forget(connection, request, step)
        if not good:
            return await self._page(request, step, fault=_WRONG_CODE, status=422)
        return await self._door.proceed(request, proved(step, "otp"))

    async def by_passkey(self, request: Request) -> Response:
        """What an authenticator has signed. The challenge is asked anew with each page."""
        form, step = await self._sent(request)
        if step is None or isinstance(form, Problem):
            return self._door.pages.refusal(request, form if isinstance(form, Problem) else EXPIRED)
        wait = await self._take(request, step)
        if wait:
            return await self._too_many(request, step, wait)
        async with self._door.store.write() as connection:
            good = await self._door.factors.passkeys.take(
                connection, step.member, form.secret("response"), step.memory.challenge
            )
            # Used up with this answer, whatever came of it, and by one request alone (WebAuthn §13.4.3).
            good = await self._door.steps.end(connection, request) and good
            if good:
                await self._forget(connection, request, step)
        if good:
            return await self._door.proceed(request, proved(step, "hwk"))
        return await self._door.go_on(request, replace(step, memory=Memory()), f"{FACTOR_PATH}?failed=1")

    async def _sent(self, request: Request) -> tuple[Form | Problem, Step | None]:
        form = await self._door.visitors_form(request)
        step = await self._door.steps.of(request)
        return form, step if step is not None and step.member else None

    async def _take(self, request: Request, step: Step) -> int:
        address = of_address(self._door.address(request))
        return await self._door.throttle.take(of_factor(step.member), address, request_id=request.state.request_id)

    async def _forget(self, connection: AsyncConnection, request: Request, step: Step) -> None:
        await self._door.throttle.clear(connection, of_factor(step.member))
        await self._door.throttle.give_back(connection, of_address(self._door.address(request)))

    async def _too_many(self, request: Request, step: Step, wait: int) -> Response:
        refusal = too_many(wait)
        response = await self._page(request, step, fault=refusal.detail, status=refusal.status)
        response.headers.update(dict(refusal.headers))
        return response

    async def _page(self, request: Request, step: Step, *, fault: str = "", status: int = 200) -> Response:
        enrolled = await self._door.factors.of(step.member)
        question = await self._question(request, step, enrolled)
        _, token = self._door.visitor(request)
        return self._door.pages.page(
            "factor.html",
            status=status,
            csrf_token=token,
            fault=fault,
            failed=_WRONG_KEY if request.query_params.get("failed") == "1" else "",
            enrolled=enrolled,
            options="" if question is None else question.options,
        )

    async def _question(self, request: Request, step: Step, enrolled: Enrolled) -> Question | None:
        passkeys = self._door.factors.passkeys
        if not enrolled.passkeys or not passkeys.possible:
            return None
        question = passkeys.authentication(enrolled.passkeys)
        await self._door.steps.remember(
            request, msgspec.structs.replace(step.memory, challenge=question.challenge)
        )
        return question
