"""Work on many credentials at once: `contract/credential_work.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.ledger_query import chosen_of
from catalog.api.admin.routes.credentials import ReachedView, reached_view
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.credentials.bulk import Action, Order
from catalog.credentials.credential import Credential, CredentialKind
from catalog.credentials.leaks import LeakKind, Outcome, Place
from catalog.credentials.least_privilege import DAYS, Spare, SpareCredential, SpareSubscription, estate_patch
from catalog.credentials.room import CredentialsRoom
from catalog.credentials.telling import CredentialView, IssuedView, credential_view
from catalog.refusal import Refusal


class SpareCredentialView(msgspec.Struct, frozen=True):
    key_id: str
    kind: CredentialKind
    application: str
    team: str | None
    owner: str
    unused: tuple[str, ...]
    kept: tuple[str, ...]
    idle: bool
    last_used_at: datetime | None


class SpareSubscriptionView(msgspec.Struct, frozen=True):
    consumer: str
    application: str
    api: str
    version: str
    called: bool
    granted: tuple[str, ...]
    unused: tuple[str, ...]


class SpareView(msgspec.Struct, frozen=True):
    since: datetime
    credentials: tuple[SpareCredentialView, ...]
    subscriptions: tuple[SpareSubscriptionView, ...]
    patch: list[dict[str, object]]


class ReductionWanted(msgspec.Struct, frozen=True):
    reason: str
    days: int = DAYS
    application: str | None = None
    dry_run: bool = False


class NarrowedView(msgspec.Struct, frozen=True):
    key_id: str
    application: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class ReductionView(msgspec.Struct, frozen=True):
    dry_run: bool
    narrowed: tuple[NarrowedView, ...]


class ActionWanted(msgspec.Struct, frozen=True):
    """What is done. To whom, the members say that the ledger's questions have (`ledger_query`)."""

    action: Action
    reason: str
    overlap_until: datetime | None = None
    expires_days: int | None = None
    new_team: str = ""
    new_owner: str = ""
    expected: int | None = None
    dry_run: bool = False


class HitView(msgspec.Struct, frozen=True):
    dry_run: bool
    action: Action
    credentials: tuple[CredentialView, ...]
    reached: ReachedView
    issued: tuple[IssuedView, ...]


class LeakReported(msgspec.Struct, frozen=True):
    text: str
    source: str = ""

    def __repr__(self) -> str:
        return "LeakReported()"


class LeakView(msgspec.Struct, frozen=True):
    key_id: str
    kind: LeakKind
    application: str | None
    owner: str
    outcome: Outcome


class LeaksView(msgspec.Struct, frozen=True):
    leaks: tuple[LeakView, ...]
    unknown: int


class CredentialWorkRoutes:
    """The handlers."""

    def __init__(self, room: CredentialsRoom) -> None:
        self._room = room
        self.routes = (
            AdminRoute("showUnusedGrants", self.unused),
            AdminRoute("reduceCredentials", self.reduce),
            AdminRoute("actOnCredentials", self.act),
            AdminRoute("reportLeak", self.leak),
        )

    async def unused(self, request: AdminRequest) -> Result:
        days, application = request.query.get("days", DAYS), request.query.get("application")
        return _spare(await self._room.least_privilege.report(request.principal, days, application))

    async def reduce(self, request: AdminRequest) -> Result:
        wanted = request.body_as(ReductionWanted)
        done = await self._room.least_privilege.reduce(
            request.principal,
            wanted.days,
            wanted.reason,
            application=wanted.application,
            dry_run=wanted.dry_run,
            request_id=request.request_id,
        )
        if isinstance(done, Refusal):
            return done
        narrowed = (
            NarrowedView(each.credential.key_id, each.credential.application, each.before, each.after)
            for each in done
        )
        return ReductionView(wanted.dry_run, tuple(narrowed))

    async def act(self, request: AdminRequest) -> Result:
        wanted = request.body_as(ActionWanted)
        until = wanted.overlap_until
        order = Order(
            action=wanted.action,
            reason=wanted.reason,
            overlap_until=0 if until is None else int(until.timestamp()),
            expires_days=wanted.expires_days,
            team=wanted.new_team,
            owner=wanted.new_owner,
            expected=wanted.expected,
            preview=request.if_match or "",
        )
        whose = chosen_of(request.body, self._room.clock())
        hit = await self._room.bulk.act(
            request.principal, whose, order, dry_run=wanted.dry_run, request_id=request.request_id
        )
        if isinstance(hit, Refusal):
            return hit
        view = self._view
        made = HitView(
            wanted.dry_run,
            wanted.action,
            tuple(view(each) for each in hit.credentials),
            reached_view(hit.reached),
            tuple(IssuedView(credential=view(each.credential), secret=each.secret) for each in hit.issued),
        )
        return Answer(made, etag=hit.preview)

    async def leak(self, request: AdminRequest) -> Result:
        wanted = request.body_as(LeakReported)
        found = (Place(wanted.text, wanted.source),)
        report = await self._room.leaks.take(found, request.principal.name, request_id=request.request_id)
        if isinstance(report, Refusal):
            return report
        leaks = (
            LeakView(each.key_id, each.kind, each.application or None, each.owner, each.outcome)
            for each in report.leaks
        )
        return LeaksView(tuple(leaks), report.unknown)

    def _view(self, credential: Credential) -> CredentialView:
        return credential_view(credential, self._room.environment, self._room.clock())


def _spare(spare: Spare) -> SpareView:
    return SpareView(
        moment(spare.since),
        tuple(map(_credential, spare.credentials)),
        tuple(map(_subscription, spare.subscriptions)),
        estate_patch(spare.subscriptions),
    )


def _credential(spare: SpareCredential) -> SpareCredentialView:
    each = spare.credential
    return SpareCredentialView(
        each.key_id,
        each.kind,
        each.application,
        each.team or None,
        each.owner,
        spare.unused,
        spare.kept,
        spare.idle,
        moment_or_none(each.last_used_at),
    )


def _subscription(spare: SpareSubscription) -> SpareSubscriptionView:
    names = SpareSubscriptionView.__struct_fields__
    return SpareSubscriptionView(**{name: getattr(spare, name) for name in names})
