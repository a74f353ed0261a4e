"""How much an API is called, as pictures, for those who may see all usage."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from catalog.clock import rfc3339
from catalog.portal.plots import Plot, by_status, by_version
from catalog.portal.visit import Visit
from catalog.subscriptions.rights import oversees

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class DrawnUsage:
    """`complete` is False where there is more than is drawn."""

    by_status: Plot
    by_version: Plot
    complete: bool


async def drawn_usage(visit: Visit, api: str, now: datetime) -> DrawnUsage | None:
    """Of the last days; None for who may not see it. Raises Refused."""
    if not oversees(visit.principal):
        return None
    since = now - timedelta(days=DAYS - 1)
    found = await visit.ask("getUsage", api=api, by="day", **{"from": rfc3339(since)})
    points, first, last = found["points"], since.date(), now.date()
    return DrawnUsage(by_status(points, first, last), by_version(points, first, last), found["complete"])
