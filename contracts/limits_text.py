"""Limits as they are written, in short (`100/minute`) or with all that may be said of one.

The notation of the short form is that of the `limits` package, whose parser reads it; a day is 86,400 s, a month
30 days and a year 360 days there. Such windows have a fixed length; those of a calendar are called `calendar`.
"""

from functools import lru_cache
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from contracts.estate_words import EstateStruct
from contracts.estate_words import LimitText as LimitText
from contracts.limits import DIMENSIONS, OnUnavailable, RateLimit, WindowKind

By = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^({'|'.join(DIMENSIONS)})(\+({'|'.join(DIMENSIONS)}))*$",
        description="one of " + ", ".join(DIMENSIONS) + ", or several, such as `consumer+operation`",
    ),
]

MOST_LOGGED: Final = 10_000
"""Units of a moving log: each call has an entry of its own in it."""

MOST_WEIGHED: Final = 2**52
"""Units times milliseconds that a `sliding` or `gcra` window may come to: Redis counts in doubles, which are exact
up to twice that."""


class LimitEntry(EstateStruct, frozen=True, kw_only=True):
    """One limit, with all that may be said of it."""

    limit: LimitText
    """How many units in what time."""
    by: By = "subscription"
    """Whose calls are counted together: those that agree in all that is named."""
    window: WindowKind = "fixed"
    """`fixed` begins with the first call; `calendar` is a day or month; `sliding`, `log` and `gcra` have no
    edge."""
    burst: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The most that `gcra` gives at once."""
    time_zone: str | None = None
    """Whose days or months a `calendar` window is (`Europe/Brussels`); UTC without."""
    on_unavailable: OnUnavailable = "local"
    """Without the shared state each worker enforces its share (`local`), the limit does not hold (`open`), or
    every call is refused with 503 (`closed`)."""


def parse_limit(name: str, written: str | LimitEntry) -> RateLimit:
    """The limit called `name`. Raises ValueError for what is no limit or admits no call at all."""
    entry = LimitEntry(limit=written) if isinstance(written, str) else written
    quota, length, multiples, unit = _parsed(entry.limit)
    period = ""
    if entry.window == "calendar":
        if multiples != 1 or unit not in ("day", "month"):
            raise ValueError(f"{entry.limit!r}: a calendar's window is one day or one month")
        period = unit
        _known_zone(entry.time_zone or "UTC")
    elif entry.time_zone is not None:
        raise ValueError(f"a {entry.window!r} window has no time zone; that of a calendar has")
    if (entry.window == "gcra") != (entry.burst is not None):
        raise ValueError("a 'gcra' window needs a burst, and no other has one")
    if entry.window == "log" and quota > MOST_LOGGED:
        raise ValueError(f"{quota} units are more than a log holds ({MOST_LOGGED}); 'sliding' counts as many")
    if entry.window in ("sliding", "gcra") and max(quota, entry.burst or 0) * length * 1000 > MOST_WEIGHED:
        raise ValueError(f"{entry.limit!r}: too many units in too long a window for {entry.window!r}")
    named = set(entry.by.split("+"))
    return RateLimit(
        name,
        quota,
        length,
        entry.window,
        () if entry.by == "subscription" else tuple(each for each in DIMENSIONS if each in named),
        entry.burst or 0,
        "month" if period == "month" else "day" if period else "",
        entry.time_zone or "UTC",
        entry.on_unavailable,
    )


def limit_of(name: str, value: Any) -> RateLimit:
    """As `parse_limit`, of a value that may be anything. Raises ValueError."""
    if isinstance(value, str):
        return parse_limit(name, value)
    try:
        return parse_limit(name, msgspec.convert(value, LimitEntry))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def written_limit(limit: RateLimit) -> str:
    """What differs from a fixed window for each subscription: ` by consumer, calendar (Europe/Brussels)`."""
    parts = [f" by {'+'.join(limit.by)}"] if limit.by else []
    if limit.kind == "calendar":
        parts.append(f" calendar ({limit.time_zone})")
    elif limit.kind == "gcra":
        parts.append(f" gcra, burst {limit.burst}")
    elif limit.kind != "fixed":
        parts.append(f" {limit.kind}")
    return ",".join(parts)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[int, int, int, str]:
    """Units, seconds, and the window as it was written: how many of which unit. Raises ValueError."""
    # Imported here: its importers bring `packaging` and half a dozen optional storages, 60 ms for every command.
    from limits import parse

    item = parse(text.strip())
    if item.amount < 1:
        raise ValueError(f"{text!r} admits no call at all")
    if item.multiples < 1:
        raise ValueError(f"{text!r} has a window of no length")
    return item.amount, item.get_expiry(), item.multiples, item.GRANULARITY.name


@lru_cache(maxsize=64)
def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None
