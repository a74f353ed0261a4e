"""What gateways present to upstreams: `contract/upstream_credentials.yaml`. No value is in any answer."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routes.credentials import CalledView, HandOver, called_views
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.credentials.rights import guards
from catalog.refusal import Refusal
from catalog.upstream_credentials.desk import Known
from catalog.upstream_credentials.putting import Wanted
from catalog.upstream_credentials.reach import Depending, Serving, names_in
from catalog.upstream_credentials.room import UpstreamRoom


class ValueView(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    state: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    kept_until: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_reason: str | None


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    environment: str
    state: str
    team: str | None
    owner: str | None
    purpose: str | None
    runbook: str | None
    upstreams: tuple[str, ...]
    current: int | None
    expires_at: datetime | None
    last_used_at: datetime | None
    values: tuple[ValueView, ...]


class ApiView(msgspec.Struct, frozen=True):
    api: str
    version: str
    operations: int


class ApplicationView(msgspec.Struct, frozen=True):
    client_id: str
    consumer: str


class DependingView(msgspec.Struct, frozen=True):
    upstreams: tuple[str, ...]
    apis: tuple[ApiView, ...]
    applications: tuple[ApplicationView, ...]
    called: tuple[CalledView, ...]


class DetailView(msgspec.Struct, frozen=True):
    dry_run: bool
    credential: CredentialView
    depending: DependingView


class RewrappedView(msgspec.Struct, frozen=True):
    rewrapped: int
    master_key: str


class Why(msgspec.Struct, frozen=True):
    reason: str


class NewRevocation(msgspec.Struct, frozen=True):
    reason: str
    version: int | None = None
    dry_run: bool = False


class UpstreamCredentialRoutes:
    """The handlers."""

    def __init__(self, room: UpstreamRoom) -> None:
        self._room = room
        self._desk = room.desk
        self.routes = (
            AdminRoute("listUpstreamCredentials", self.list),
            AdminRoute("showUpstreamCredential", self.show),
            AdminRoute("setUpstreamCredential", self.put),
            AdminRoute("returnToUpstreamCredential", self.go_back),
            AdminRoute("handUpstreamCredentialOver", self.hand_over),
            AdminRoute("revokeUpstreamCredential", self.revoke),
            AdminRoute("rewrapUpstreamCredentials", self.rewrap),
        )

    async def list(self, request: AdminRequest) -> Result:
        found = await self._desk.list(request.principal)
        views = [self._view(each, await self._desk.serving(each.credential.name)) for each in found]
        published = self._room.published()
        if guards(request.principal) and published is not None:
            there = {each.credential.name for each in found}
            views += [
                self._missing(name, await self._desk.serving(name))
                for name in names_in(published.contracts) - there
            ]
        return page(request, sorted(views, key=lambda each: each.name), lambda each: each.name)

    async def show(self, request: AdminRequest) -> Result:
        return await self._detail(await self._desk.find(request.principal, request.path["name"]))

    async def put(self, request: AdminRequest) -> Result:
        wanted = request.body_as(Wanted)
        name = request.path["name"]
        return await self._detail(
            await self._desk.put(request.principal, name, wanted, request_id=request.request_id)
        )

    async def go_back(self, request: AdminRequest) -> Result:
        reason = request.body_as(Why).reason
        name = request.path["name"]
        return await self._detail(
            await self._desk.go_back(request.principal, name, reason, request_id=request.request_id)
        )

    async def hand_over(self, request: AdminRequest) -> Result:
        wanted = request.body_as(HandOver)
        made = await self._desk.hand_over(
            request.principal,
            request.path["name"],
            wanted.team,
            wanted.owner,
            wanted.reason,
            request_id=request.request_id,
        )
        return await self._detail(made)

    async def revoke(self, request: AdminRequest) -> Result:
        wanted, name = request.body_as(NewRevocation), request.path["name"]
        if wanted.dry_run:
            return await self._detail(await self._desk.find(request.principal, name), dry_run=True)
        made = await self._desk.revoke(
            request.principal, name, wanted.reason, version=wanted.version, request_id=request.request_id
        )
        return await self._detail(made)

    async def rewrap(self, request: AdminRequest) -> Result:
        count = await self._desk.rewrap(request.principal, request_id=request.request_id)
        return count if isinstance(count, Refusal) else RewrappedView(count, self._desk.master_key)

    async def _detail(self, known: Known | Refusal, dry_run: bool = False) -> Result:
        if isinstance(known, Refusal):
            return known
        depending = await self._desk.depending(known.credential.name)
        return DetailView(dry_run, self._view(known, depending.serving), _depending(depending))

    def _missing(self, name: str, serving: Serving) -> CredentialView:
        return CredentialView(
            name=name,
            environment=self._desk.environment,
            state="none",
            team=None,
            owner=None,
            purpose=None,
            runbook=None,
            upstreams=serving.upstreams,
            current=None,
            expires_at=None,
            last_used_at=moment_or_none(serving.last_used_at),
            values=(),
        )

    def _view(self, known: Known, serving: Serving) -> CredentialView:
        credential, now = known.credential, self._room.clock()
        in_use = known.in_use
        return CredentialView(
            name=credential.name,
            environment=self._desk.environment,
            state="none" if in_use is None else in_use.state(credential.current, now),
            team=credential.team,
            owner=credential.owner,
            purpose=credential.purpose,
            runbook=credential.runbook or None,
            upstreams=serving.upstreams,
            current=credential.current or None,
            expires_at=None if in_use is None else moment(in_use.expires_at),
            last_used_at=moment_or_none(serving.last_used_at),
            values=tuple(
                ValueView(
                    version=each.version,
                    state=each.state(credential.current, now),
                    created_at=moment(each.created_at),
                    created_by=each.created_by,
                    expires_at=moment(each.expires_at),
                    kept_until=moment_or_none(each.kept_until),
                    revoked_at=moment_or_none(each.revoked_at),
                    revoked_by=each.revoked_by or None,
                    revoked_reason=each.revoked_reason or None,
                )
                for each in known.values
            ),
        )


def _depending(depending: Depending) -> DependingView:
    serving = depending.serving
    return DependingView(
        serving.upstreams,
        tuple(ApiView(api, version, len(ids)) for (api, version), ids in sorted(serving.operations.items())),
        tuple(ApplicationView(name, of) for name, of in depending.applications.items()),
        called_views(depending.called),
    )
