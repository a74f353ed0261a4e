"""Enrolling a second factor: forced at the first log-in of who needs one, or asked for on the account page.

Both go the same way, as a log-in that has begun: the new factor is shown to work, and a new session follows, for
the rights have changed. Who has a factor already gets here only by it; a password alone adds none.
"""

from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.login.door import ENROL_PATH, EXPIRED, Door, proved
from catalog.login.passkeys import MAX_LABEL, Passkeys
from catalog.login.session import SECOND, needs_second_factor
from catalog.login.sessions import Begun
from catalog.login.steps import Step
from catalog.login.throttle import of_factor, too_many
from catalog.login.totp import enrolment, new_secret
from catalog.pages.forms import Form
from catalog.people.members import Member
from contracts.problems import Problem

_WRONG_CODE = "This code is wrong. Look whether the app's clock is right, and take the next one."
_WRONG_KEY = "The passkey was not accepted. Try once more, or take an app."


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form of the page, and the log-in that it belongs to."""

    form: Form
    step: Step
    member: Member


class EnrolmentPages:
    """`/login/enrol`."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.routes = [
            Route(ENROL_PATH, self.show, methods=["GET"]),
            Route(f"{ENROL_PATH}/totp", self.totp, methods=["POST"]),
            Route(f"{ENROL_PATH}/passkey", self.passkey, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        found = await self._found(request)
        if found is None:
            return self._door.pages.redirect("/login")
        failed = _WRONG_KEY if request.query_params.get("failed") == "1" else ""
        return await self._page(request, *found, failed=failed)

    async def totp(self, request: Request) -> Response:
        """An app that shows the right code has the secret."""
        sent = await self._sent(request)
        if isinstance(sent, Problem):
            return self._door.pages.refusal(request, sent)
        code, secret = sent.form.text("code"), sent.step.memory.totp
        wait = await self._door.throttle.take(of_factor(sent.member.name), request_id=request.state.request_id)
        if wait:
            refusal = too_many(wait)
            response = await self._page(
                request, sent.step, sent.member, fault=refusal.detail, status=refusal.status
            )
            response.headers.update(dict(refusal.headers))
            return response
        at = self._door.factors.totp.step(secret, code) if secret else None
        if at is None:
            return await self._page(request, sent.step, sent.member, fault=_WRONG_CODE, status=422)
        async with self._door.store.write() as connection:
            ended = await self._door.steps.end(connection, request)
            if not ended:
                return self._door.pages.refusal(request, EXPIRED)
            await self._door.throttle.clear(connection, of_factor(sent.member.name))
            await self._door.factors.totp.put(connection, sent.member.name, secret, at)
            codes = await self._door.factors.added(connection, sent.member.name, "totp", request.state.request_id)
        return await self._done(request, proved(sent.step, "otp"), codes)

    async def passkey(self, request: Request) -> Response:
        """An authenticator that has signed the challenge."""
        sent = await self._sent(request)
        if isinstance(sent, Problem):
            return self._door.pages.refusal(request, sent)
        label = sent.form.text("label")[:MAX_LABEL]
        factors = self._door.factors
        async with self._door.store.write() as connection:
            if not await self._door.steps.end(connection, request):
                return self._door.pages.refusal(request, EXPIRED)
            response = sent.form.secret("response")
            good = await factors.passkeys.put(
                connection, sent.member.name, response, sent.step.memory.challenge, label
            )
            codes = (
                await factors.added(connection, sent.member.name, "passkey", request.state.request_id)
                if good
                else ()
            )
        if not good:
            return await self._door.go_on(request, sent.step, f"{ENROL_PATH}?failed=1")
        return await self._done(request, proved(sent.step, "hwk"), codes)

    async def _found(self, request: Request) -> tuple[Step, Member] | None:
        """The log-in in hand, where it may enrol."""
        step = await self._door.steps.of(request)
        member = None if step is None else self._door.directory.members.by_name.get(step.member)
        if step is None or member is None:
            return None
        if SECOND.isdisjoint(step.methods) and (await self._door.factors.of(member.name)).any:
            return None
        return step, member

    async def _sent(self, request: Request) -> _Sent | Problem:
        form = await self._door.visitors_form(request)
        if isinstance(form, Problem):
            return form
        found = await self._found(request)
        return EXPIRED if found is None else _Sent(form, *found)

    async def _done(self, request: Request, step: Step, codes: tuple[str, ...]) -> Response:
        """The session; where recovery codes were made, on a page that shows them, which no other does."""
        if not codes:
            return await self._door.complete(request, step)
        begun: Begun | None = await self._door.begin(request, step)
        if begun is None:
            return self._door.pages.refusal(request, EXPIRED)
        page = self._door.pages.page("recovery_codes.html", codes=codes, target=step.return_to)
        return self._door.give(begun, page, request, step.member)

    async def _page(
        self,
        request: Request,
        step: Step,
        member: Member,
        *,
        fault: str = "",
        failed: str = "",
        status: int = 200,
    ) -> Response:
        door = self._door
        enrolled = await door.factors.of(member.name)
        passkeys: Passkeys = door.factors.passkeys
        question = passkeys.registration(member, enrolled.passkeys) if passkeys.possible else None
        memory = msgspec.structs.replace(
            step.memory,
            totp=step.memory.totp or new_secret(),
            challenge=b"" if question is None else question.challenge,
        )
        await door.steps.remember(request, memory)
        principal = await door.directory.principal(member.name)
        _, token = door.visitor(request)
        return door.pages.page(
            "enrol.html",
            status=status,
            csrf_token=token,
            fault=fault,
            failed=failed,
            demanded=principal is not None and needs_second_factor(principal) and not enrolled.any,
            replaces=enrolled.totp,
            enrolment=enrolment(memory.totp, member.name, f"Ostiary ({door.pages.host})"),
            options="" if question is None else question.options,
        )
