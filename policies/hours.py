"""At which times an operation may be called: by the days, times and holidays of a place.

Outside of them the answer is 503, with `Retry-After` at the next opening (RFC 9110 §15.6.4: "scheduled
maintenance, which will likely be alleviated after some delay"): nothing is wrong with the call but its time.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, field

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.exchange import Exchange
from policies.opening_times import DAY, OpeningTimes, Spell, Window
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Clock, Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "hours"

EXAMPLE: Final = """\
zone: Europe/Madrid
open:
  - { days: [mon, tue, wed, thu, fri], from: "07:00", until: "20:00" }
  - { dates: ["2027-11-28"], from: "00:00", until: "24:00" }
closed: ["2027-01-01", "2027-12-25"]
"""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="a day, such as `2027-12-25`")]
Time = Annotated[
    str,
    Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="a time of the place's clock, such as `08:30`"),
]


class OpenWindow(PolicyConfig, frozen=True):
    """A time at which it is open: on every day, unless some are named."""

    start: Time = field(name="from", default="00:00")
    """When it opens."""
    until: Time = "24:00"
    """When it closes; with a time that is not after `from`, on the next day."""
    days: tuple[Weekday, ...] = ()
    """Days of the week on which it opens."""
    dates: Annotated[tuple[Day, ...], Meta(max_length=400)] = ()
    """Single days on which it opens, whichever day of the week they are."""


class HoursConfig(PolicyConfig, frozen=True):
    """Settings of `hours`."""

    open: Annotated[tuple[OpenWindow, ...], Meta(max_length=50)] = ()
    """When the operation may be called."""
    zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"
    """The place whose clock and calendar hold, such as `Europe/Madrid` (IANA Time Zone Database)."""
    closed: Annotated[tuple[Day, ...], Meta(max_length=400)] = ()
    """Days on which it is closed, such as holidays."""


def bind(config: HoursConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """Raises ZoneInfoNotFoundError, and ValueError for a day that there is not."""
    times = OpeningTimes(
        ZoneInfo(config.zone), tuple(map(_window, config.open)), frozenset(map(_day, config.closed))
    )
    return HoursCheck(times, ports.clock).check


def check(setting: Setting[HoursConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """Places and days that there are not, and times at which it would never be open."""
    config = setting.config
    try:
        ZoneInfo(config.zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Fault("/zone", f"there is no time zone {config.zone!r}")
    yield from _no_days("/closed", config.closed)
    if not config.open:
        yield Fault("", "it is never `open`")
    for index, window in enumerate(config.open):
        pointer = f"/open/{index}"
        yield from _no_days(f"{pointer}/dates", window.dates)
        if window.start in (window.until, "24:00"):
            yield Fault(f"{pointer}/from", f"from {window.start} until {window.until} is no time")


class HoursCheck:
    """Remembers whether it is open, until that changes."""

    __slots__ = ("_clock", "_spell", "_times")

    def __init__(self, times: OpeningTimes, clock: Clock) -> None:
        self._times = times
        self._clock = clock
        self._spell = Spell(False, 0.0, 0.0)

    def check(self, exchange: Exchange) -> Verdict:
        now = self._clock()
        spell = self._spell
        if not spell.holds(now):
            spell = self._spell = self._times.spell(now)
        return ALLOW if spell.open else _refusal(spell, now)


def _refusal(spell: Spell, now: float) -> Deny:
    if spell.end is None:
        return Deny(POLICY, problem("outside-hours", "The operation is closed."))
    opens = datetime.fromtimestamp(spell.end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seconds = int(spell.end - now) + 1  # never so soon that it is still closed
    headers = (("retry-after", str(seconds)),)
    return Deny(POLICY, problem("outside-hours", f"The operation opens at {opens}.", headers=headers, opens=opens))


def _window(entry: OpenWindow) -> Window:
    start, end = _seconds(entry.start), _seconds(entry.until)
    named = entry.days or entry.dates
    return Window(
        start,
        end if end > start else end + DAY,
        frozenset(map(_WEEKDAYS.index, entry.days if named else _WEEKDAYS)),
        frozenset(map(_day, entry.dates)),
    )


def _seconds(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _no_days(pointer: str, days: tuple[str, ...]) -> Iterator[Fault]:
    for index, text in enumerate(days):
        try:
            _day(text)
        except ValueError:
            yield Fault(f"{pointer}/{index}", f"there is no day {text}")
