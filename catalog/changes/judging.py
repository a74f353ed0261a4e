"""From facts to conditions: the whole list of what a change needs, met or not, in the order people read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from catalog.changes.conditions import Condition
from catalog.changes.facts import Approval, Facts, Found, Kind
from catalog.changes.rules import Needed, Requirements, requirements
from contracts.dates import timestamp
from contracts.estate_changes import ChangesEntry, FreezeWindow

_CALLED: Final[dict[Kind, str]] = {
    "breaking": "breaking change",
    "undecided": "undecided change",
    "lint": "new finding of the linter",
}
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is so around a change. `problems` are why it would not compile with what is in force; `expired` the
    findings whose waiver ended and that the proposed revision still has; `overdue` the emergency changes of its
    unit whose review is late; `now` in Unix seconds. `more` are conditions of others, such as the sunset gate.

    What makes a condition understood, and met by nothing: `lapsed` are approvals of another state of the change,
    `able` whose approval could count (None where that was not asked), `idle` why a waiver that
    holds lets its finding not pass, by fingerprint."""

    now: int
    problems: tuple[str, ...] = ()
    expired: tuple[Found, ...] = ()
    overdue: tuple[int, ...] = ()
    more: tuple[Condition, ...] = ()
    lapsed: tuple[Approval, ...] = ()
    able: tuple[Approval, ...] | None = None
    idle: Mapping[str, str] = field(default_factory=dict)


def conditions(
    settings: ChangesEntry, facts: Facts, approvals: Iterable[Approval], around: Circumstances
) -> tuple[Condition, ...]:
    """Everything that has to be so before the change is published."""
    wanted = requirements(settings.approval, facts)
    given = tuple(approvals)
    return (
        _sound(around.problems),
        *([_withdrawal()] if "withdrawal" in facts.touches else []),
        *(_waived(kind, because, facts.of_kind(kind), around.idle) for kind, because in wanted.waived),
        *(_approved(needed, given, around) for needed in wanted.approvals),
        *([_expired(around.expired)] if around.expired else []),
        *(_overdue(number) for number in around.overdue),
        *around.more,
        *(_frozen(window) for window in freezes(settings.freeze_windows, facts.unit, around.now)),
    )


def needed_of(settings: ChangesEntry, facts: Facts, approvals: Iterable[Approval]) -> tuple[Needed, ...]:
    """Whose approval is still wanted."""
    given = tuple(approvals)
    wanted: Requirements = requirements(settings.approval, facts)
    return tuple(each for each in wanted.approvals if len(each.given(given)) < each.count)


def freezes(windows: Iterable[FreezeWindow], unit: str, now: int) -> tuple[FreezeWindow, ...]:
    """The windows that hold the unit back at this time (Unix seconds)."""
    return tuple(
        window
        for window in windows
        if unit not in window.spared and timestamp(window.start) <= now < timestamp(window.until)
    )


def _sound(problems: Sequence[str]) -> Condition:
    if not problems:
        return Condition("sound", True, "it compiles with everything else that is in force")
    more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
    return Condition("sound", False, f"it does not compile with what is in force: {problems[0]}{more}")


def _withdrawal() -> Condition:
    text = "a version that is served does not become a draft again: it is deprecated and retired, or stays"
    return Condition("withdrawal", False, text)


def _waived(kind: Kind, because: tuple[str, ...], found: Sequence[Found], idle: Mapping[str, str]) -> Condition:
    what = f"{_CALLED[kind]}{'s' * (len(found) != 1)}"
    missing = tuple(dict.fromkeys(each.fingerprint for each in found if not each.waived))
    by = _by(because)
    if not found:
        return Condition(f"waived:{kind}", True, f"there is no {_CALLED[kind]} that would need a waiver {by}")
    if not missing:
        return Condition(f"waived:{kind}", True, f"{len(found)} {what}, each of them waived {by}")
    way = ", or the change goes into a new version" if kind == "breaking" else ""
    have = "has" if len(missing) == 1 else "have"
    text = f"{len(missing)} of {len(found)} {what} {have} no waiver{way} {by}"
    text = "; ".join((text, *(idle[each] for each in missing if each in idle)))
    return Condition(f"waived:{kind}", False, text, missing)


def _approved(needed: Needed, approvals: Sequence[Approval], around: Circumstances) -> Condition:
    given = needed.given(approvals)
    people = "person" if needed.count == 1 else "people"
    done = f"; {', '.join(given)} did" if given else ""
    text = (
        f"{needed.count} {people} with the role {needed.who} {'has' if needed.count == 1 else 'have'} to approve"
    )
    ident = f"approvals:{'+'.join(needed.roles)}" + (f":{'+'.join(sorted(needed.teams))}" if needed.teams else "")
    met = len(given) >= needed.count
    why = "" if met else _lapsed(needed, given, around.lapsed) + _too_few(needed, around.able)
    return Condition(ident, met, f"{text} {_by(needed.because)}{done}{why}", needed.roles)


def _lapsed(needed: Needed, given: tuple[str, ...], lapsed: Sequence[Approval]) -> str:
    """Who has to look again."""
    names = sorted({each.actor for each in lapsed if needed.takes(each)} - set(given))
    if not names:
        return ""
    return f"; {' and '.join(names)} approved it as it was before, which does not count for what it is now"


def _too_few(needed: Needed, able: Sequence[Approval] | None) -> str:
    """That waiting is in vain: even all who could approve are not enough."""
    if able is None:
        return ""
    names = sorted({each.actor for each in able if needed.takes(each)})
    if len(names) >= needed.count:
        return ""
    who = f"only {' and '.join(names)} {'has' if len(names) == 1 else 'have'}" if names else "nobody has"
    return f"; of all who are not its authors {who} it, which is too few"


def _by(rules: tuple[str, ...]) -> str:
    return f"(rule{'s' * (len(rules) != 1)} {', '.join(rules)})"


def _expired(found: Sequence[Found]) -> Condition:
    named = "; ".join(f"{each.fingerprint} ({each.rule})" for each in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    text = f"waivers ended of findings that are still there: {named}{more}; mend them, or have them waived anew"
    return Condition("waivers-expired", False, text, tuple(each.fingerprint for each in found))


def _overdue(number: int) -> Condition:
    text = f"the emergency change {number} of this unit was published without a review, which is overdue"
    return Condition(f"review:{number}", False, text)


def _frozen(window: FreezeWindow) -> Condition:
    return Condition("freeze", False, f"nothing is published until {window.until} (UTC): {window.reason}")
