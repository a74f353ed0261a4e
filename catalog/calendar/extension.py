"""What an extension is, and how it reaches the access part of a snapshot. No I/O."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from contracts.snapshot import Application

ExtensionState = Literal["requested", "granted", "refused", "withdrawn", "revoked"]


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """One extension. Times are Unix seconds; `version` counts what happened to it, from 1."""

    number: int
    consumer: str
    application: str
    api: str
    api_version: str
    until: int
    reason: str
    requested_by: str
    requested_at: int
    state: ExtensionState = "requested"
    decided_by: str = ""
    decided_at: int | None = None
    decision: str = ""
    version: int = 1


def extended(granted: Iterable[Extension]) -> dict[tuple[str, str, str], int]:
    """Until when each application is spared, by application, API and version; of several the latest date."""
    found: dict[tuple[str, str, str], int] = {}
    for each in granted:
        key = (each.application, each.api, each.api_version)
        found[key] = max(each.until, found.get(key, 0))
    return found


def with_extensions(applications: Iterable[Application], granted: Iterable[Extension]) -> tuple[Application, ...]:
    """The applications of an access part, with the dates until which the calendar spares their subscriptions."""
    dates = extended(granted)
    return tuple(_with_dates(each, dates) if dates else each for each in applications)


def _with_dates(application: Application, dates: dict[tuple[str, str, str], int]) -> Application:
    subscriptions = tuple(
        msgspec.structs.replace(each, extended_until=dates.get((application.client_id, each.api, each.version)))
        for each in application.subscriptions
    )
    return msgspec.structs.replace(application, subscriptions=subscriptions)
