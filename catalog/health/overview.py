"""How everything is now: each API by its calls and its promise, each upstream and gateway by what processes tell.

What is read is kept for some seconds: a page that many look at, and that asks again and again, costs one reading.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Generic, Literal, TypeAlias, TypeVar

import msgspec

from catalog.calendar.entries import CurrentView
from catalog.clock import DAY, Clock
from catalog.health.promises import RATES, WINDOW_DAYS, Promise, Record, record_of
from catalog.health.serving import (
    GatewayHealth,
    UpstreamHealth,
    UpstreamStanding,
    gateway_health,
    upstream_health,
)
from catalog.health.traffic import Sum, Traffic, total, traffic
from catalog.publishing.published import CurrentPublished
from catalog.reporting.processes import Process, processes
from catalog.storage.engine import Store
from catalog.usage.periods import HOUR, hour_of
from contracts.estate_files import ApiFile

ApiStanding: TypeAlias = Literal["quiet", "good", "impaired", "failing"]
"""By the calls of this hour and the one before: none; as many failed as may; more; `FAILING` of them and above."""

FAILING: Final = 0.2
UNPROMISED: Final = 0.01
"""The share of calls that may fail where nothing is promised."""

_HOURS: Final = max(hours for hours, _ in RATES)
_FRESH: Final = 5.0
_FRESH_DAYS: Final = 60.0
T = TypeVar("T")


class ApiHealth(msgspec.Struct, frozen=True):
    """An API. `calls` and `bad` are of this hour and the one before. `upstreams` are those of its versions, and
    `behind` is how the worst of them is. `record` is None where nothing is promised."""

    name: str
    title: str
    standing: ApiStanding
    calls: int
    bad: int
    upstreams: tuple[str, ...]
    behind: UpstreamStanding
    record: Record | None


class Overview(msgspec.Struct, frozen=True):
    """`at` is when it was put together (Unix seconds)."""

    at: int
    apis: tuple[ApiHealth, ...]
    upstreams: tuple[UpstreamHealth, ...]
    gateways: tuple[GatewayHealth, ...]


class _Kept(Generic[T]):
    """A value that is read anew once it is `fresh` seconds old; who comes meanwhile waits for the one reading."""

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Clock, fresh: float) -> None:
        self._read = read
        self._clock = clock
        self._fresh = fresh
        self._kept: tuple[float, T] | None = None
        self._lock = asyncio.Lock()

    async def __call__(self) -> T:
        async with self._lock:
            now = self._clock()
            if self._kept is None or not 0 <= now - self._kept[0] < self._fresh:
                self._kept = (now, await self._read())
            return self._kept[1]


class Health:
    """Reads how things are. Raises SQLAlchemyError."""

    def __init__(self, store: Store, view: CurrentView, published: CurrentPublished, clock: Clock) -> None:
        self._store = store
        self._view = view
        self._published = published
        self._clock = clock
        self._hours = _Kept(self._read_hours, clock, _FRESH)
        self._days = _Kept(self._read_days, clock, _FRESH_DAYS)
        self._processes = _Kept(self._read_processes, clock, _FRESH)

    async def overview(self) -> Overview:
        """Of everything that is in force."""
        now, view, published = int(self._clock()), self._view(), self._published()
        told = await self._processes()
        upstreams = upstream_health(() if view is None else view.file.upstreams, told, now)
        standing = {each.name: each.standing for each in upstreams}
        hours, days = _by_api(await self._hours()), _by_api(await self._days())
        apis = []
        for name, api in sorted(view.apis.items()) if view is not None else ():
            used = sorted({each.upstream or api.upstream for each in api.versions.values()})
            behind = _worst(standing.get(each, "unknown") for each in used)
            apis.append(_api(name, api, hours.get(name, []), days.get(name, []), tuple(used), behind, now))
        serial, issued = (0, 0) if published is None else (published.manifest.serial, published.manifest.issued_at)
        gateways = tuple(gateway_health(each, serial, issued, now) for each in told)
        return Overview(now, tuple(apis), upstreams, gateways)

    async def record(self, api: str) -> Record | None:
        """How an API's promise was kept; None where it has none, or there is no such API."""
        view = self._view()
        promise = None if view is None or api not in view.apis else promise_of(view.apis[api])
        if promise is None:
            return None
        days = [each for each in await self._days() if each.api == api]
        hours = [each for each in await self._hours() if each.api == api]
        return record_of(promise, days, hours, int(self._clock()))

    async def _read_hours(self) -> tuple[Traffic, ...]:
        return await traffic(self._store, int(self._clock()) - _HOURS * HOUR, "hour")

    async def _read_days(self) -> tuple[Traffic, ...]:
        return await traffic(self._store, int(self._clock()) - (WINDOW_DAYS - 1) * DAY, "day")

    async def _read_processes(self) -> tuple[Process, ...]:
        return await processes(self._store, self._clock())


def promise_of(api: ApiFile) -> Promise | None:
    """What `api.yaml` promises."""
    return None if api.slo is None else Promise(api.slo.availability, api.slo.latency_p95)


def standing_of(recent: Sum, promise: Promise | None) -> ApiStanding:
    """By what failed lately, and what may."""
    if recent.bad_share is None:
        return "quiet"
    if recent.bad_share >= FAILING:
        return "failing"
    return "impaired" if recent.bad_share > (UNPROMISED if promise is None else promise.allowed) else "good"


def _api(
    name: str,
    api: ApiFile,
    hours: Sequence[Traffic],
    days: Sequence[Traffic],
    upstreams: tuple[str, ...],
    behind: UpstreamStanding,
    now: int,
) -> ApiHealth:
    recent = total(each for each in hours if each.start >= hour_of(now) - HOUR)
    promise = promise_of(api)
    return ApiHealth(
        name=name,
        title=api.title,
        standing=standing_of(recent, promise),
        calls=recent.calls,
        bad=recent.bad,
        upstreams=upstreams,
        behind=behind,
        record=None if promise is None else record_of(promise, days, hours, now),
    )


def _by_api(counted: tuple[Traffic, ...]) -> dict[str, list[Traffic]]:
    found: dict[str, list[Traffic]] = {}
    for each in counted:
        found.setdefault(each.api, []).append(each)
    return found


_ORDER: Final[tuple[UpstreamStanding, ...]] = ("down", "impaired", "good", "unknown")


def _worst(standings: Iterable[UpstreamStanding]) -> UpstreamStanding:
    return min(standings, key=_ORDER.index, default="unknown")
