"""The ledger of credentials, and emergency revocation: `contract/credentials.yaml`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, get_args

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.ledger_items import OtherItems
from catalog.api.admin.ledger_query import chosen_of, sorting_of
from catalog.api.admin.paging import DEFAULT_LIMIT, cut, page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment
from catalog.credentials.credential import Issued
from catalog.credentials.desk import COUNTED, Sorting
from catalog.credentials.making import Wanted
from catalog.credentials.questions import Question, chosen_by
from catalog.credentials.reach import Called, Reached
from catalog.credentials.revoking import Done, Target
from catalog.credentials.room import CredentialsRoom
from catalog.credentials.rotations import Progress
from catalog.credentials.telling import (
    CredentialView,
    IssuedView,
    RevocationView,
    credential_view,
    revocation_view,
)
from catalog.refusal import Refusal

NOW: Final = "now"
"""What `issued_before` says for: everything until this moment."""


class CalledView(msgspec.Struct, frozen=True):
    application: str
    api: str
    version: str
    operation: str
    calls: int
    last_seen: datetime


class ApplicationView(msgspec.Struct, frozen=True):
    client_id: str
    consumer: str | None


class ReachedView(msgspec.Struct, frozen=True):
    applications: tuple[ApplicationView, ...]
    credentials: tuple[str, ...]
    called: tuple[CalledView, ...]


class UseView(msgspec.Struct, frozen=True):
    api: str
    version: str
    scope: str | None
    first_used_at: datetime
    last_used_at: datetime


class DecisionView(msgspec.Struct, frozen=True):
    at: datetime
    action: str
    actor: str
    reason: str | None


class RotationView(msgspec.Struct, frozen=True):
    old: CredentialView
    new: CredentialView
    progress: Progress


class QuestionView(msgspec.Struct, frozen=True):
    credentials: int
    more: bool


class QuestionsView(msgspec.Struct, frozen=True):
    ending: QuestionView
    unused: QuestionView
    over_privileged: QuestionView
    orphaned: QuestionView
    replaced: QuestionView


class SeenView(msgspec.Struct, frozen=True):
    application: str
    calls: int
    last_seen: datetime


class CredentialDetail(msgspec.Struct, frozen=True):
    credential: CredentialView
    history: tuple[DecisionView, ...]
    uses: tuple[UseView, ...]
    called: tuple[CalledView, ...]


class DoneView(msgspec.Struct, frozen=True):
    dry_run: bool
    reached: ReachedView
    credential: CredentialView | None
    revocation: RevocationView | None
    signs_now: str | None


class Rotation(msgspec.Struct, frozen=True):
    overlap_until: datetime
    expires_days: int | None = None


class HandOver(msgspec.Struct, frozen=True):
    team: str
    owner: str
    reason: str


class NewRevocation(msgspec.Struct, frozen=True):
    reason: str
    credential: str = ""
    application: str = ""
    consumer: str = ""
    issued_before: str = ""
    signing_key: str = ""
    dry_run: bool = False


class CredentialRoutes:
    """The handlers."""

    def __init__(self, room: CredentialsRoom, others: OtherItems) -> None:
        self._room = room
        self._others = others
        self.routes = (
            AdminRoute("listCredentials", self.list_credentials),
            AdminRoute("countCredentials", self.count),
            AdminRoute("listRecentCalls", self.recent_calls),
            AdminRoute("listRotations", self.rotations),
            AdminRoute("issueCredential", self.issue),
            AdminRoute("showCredential", self.show),
            AdminRoute("rotateCredential", self.rotate),
            AdminRoute("handCredentialOver", self.hand_over),
            AdminRoute("listRevocations", self.list_revocations),
            AdminRoute("revoke", self.revoke),
            AdminRoute("liftRevocation", self.lift),
        )

    async def list_credentials(self, request: AdminRequest) -> Result:
        query, now = request.query, self._room.clock()
        chosen, sorting = chosen_of(query, now), sorting_of(query)
        after: str | None = query.get("after")
        limit: int = query.get("limit", DEFAULT_LIMIT)
        others = await self._others.list(request.principal, chosen, now, sorting)  # after all that is kept here
        place = next((number for number, each in enumerate(others) if each.key_id == after), None)
        if place is not None:
            return cut(others[place + 1 : place + limit + 2], limit, _key_id)
        if chosen.kind in ("member-token", "signing-key"):
            return cut(others[: limit + 1] if after is None else (), limit, _key_id)
        found = await self._room.desk.page(request.principal, chosen, limit + 1, after, sorting)
        if found is None:
            return cut((), limit, _key_id)
        views = [credential_view(each, self._room.environment, now) for each in found]
        return cut([*views, *others][: limit + 1], limit, _key_id)

    async def count(self, request: AdminRequest) -> Result:
        now = self._room.clock()
        answers: dict[str, QuestionView] = {}
        for question in get_args(Question):
            chosen = chosen_by(question, now)
            others = await self._others.list(request.principal, chosen, now, Sorting())
            found = await self._room.desk.count(request.principal, chosen) + len(others)
            answers[question.replace("-", "_")] = QuestionView(min(found, COUNTED), found >= COUNTED)
        return QuestionsView(**answers)

    async def recent_calls(self, request: AdminRequest) -> Result:
        found = await self._room.seen(request.principal, request.query["application"])
        return page(
            request,
            [SeenView(each.application, each.calls, moment(each.last_seen)) for each in found],
            lambda each: each.application,
        )

    async def rotations(self, request: AdminRequest) -> Result:
        query, now = request.query, self._room.clock()
        limit: int = query.get("limit", DEFAULT_LIMIT)
        found = await self._room.rotations.page(
            request.principal, chosen_of(query, now), limit + 1, query.get("after")
        )
        environment = self._room.environment
        views = [
            RotationView(
                credential_view(each.old, environment, now),
                credential_view(each.new, environment, now),
                each.progress(now),
            )
            for each in found
        ]
        return cut(views, limit, lambda view: view.old.key_id)

    async def issue(self, request: AdminRequest) -> Result:
        wanted = request.body_as(Wanted)
        made = await self._room.desk.issue(request.principal, wanted, request_id=request.request_id)
        return self._issued(made)

    async def show(self, request: AdminRequest) -> Result:
        found = await self._room.desk.find(request.principal, request.path["key_id"])
        if isinstance(found, Refusal):
            return found
        called = await self._room.called(found.application)
        uses = tuple(
            UseView(
                each.api, each.version, each.scope or None, moment(each.first_used_at), moment(each.last_used_at)
            )
            for each in await self._room.uses(found.key_id)
        )
        view = credential_view(found, self._room.environment, self._room.clock())
        history = tuple(
            DecisionView(moment(each.at), each.event.action, each.event.actor, each.event.reason or None)
            for each in await self._room.history(found)
        )
        return CredentialDetail(view, history, uses, called_views(called))

    async def rotate(self, request: AdminRequest) -> Result:
        wanted = request.body_as(Rotation)
        made = await self._room.desk.rotate(
            request.principal,
            request.path["key_id"],
            int(wanted.overlap_until.timestamp()),
            wanted.expires_days,
            request_id=request.request_id,
        )
        return self._issued(made)

    async def hand_over(self, request: AdminRequest) -> Result:
        wanted = request.body_as(HandOver)
        made = await self._room.desk.hand_over(
            request.principal,
            request.path["key_id"],
            wanted.team,
            wanted.owner,
            wanted.reason,
            request_id=request.request_id,
        )
        if isinstance(made, Refusal):
            return made
        return credential_view(made, self._room.environment, self._room.clock())

    async def list_revocations(self, request: AdminRequest) -> Result:
        found = await self._room.revoking.list()
        return page(request, [revocation_view(each) for each in found], lambda each: str(each.number))

    async def revoke(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewRevocation)
        target = Target(
            credential=wanted.credential,
            application=wanted.application,
            consumer=wanted.consumer,
            issued_before=self._time(wanted.issued_before),
            signing_key=wanted.signing_key,
        )
        done = await self._room.revoking.revoke(
            request.principal,
            target,
            wanted.reason,
            dry_run=wanted.dry_run,
            preview=request.if_match or "",
            request_id=request.request_id,
        )
        return done if isinstance(done, Refusal) else self._done(done, wanted.dry_run)

    async def lift(self, request: AdminRequest) -> Result:
        lifted = await self._room.revoking.lift(
            request.principal, request.path["revocation"], request.query["reason"], request_id=request.request_id
        )
        return lifted if isinstance(lifted, Refusal) else revocation_view(lifted)

    def _time(self, text: str) -> int | None:
        """The contract's format was checked: RFC 3339, of which Python reads all but a lower-case `t` and `z`."""
        if not text:
            return None
        if text == NOW:
            return self._room.revoking.next_second()
        return int(datetime.fromisoformat(text.upper()).timestamp())

    def _issued(self, made: Issued | Refusal) -> Result:
        if isinstance(made, Refusal):
            return made
        view = credential_view(made.credential, self._room.environment, self._room.clock())
        return Answer(IssuedView(credential=view, secret=made.secret), 201, location=f"/credentials/{made.key_id}")

    def _done(self, done: Done, dry_run: bool) -> Answer:
        credential, made = done.credential, done.revocation
        now, environment = self._room.clock(), self._room.environment
        view = DoneView(
            dry_run,
            reached_view(done.reached),
            None if credential is None else credential_view(credential, environment, now),
            None if made is None else revocation_view(made),
            done.signs_now or None,
        )
        return Answer(view, etag=done.preview)


def _key_id(view: CredentialView) -> str:
    return view.key_id


def reached_view(reached: Reached) -> ReachedView:
    applications = tuple(ApplicationView(name, of or None) for name, of in reached.applications.items())
    return ReachedView(applications, reached.credentials, called_views(reached.called))


def called_views(called: Iterable[Called]) -> tuple[CalledView, ...]:
    """What applications called in the last day, as it is shown."""
    return tuple(
        CalledView(each.application, each.api, each.version, each.operation, each.calls, moment(each.last_seen))
        for each in called
    )
