"""Applications as their consumer's people see them: `contract/applications.yaml`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import DEFAULT_LIMIT, cut, page
from catalog.api.admin.routes.usage import usage_within
from catalog.api.admin.routing import AdminRoute
from catalog.calendar.entries import CalendarEntry, Phase
from catalog.calendar.room import CalendarRoom
from catalog.calendar.views import Window
from catalog.clock import DAY, moment, moment_or_none
from catalog.refusal import Refusal
from catalog.subscriptions.applications import UNKNOWN, Sought
from catalog.subscriptions.room import SubscriptionsRoom
from catalog.subscriptions.showing import Granted, Origin, Shown, shown
from catalog.subscriptions.todo import Kind, ToDo
from catalog.usage.queries import UsageQueries

_DAYS: Final = 90


class ApplicationItem(msgspec.Struct, frozen=True):
    client_id: str
    title: str
    consumer: str
    subscriptions: int


class GrantedView(msgspec.Struct, frozen=True):
    api: str
    version: str
    plan: str
    scopes: tuple[str, ...]
    origin: Origin
    request: int | None
    state: str | None
    sunset: datetime | None
    extended_until: datetime | None


class ApplicationDetail(msgspec.Struct, frozen=True):
    client_id: str
    title: str
    consumer: str
    team: str | None
    registered: bool
    cut_off: bool
    api_keys: bool
    auth_methods: tuple[str, ...]
    grants: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    keys: int
    jwks_uri: str | None
    profile: str
    subscriptions: tuple[GrantedView, ...]


class UnusedView(msgspec.Struct, frozen=True):
    api: str
    version: str
    called: bool
    granted: tuple[str, ...]
    unused: tuple[str, ...]


class CalledOperationView(msgspec.Struct, frozen=True):
    operation: str
    calls: int
    last_seen: datetime


class ToDoView(msgspec.Struct, frozen=True):
    kind: Kind
    application: str
    consumer: str
    api: str
    version: str
    title: str
    phase: Phase | None
    due: datetime | None
    deprecation: datetime | None
    sunset: datetime | None
    successor: str | None
    migration_guide: str | None
    brown_outs: tuple[Window, ...]
    called: tuple[CalledOperationView, ...]


class ApplicationRoutes:
    """The handlers."""

    def __init__(self, room: SubscriptionsRoom, calendar: CalendarRoom, usage: UsageQueries) -> None:
        self._room = room
        self._calendar = calendar
        self._usage = usage
        self.routes = (
            AdminRoute("listApplications", self.list_applications),
            AdminRoute("showApplication", self.show),
            AdminRoute("getApplicationUsage", self.get_usage),
            AdminRoute("listUnusedScopes", self.list_unused),
            AdminRoute("listToDo", self.list_to_do),
        )

    async def list_applications(self, request: AdminRequest) -> Result:
        query = request.query
        limit: int = query.get("limit", DEFAULT_LIMIT)
        sought = Sought(query.get("consumer"), query.get("q", ""))
        found = self._room.applications.page(request.principal, sought, limit + 1, query.get("after"))
        items = [
            ApplicationItem(each.client_id, each.name, each.consumer, len(each.subscriptions)) for each in found
        ]
        return cut(items, limit, lambda each: each.client_id)

    async def show(self, request: AdminRequest) -> Result:
        found = self._room.applications.find(request.principal, request.path["client_id"])
        view, published = self._room.view(), self._room.published()
        if isinstance(found, Refusal) or view is None or published is None:
            return UNKNOWN
        approved = await self._room.desk.approved(found.client_id)
        return _detail(shown(found, view, published, approved), await self._calendar.entries())

    async def get_usage(self, request: AdminRequest) -> Result:
        found = self._room.applications.find(request.principal, request.path["client_id"])
        if isinstance(found, Refusal):
            return found
        now = int(self._room.clock())
        return await usage_within(self._usage, request.query, now, application=found.client_id)

    async def list_unused(self, request: AdminRequest) -> Result:
        found = self._room.applications.find(request.principal, request.path["client_id"])
        if isinstance(found, Refusal):
            return found
        unused = await self._room.unused(found, self._since(request))
        views = [UnusedView(each.api, each.version, each.called, each.granted, each.unused) for each in unused]
        return page(request, views, lambda each: f"{each.api}/{each.version}")

    async def list_to_do(self, request: AdminRequest) -> Result:
        named: str | None = request.query.get("application")
        applications = self._room.applications.own(request.principal)
        if named is not None:
            found = self._room.applications.find(request.principal, named)
            if isinstance(found, Refusal):
                return found
            applications = (found,)
        entries = await self._calendar.entries()
        todo = await self._room.to_do(applications, entries, self._since(request))
        return page(request, [self._to_do(each) for each in todo], _to_do_key)

    def _since(self, request: AdminRequest) -> int:
        return int(self._room.clock()) - int(request.query.get("days", _DAYS)) * DAY

    def _to_do(self, each: ToDo) -> ToDoView:
        entry, version = each.entry, each.version
        return ToDoView(
            kind=each.kind,
            application=each.application.client_id,
            consumer=each.application.consumer,
            api=version.api,
            version=version.version,
            title=version.api if entry is None else entry.title,
            phase=None if entry is None else entry.phase(self._room.clock()),
            due=moment_or_none(each.due),
            deprecation=None if entry is None else moment_or_none(entry.deprecation),
            sunset=None if entry is None else moment_or_none(entry.sunset),
            successor=None if entry is None else entry.successor,
            migration_guide=None if entry is None else entry.migration_guide,
            brown_outs=()
            if entry is None
            else tuple(Window(moment(one.start), moment(one.end)) for one in entry.brown_outs),
            called=tuple(
                CalledOperationView(one.operation, one.calls, moment(one.last_seen)) for one in each.called
            ),
        )


def _to_do_key(each: ToDoView) -> str:
    return f"{each.application}/{each.api}/{each.version}"


def _detail(found: Shown, entries: Iterable[CalendarEntry]) -> ApplicationDetail:
    application, oauth = found.application, found.oauth
    ending = {(each.api, each.version): each for each in entries}
    return ApplicationDetail(
        client_id=application.client_id,
        title=application.name,
        consumer=application.consumer,
        team=found.team,
        registered=found.registered,
        cut_off=found.cut_off,
        api_keys=found.api_keys,
        auth_methods=oauth.auth_methods,
        grants=oauth.grants,
        redirect_uris=oauth.redirect_uris,
        keys=len((oauth.jwks or {}).get("keys", ())),
        jwks_uri=oauth.jwks_uri or None,
        profile=oauth.profile,
        subscriptions=tuple(_granted(each, application.client_id, ending) for each in found.granted),
    )


def _granted(each: Granted, client_id: str, ending: dict[tuple[str, str], CalendarEntry]) -> GrantedView:
    subscription = each.subscription
    entry = ending.get((subscription.api, subscription.version))
    spared = (one.extended_until for one in entry.subscribers if one.application == client_id) if entry else ()
    return GrantedView(
        api=subscription.api,
        version=subscription.version,
        plan=subscription.plan,
        scopes=subscription.scopes,
        origin=each.origin,
        request=each.request,
        state=None if each.version is None else each.version.lifecycle.state,
        sunset=None if entry is None else moment_or_none(entry.sunset),
        extended_until=moment_or_none(next((one for one in spared if one is not None), None)),
    )
