"""What the calendar demands of a change: notice before a version ends or refuses calls, and silence before it is
retired.

The rules are functions over values; `CalendarGate` gathers the values. A condition's text names callers and their
counts, which change from hour to hour: whoever compares two assessments compares ids and whether they are met.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from catalog.calendar.agreements import Consent, Override
from catalog.calendar.callers import Caller, Callers
from catalog.calendar.consents import Consents
from catalog.calendar.extension import Extension
from catalog.calendar.extensions import Extensions
from catalog.calendar.overrides import Overrides
from catalog.changes.conditions import Condition
from catalog.clock import DAY, Clock
from catalog.notices.wording import day
from contracts.estate_files import DeprecationPolicyEntry
from contracts.operations import Lifecycle

_DEFAULTS: Final = DeprecationPolicyEntry(notice_days=1)

_NAMED: Final = 5
"""Callers that a condition names; the calendar has them all."""


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What becomes of one version: `before` and `after` are None where it is not in the estate."""

    api: str
    version: str
    before: Lifecycle | None
    after: Lifecycle | None

    @property
    def name(self) -> str:
        return f"{self.api} {self.version}"

    @property
    def is_retired(self) -> bool:
        """Whether calls that were answered until now get 410, or 404, without a calendar that says so."""
        served = self.before is not None and self.before.state in ("published", "deprecated")
        return served and (self.after is None or self.after.state in ("retired", "draft"))


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a version. `observed_since` (Unix seconds) is None where no call was ever reported;
    `lost_calls` are those of all APIs that gateways could not tell of."""

    observed_since: int | None = None
    lost_calls: int = 0
    callers: Sequence[Caller] = ()
    consents: Sequence[Consent] = ()
    overrides: Sequence[Override] = ()
    extensions: Sequence[Extension] = ()


def notice_conditions(change: VersionChange, notice_days: int | None, now: float) -> tuple[Condition, ...]:
    """That a sunset which is new, or nearer than it was, leaves as many days as were promised: counted from now,
    or from a deprecation that lies ahead. One that lies behind was told to nobody until now."""
    after, before = change.after, change.before
    if after is None or after.sunset is None or after.state in ("draft", "retired") or not notice_days:
        return ()
    known = None if before is None or before.state == "draft" else before.sunset
    if before is None or before.state == "draft" or (known is not None and after.sunset >= known):
        return ()
    begins = max(int(now), after.deprecation or 0)
    days = max(after.sunset - begins, 0) // DAY
    text = f"{change.name} ends on {day(after.sunset)}: {days} days of notice, {notice_days} are promised"
    return (Condition(f"notice:{change.api}/{change.version}", days >= notice_days, text),)


def brown_out_conditions(change: VersionChange, least_days: int, now: float) -> tuple[Condition, ...]:
    """That a brown-out which is new, or reaches out of the one that was announced, begins no sooner than
    `least_days` from now: the last reminder of it has to go out. A window that nobody was told of is an outage."""
    after, before = change.after, change.before
    if after is None or after.state in ("draft", "retired") or before is None or before.state == "draft":
        return ()
    known = before.brownouts
    new = [
        each
        for each in after.brownouts
        if each.end > now and not any(old.start <= each.start and each.end <= old.end for old in known)
    ]
    if not new:
        return ()
    starts = min(each.start for each in new)
    text = (
        f"{change.name} refuses every call from {day(starts)}, a brown-out that is new: "
        f"it is announced {_days(least_days)} before"
    )
    return (Condition(f"brown-out:{change.api}/{change.version}", starts >= now + least_days * DAY, text),)


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def retirement_conditions(
    change: VersionChange,
    evidence: Evidence,
    *,
    quiet_days: int,
    now: float,
    authors: frozenset[str] = frozenset(),
) -> tuple[Condition, ...]:
    """That a version which is retired or taken away is past its sunset, that no extension runs, and that nobody
    has called it for `quiet_days`, or all who did have agreed. An override stands for all of that that none of the
    `authors` gave, nor in their name."""
    if not change.is_retired or change.before is None:
        return ()
    override = next((each for each in evidence.overrides if each.counts_for(authors)), None)
    if override is not None:
        text = f"{override.given_by} has overridden the sunset gate of {change.name}: {override.reason}"
        return (Condition(f"sunset-gate:{change.api}/{change.version}", met=True, text=text),)
    return (
        _past(change, change.before, now),
        _no_extension(change, evidence.extensions),
        _silent(change, evidence, quiet_days, now),
    )


def _past(change: VersionChange, before: Lifecycle, now: float) -> Condition:
    identity = f"sunset:{change.api}/{change.version}"
    if before.sunset is None:
        return Condition(identity, met=False, text=f"{change.name} has no sunset: nobody was told that it ends")
    is_past = now >= before.sunset
    return Condition(identity, is_past, f"{change.name} {'ended' if is_past else 'ends'} on {day(before.sunset)}")


def _no_extension(change: VersionChange, extensions: Sequence[Extension]) -> Condition:
    identity = f"extensions:{change.api}/{change.version}"
    if not extensions:
        return Condition(identity, met=True, text=f"no extension on {change.name} is in force")
    who = ", ".join(f"{each.application} until {day(each.until)}" for each in extensions)
    return Condition(identity, met=False, text=f"extensions on {change.name} are in force: {who}")


def _silent(change: VersionChange, evidence: Evidence, quiet_days: int, now: float) -> Condition:
    identity = f"quiet:{change.api}/{change.version}"
    sunset = change.before.sunset if change.before is not None else None
    agreed = {each.consumer for each in evidence.consents if sunset is not None and each.sunset <= sunset}
    left = [each for each in evidence.callers if each.consumer not in agreed]
    if left:
        return Condition(
            identity,
            met=False,
            text=f"{change.name} was called within {quiet_days} days, by {_named(left)}",
            needs=tuple(sorted({f"consent:{each.consumer}" for each in left if each.consumer})),
        )
    if evidence.observed_since is None or evidence.observed_since > now - quiet_days * DAY:
        # Silence before anybody listened is no evidence.
        since = "never was" if evidence.observed_since is None else f"is since {day(evidence.observed_since)}"
        text = f"{change.name} has to be quiet for {quiet_days} days, and usage {since} reported"
        return Condition(identity, met=False, text=text)
    agreement = f", but by those who agreed: {', '.join(sorted(agreed))}" if evidence.callers else ""
    unknown = f"; gateways lost count of {evidence.lost_calls} calls" if evidence.lost_calls else ""
    text = f"nobody called {change.name} for {quiet_days} days{agreement}{unknown}"
    return Condition(identity, met=True, text=text)


def _named(callers: Sequence[Caller]) -> str:
    shown = ", ".join(
        f"{each.application or 'nobody in particular'} ({each.calls}, the last on {day(each.last_seen)})"
        for each in callers[:_NAMED]
    )
    more = len(callers) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


class CalendarGate:
    """Asks the store for what the conditions depend on."""

    def __init__(
        self, callers: Callers, consents: Consents, overrides: Overrides, extensions: Extensions, clock: Clock
    ) -> None:
        self._callers = callers
        self._consents = consents
        self._overrides = overrides
        self._extensions = extensions
        self._clock = clock

    async def conditions(
        self,
        changes: Iterable[VersionChange],
        policy: DeprecationPolicyEntry | None,
        notice_days: Mapping[str, int | None],
        authors: frozenset[str],
    ) -> tuple[Condition, ...]:
        """All conditions of a change, in the order of its versions. `policy` is of the estate in force;
        `notice_days` are those of APIs that have their own. Raises SQLAlchemyError."""
        now = self._clock()
        general = policy.notice_days if policy is not None else None
        bar = policy if policy is not None else _DEFAULTS
        quiet_days, announced_days = bar.quiet_days, min(bar.brown_out_reminders, default=0)
        found: list[Condition] = []
        for change in changes:
            found += notice_conditions(change, notice_days.get(change.api) or general, now)
            found += brown_out_conditions(change, announced_days, now)
            if change.is_retired:
                evidence = await self._evidence(change, int(now) - quiet_days * DAY)
                found += retirement_conditions(change, evidence, quiet_days=quiet_days, now=now, authors=authors)
        return tuple(found)

    async def _evidence(self, change: VersionChange, since: int) -> Evidence:
        api, version = change.api, change.version
        sunset = change.before.sunset if change.before is not None else None
        granted = await self._extensions.in_force()
        return Evidence(
            observed_since=await self._callers.observed_since(),
            lost_calls=await self._callers.lost_since(since),
            callers=await self._callers.calls_since(api, version, since),
            consents=await self._consents.of(api, version),
            overrides=await self._overrides.of(api, version, sunset),
            extensions=[each for each in granted if (each.api, each.api_version) == (api, version)],
        )


def changes_between(
    before: Mapping[tuple[str, str], Lifecycle], after: Mapping[tuple[str, str], Lifecycle]
) -> list[VersionChange]:
    """The versions of which something changes, by API and version."""
    return [
        VersionChange(*key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
