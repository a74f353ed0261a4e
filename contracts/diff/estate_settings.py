"""What an estate says of its APIs beside their contracts, and consumers feel: classification, calendar, plans.

Read as plain values: an estate that `ostiary check` would refuse can still be compared.
"""

from typing import Any, Final

from contracts.diff.changes import Changes, Where, said
from contracts.diff.context import Options
from contracts.diff.extensions import protection
from contracts.diff.lifecycle import date_of
from contracts.diff.policies import compare_policies, joined_settings
from contracts.diff.rule import DiffRule, row
from contracts.diff.version_choice import compare_choice
from contracts.documents.document import Node
from contracts.findings import Severity
from contracts.limits import RateLimit
from contracts.limits_text import limit_of


def _rule(name: str, severity: Severity, why: str, *, undecided: bool = False) -> DiffRule:
    return row(name, severity, why, area="document", direction="request", undecided=undecided)


ROWS: Final = (
    _rule("api-classification-tightened", "error", "Consumers without the clearance cannot call it any more."),
    _rule("api-classification-loosened", "info", "More consumers may be let in."),
    _rule(
        "api-classification-undecided",
        "warning",
        "Nobody can tell who is cleared for an unknown class.",
        undecided=True,
    ),
    _rule("api-sunset-added", "info", "Consumers know until when they can call the version."),
    _rule("api-sunset-removed", "info", "The version does not end on the day that was announced."),
    _rule("api-sunset-moved-earlier", "error", "Consumers planned with the day that was announced."),
    _rule("api-sunset-moved-later", "info", "Consumers have more time than was announced."),
    _rule("api-sunset-notice-too-short", "error", "Consumers need the notice period to leave the version."),
    _rule("plan-added", "info", "There is another plan."),
    _rule("plan-removed", "error", "Subscriptions have a plan that is gone."),
    _rule("plan-limit-added", "error", "Calls that were let in may be refused."),
    _rule("plan-limit-removed", "info", "Fewer calls are refused."),
    _rule("plan-limit-lowered", "error", "Calls that were let in may be refused."),
    _rule("plan-limit-raised", "info", "More calls are let in."),
)


def compare_api(changes: Changes, old: Node, new: Node, options: Options) -> None:
    """Two `api.yaml`."""
    was, is_ = old.value.get("classification"), new.value.get("classification")
    if was != is_:
        message = f"the API's classification went from {said(was)} to {said(is_)}"
        at = Where("/classification", "/classification")
        node = new.get("classification") or new
        changes.add(f"api-classification-{protection(was, is_)}", at, message, node, before=was, after=is_)
    compare_layer(changes, old, new, Where("", ""))
    compare_choice(changes, old, new)
    before, after = old.get("versions"), new.get("versions")
    for name, version in after.members() if after is not None else ():
        previous = before.get(name) if before is not None else None
        if previous is not None:
            at = Where("/versions", "/versions").down(name)
            compare_layer(changes, previous, version, at)
            ends = previous.get("sunset"), version.get("sunset")
            _compare_sunset(changes, name, *ends, version, at.down("sunset"), options)


def _compare_sunset(
    changes: Changes, name: str, old: Node | None, new: Node | None, holder: Node, at: Where, options: Options
) -> None:
    before, after = date_of(old), date_of(new)
    called = f"the sunset of {said(name)}"
    if before == after:
        return
    if after is None:
        changes.add("api-sunset-removed", at, f"{called}, {said(str(before))}, was taken back", holder)
    elif before is None:
        changes.add("api-sunset-added", at, f"{called} is {said(str(after))}", new or holder)
        days = (after - options.today).days
        if days < options.notice_days:
            message = f"{called} is {days} days from {options.today}; notice is {options.notice_days} days"
            changes.add("api-sunset-notice-too-short", at, message, new or holder)
    else:
        action = "earlier" if after < before else "later"
        message = f"{called} was moved {action}, from {said(str(before))} to {said(str(after))}"
        changes.add(f"api-sunset-moved-{action}", at, message, new or holder, before=str(before), after=str(after))


def compare_layer(changes: Changes, old: Node, new: Node, at: Where) -> None:
    """The settings of policies that two files, or two plans, make."""
    (was, _), (is_, nodes) = (joined_settings((each.get("policies"),)) for each in (old, new))
    compare_policies(changes, was, is_, at.down("policies"), {**nodes, "": new})


def compare_plans(changes: Changes, old: Node, new: Node) -> None:
    """The plans of two `ostiary.yaml`."""
    before, after = (_plans(each) for each in (old, new))
    for name in {**before, **after}:
        at = Where("/plans", "/plans").down(name)
        if name not in after:
            changes.add("plan-removed", at, f"the plan {said(name)} was removed", before[name])
        elif name not in before:
            changes.add("plan-added", at, f"the plan {said(name)} was added", after[name])
        else:
            _compare_limits(changes, name, before[name], after[name], at.down("limits"))
            compare_layer(changes, before[name], after[name], at)


def _plans(root: Node) -> dict[str, Node]:
    section = root.get("plans")
    return dict(section.members()) if section is not None else {}


def _compare_limits(changes: Changes, plan: str, old: Node, new: Node, at: Where) -> None:
    before, after = (_limits(each) for each in (old, new))
    for name in {**before, **after}:
        where, called = at.down(name), f"the limit {said(name)} of the plan {said(plan)}"
        was, is_ = before.get(name), after.get(name)
        if is_ is None:
            changes.add("plan-limit-removed", where, f"{called} was removed", was or old)
        elif was is None:
            changes.add("plan-limit-added", where, f"{called} is {said(is_.value)}", is_, after=is_.value)
        elif was.value != is_.value and (lowered := _is_lower(name, was.value, is_.value)) is not None:
            action = "lowered" if lowered else "raised"
            message = f"{called} went from {said(was.value)} to {said(is_.value)}"
            changes.add(f"plan-limit-{action}", where, message, is_, before=was.value, after=is_.value)


def _limits(plan: Node) -> dict[str, Node]:
    section = plan.get("limits")
    return dict(section.members()) if section is not None else {}


def _is_lower(name: str, was: Any, is_: Any) -> bool | None:
    """Whether fewer calls are let in, at once or in the long run; None if it is the same in other words."""
    try:
        old, new = limit_of(name, was), limit_of(name, is_)
    except ValueError:
        return True  # what cannot be read may let in none
    if old == new:
        return None
    return new.most < old.most or new.quota * old.window < old.quota * new.window or _is_stricter(old, new)


def _is_stricter(old: RateLimit, new: RateLimit) -> bool:
    """Whether it counts more calls together, or lets in less at a window's edge, or in an outage."""
    if new.by != old.by and not set(old.dimensions) < set(new.dimensions):
        return True
    if new.kind != old.kind and new.kind != "fixed":
        return True
    return new.on_unavailable != old.on_unavailable and new.on_unavailable != "open"
