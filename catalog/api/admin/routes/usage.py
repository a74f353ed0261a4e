"""Who calls what: `contract/usage.yaml`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import DAY, Clock, moment
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.usage.guarded import Used
from catalog.usage.periods import day_of, hour_of
from catalog.usage.queries import Point, Selection, Unit, UsageQueries
from contracts.estate.decode import suggestion
from contracts.estate.estate import CurrentEstate

MOST_POINTS: Final = 10_000

_DAYS: Final = 7
_CALLERS_DAYS: Final = 90
_REPORTED_DAYS: Final = 30
_GUARDED_DAYS: Final = 90


class Within(msgspec.Struct, frozen=True):
    ms_25: int
    ms_100: int
    ms_500: int
    ms_2500: int


class UsagePoint(msgspec.Struct, frozen=True):
    start: datetime
    api: str
    version: str
    status: str
    calls: int
    bytes: int
    mean_milliseconds: float
    within: Within


class UsageView(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    by: Unit
    since: datetime
    until: datetime
    complete: bool
    points: tuple[UsagePoint, ...]


class Caller(msgspec.Struct, frozen=True):
    operation: str
    application: str
    consumer: str
    calls: int
    last_seen: datetime


class ReportedCalls(msgspec.Struct, frozen=True):
    policy: str
    operation: str
    application: str
    consumer: str
    calls: int
    last_seen: datetime


class GuardedCalls(msgspec.Struct, frozen=True):
    application: str
    consumer: str
    model: str
    used: Used
    name: str
    calls: int
    last_seen: datetime


class UsageRoutes:
    """The handlers."""

    def __init__(
        self, queries: UsageQueries, clock: Clock, estate: CurrentEstate, published: CurrentPublished
    ) -> None:
        self._queries = queries
        self._clock = clock
        self._estate = estate
        self._published = published
        self.routes = (
            AdminRoute("getUsage", self.get_usage),
            AdminRoute("listCallers", self.list_callers),
            AdminRoute("listReportedCalls", self.list_reported_calls),
            AdminRoute("listGuardedCalls", self.list_guarded_calls),
        )

    async def get_usage(self, request: AdminRequest) -> Result:
        query = request.query
        if "api" not in query and "application" not in query:
            return _refused("api", "required", "is required where there is no `application`")
        found = await usage_within(self._queries, query, int(self._clock()), **_chosen(query))
        if isinstance(found, UsageView) and not found.points:
            unknown = self._unknown(query["api"], query.get("version")) if "api" in query else None
            return unknown or self._unknown_application(query.get("application")) or found
        return found

    async def list_callers(self, request: AdminRequest) -> Result:
        since = int(self._clock()) - request.query.get("days", _CALLERS_DAYS) * DAY
        found = await self._queries.callers(request.path["api"], request.path["version"], since)
        if not found and (unknown := self._unknown(**request.path)):
            return unknown
        callers = [
            Caller(each.operation, each.application, each.consumer, each.calls, moment(each.last_seen))
            for each in found
        ]
        return page(request, callers, lambda each: f"{each.operation}/{each.application}")

    async def list_reported_calls(self, request: AdminRequest) -> Result:
        since = int(self._clock()) - request.query.get("days", _REPORTED_DAYS) * DAY
        found = await self._queries.reported(request.path["api"], request.path["version"], since)
        if not found and (unknown := self._unknown(**request.path)):
            return unknown
        calls = [
            ReportedCalls(
                each.policy, each.operation, each.application, each.consumer, each.calls, moment(each.last_seen)
            )
            for each in found
        ]
        return page(request, calls, lambda each: f"{each.policy}/{each.operation}/{each.application}")

    async def list_guarded_calls(self, request: AdminRequest) -> Result:
        since = int(self._clock()) - request.query.get("days", _GUARDED_DAYS) * DAY
        found = await self._queries.guarded(request.path["api"], request.path["version"], since)
        if not found and (unknown := self._unknown(**request.path)):
            return unknown
        application = request.query.get("application")
        if not any(application in (None, each.application) for each in found) and (
            unknown := self._unknown_application(application)
        ):
            return unknown
        uses = [
            GuardedCalls(
                each.application,
                each.consumer,
                each.model,
                each.used,
                each.name,
                each.calls,
                moment(each.last_seen),
            )
            for each in found
            if application in (None, each.application)
        ]
        return page(request, uses, lambda each: f"{each.application}/{each.model}/{each.used}/{each.name}")

    def _unknown(self, api: str, version: str | None) -> Refusal | None:
        """Why nothing was counted, where it is for the name: what was retired may have been called before."""
        estate = self._estate()
        if estate is None:
            return None
        versions = {each.version for each in estate.versions if each.api == api}
        if api not in estate.apis:
            what, near = f"API {api!r}", suggestion(api, estate.apis)
        elif version is not None and version not in versions:
            what, near = f"version {version!r} of {api}", suggestion(version, versions)
        else:
            return None
        return _not_there(what, near, "call to")

    def _unknown_application(self, application: str | None) -> Refusal | None:
        """The same for an application: one that is no more may have called before."""
        published = self._published()
        if application is None or published is None or application in published.applications:
            return None
        near = suggestion(application, published.applications)
        return _not_there(f"application {application!r}", near, "call of")


def _not_there(what: str, near: str, counted: str) -> Refusal:
    return Refusal(
        "resource-not-found", f"There is no {what} in force{near}, and no {counted} one was counted in that time."
    )


async def usage_within(
    queries: UsageQueries,
    query: Mapping[str, Any],
    now: int,
    *,
    api: str | None = None,
    version: str | None = None,
    application: str | None = None,
) -> Result:
    """Calls in the time that a query is about (`from`, `to`, `by`). Raises SQLAlchemyError."""
    until = _seconds(query["to"]) if "to" in query else now
    since = _seconds(query["from"]) if "from" in query else until - _DAYS * DAY
    if since > until:
        return _refused("from", "order", "is after `to`")
    by: Unit = query.get("by", "day")
    points = await queries.points(Selection(since, until, api, version, application), by, MOST_POINTS + 1)
    floor = day_of if by == "day" else hour_of
    shown = tuple(map(_shown, points[:MOST_POINTS]))
    return UsageView(by, moment(floor(since)), moment(floor(until)), len(points) <= MOST_POINTS, shown)


def _chosen(query: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: query.get(name) for name in ("api", "version", "application")}


def _shown(point: Point) -> UsagePoint:
    ms_25 = point.in_25_ms
    ms_100 = ms_25 + point.in_100_ms
    ms_500 = ms_100 + point.in_500_ms
    return UsagePoint(
        moment(point.start),
        point.api,
        point.version,
        point.status,
        point.calls,
        point.bytes,
        round(point.microseconds / point.calls / 1000, 3) if point.calls else 0.0,
        Within(ms_25, ms_100, ms_500, ms_500 + point.in_2500_ms),
    )


def _seconds(text: str) -> int:
    """The contract's format was checked: RFC 3339, of which Python reads all but a lower-case `t` and `z`."""
    return int(datetime.fromisoformat(text.upper()).timestamp())


def _refused(name: str, rule: str, message: str) -> Refusal:
    violation = {"in": "query", "pointer": f"/{name}", "rule": rule, "message": message}
    return Refusal("schema-violation", "The query is not as it should be.", {"violations": [violation]})
