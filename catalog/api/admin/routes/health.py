"""How things are now: `contract/health.yaml`."""

from datetime import date, datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment
from catalog.health.overview import ApiHealth, ApiStanding, Health
from catalog.health.promises import Latency, Record, Standing
from catalog.health.serving import GatewayHealth, GatewayStanding, UpstreamHealth, UpstreamStanding
from catalog.refusal import Refusal
from catalog.subscriptions.rights import oversees
from contracts.usage.report import HeldVersion


class BurnView(msgspec.Struct, frozen=True):
    hours: int
    rate: float | None
    alarm_at: float
    alarming: bool


class KeptView(msgspec.Struct, frozen=True):
    availability: float
    latency_p95: int | None
    standing: Standing
    available: float | None
    budget_left: float | None
    latency: Latency | None
    burns: tuple[BurnView, ...]


class DayView(msgspec.Struct, frozen=True):
    day: date
    available: float | None
    latency: Latency | None


class RecordView(msgspec.Struct, frozen=True):
    promise: KeptView
    days: tuple[DayView, ...]


class ApiHealthView(msgspec.Struct, frozen=True):
    name: str
    title: str
    standing: ApiStanding
    calls: int
    bad: int
    upstreams: tuple[str, ...]
    behind: UpstreamStanding
    promise: KeptView | None


class GatewayHealthView(msgspec.Struct, frozen=True):
    name: str
    standing: GatewayStanding
    reported_at: datetime
    started: datetime
    serial: int
    current: bool
    age: float | None
    sandbox: bool
    open_requests: int
    held: tuple[HeldVersion, ...]


class HealthView(msgspec.Struct, frozen=True):
    at: datetime
    apis: tuple[ApiHealthView, ...]
    upstreams: tuple[UpstreamHealth, ...]
    gateways: tuple[GatewayHealthView, ...]


class HealthRoutes:
    """The handlers."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self.routes = (
            AdminRoute("getHealth", self.get_health),
            AdminRoute("getPromise", self.get_promise),
        )

    async def get_health(self, request: AdminRequest) -> Result:
        found = await self._health.overview()
        gateways = found.gateways if oversees(request.principal) else ()
        return HealthView(
            moment(found.at),
            tuple(_api(each) for each in found.apis),
            found.upstreams,
            tuple(_gateway(each) for each in gateways),
        )

    async def get_promise(self, request: AdminRequest) -> Result:
        record = await self._health.record(request.path["api"])
        if record is None:
            return Refusal("resource-not-found", "There is no API of this name in force that promises something.")
        days = tuple(DayView(moment(each.start).date(), each.available, each.latency) for each in record.days)
        return RecordView(_kept(record), days)


def _kept(record: Record) -> KeptView:
    return KeptView(
        availability=record.promise.availability,
        latency_p95=record.promise.latency_p95,
        standing=record.standing,
        available=record.available,
        budget_left=record.budget_left,
        latency=record.latency,
        burns=tuple(BurnView(each.hours, each.rate, each.alarm_at, each.alarming) for each in record.burns),
    )


def _api(each: ApiHealth) -> ApiHealthView:
    kept = None if each.record is None else _kept(each.record)
    return ApiHealthView(
        each.name, each.title, each.standing, each.calls, each.bad, each.upstreams, each.behind, kept
    )


def _gateway(each: GatewayHealth) -> GatewayHealthView:
    members = msgspec.structs.asdict(each)
    return GatewayHealthView(
        **{**members, "reported_at": moment(each.reported_at), "started": moment(each.started)}
    )
