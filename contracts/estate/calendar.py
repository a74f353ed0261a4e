"""When a version is deprecated, browned out and ended: from its entry in `api.yaml` and the estate's policy."""

from collections.abc import Iterable
from typing import Final

from contracts.dates import timestamp
from contracts.estate_files import BrownOutRule, DeprecationPolicyEntry, VersionEntry
from contracts.operations import Brownout, Lifecycle

DAY: Final = 86_400
"""Seconds. A day of the calendar is one of UTC, which has no other length."""


def lifecycle_of(entry: VersionEntry, policy: DeprecationPolicyEntry | None) -> Lifecycle:
    """The calendar of one version. A date that is none is left out: the rules of `calendar_rules` report it."""
    deprecation, sunset = seconds(entry.deprecation), seconds(entry.sunset)
    return Lifecycle(
        state=entry.state,
        deprecation=deprecation,
        sunset=sunset,
        successor=entry.successor,
        documentation=entry.migration_guide,
        brownouts=_brownouts(entry, policy, deprecation, sunset),
    )


def seconds(text: str | None) -> int | None:
    """The date in Unix seconds; None for one that is missing or not in the calendar."""
    try:
        return None if text is None else timestamp(text)
    except ValueError:
        return None


def announced(rules: Iterable[BrownOutRule], deprecation: int, sunset: int) -> tuple[Brownout, ...]:
    """What the estate's policy makes of a sunset. A window that would begin before the deprecation is none."""
    windows = (_window(rule, sunset) for rule in rules)
    return tuple(each for each in windows if deprecation <= each.start < each.end)


def _window(rule: BrownOutRule, sunset: int) -> Brownout:
    hours, minutes = rule.at.split(":")
    day = (sunset - rule.days_before * DAY) // DAY * DAY
    start = day + int(hours) * 3600 + int(minutes) * 60
    return Brownout(start, min(start + rule.minutes * 60, sunset))


def _brownouts(
    entry: VersionEntry, policy: DeprecationPolicyEntry | None, deprecation: int | None, sunset: int | None
) -> tuple[Brownout, ...]:
    if deprecation is None or sunset is None or entry.state == "retired":
        return ()
    windows = list(announced(policy.brown_outs, deprecation, sunset)) if policy is not None else []
    for each in entry.brown_outs:
        start, end = seconds(each.start), seconds(each.until)
        if start is not None and end is not None and start < end:
            windows.append(Brownout(start, end))
    return _merged(windows)


def _merged(windows: list[Brownout]) -> tuple[Brownout, ...]:
    """In order; those that touch are one, so that nobody is told to come back while the next one begins."""
    merged: list[Brownout] = []
    for each in sorted(windows, key=lambda window: (window.start, window.end)):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Brownout(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return tuple(merged)
