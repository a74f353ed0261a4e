"""What is used of quotas: the limits of plans that go over days, held against the calls of those days.

Gateways count by the clock of each limit; here it is days of UTC, which is near enough to see a quota end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from catalog.clock import DAY
from contracts.limits import RateLimit

_NOT_COUNTED: Final = "429"
"""What a limit refused took nothing of it."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit that goes over a day or more, and the calls in its `days`, today included."""

    api: str
    version: str
    limit: RateLimit
    days: int
    used: int

    @property
    def share(self) -> float:
        return self.used / self.limit.quota


def quotas_of(
    plans: Iterable[tuple[str, str, Iterable[RateLimit]]], points: Iterable[Mapping[str, Any]], today: date
) -> tuple[Quota, ...]:
    """`plans` are API, version and the limits of its plan; `points` those of `getUsage` by day, of one application
    and as far back as the longest limit goes. Limits that are not of a subscription alone are left out: what
    others use of them is not known here."""
    counted = [
        (point["api"], point["version"], _day(point["start"]), point["calls"])
        for point in points
        if point["status"] != _NOT_COUNTED
    ]
    found = []
    for api, version, limits in plans:
        for limit in limits:
            if limit.by or limit.window < DAY:
                continue
            days = today.day if limit.period == "month" else limit.window // DAY
            since = today - timedelta(days=days - 1)
            used = sum(calls for *of, day, calls in counted if of == [api, version] and since <= day <= today)
            found.append(Quota(api, version, limit, days, used))
    return tuple(found)


def _day(start: datetime | str) -> date:
    moment = datetime.fromisoformat(start) if isinstance(start, str) else start
    return moment.astimezone(UTC).date()
