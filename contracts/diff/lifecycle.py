"""Deprecation and sunset of operations: notice is given, kept, and not taken back (RFC 8594, RFC 9745)."""

from datetime import UTC, date, datetime
from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.model import Operation
from contracts.diff.rule import row
from contracts.documents.document import Node

SUNSET: Final = "x-sunset"
AREA: Final = "lifecycle"

ROWS: Final = (
    row("operation-deprecated", "info", "Consumers should plan to leave the operation.", area=AREA),
    row(
        "operation-deprecated-without-sunset",
        "warning",
        "Consumers cannot plan without the day on which it ends.",
        area=AREA,
    ),
    row("operation-undeprecated", "info", "What was going to end stays.", area=AREA),
    row("sunset-added", "info", "Consumers know until when they can call the operation.", area=AREA),
    row("sunset-removed", "info", "The operation does not end on the day that was announced.", area=AREA),
    row("sunset-moved-earlier", "error", "Consumers planned with the day that was announced.", area=AREA),
    row("sunset-moved-later", "info", "Consumers have more time than was announced.", area=AREA),
    row("sunset-notice-too-short", "error", "Consumers need the notice period to leave the operation.", area=AREA),
    row(
        "sunset-unreadable",
        "warning",
        "Nobody can tell when the operation ends if its sunset is no date.",
        area=AREA,
        undecided=True,
    ),
)


def sunset_of(operation: Operation) -> Node | None:
    """The node that says it: at the operation, or else at the document."""
    return operation.extension(SUNSET)


def date_of(node: Node | None) -> date | None:
    """The day (UTC) of an `x-sunset`; None if there is none, or it is not one."""
    text = node.value if node is not None else None
    if not isinstance(text, str):
        return None
    try:
        if len(text) == len("2026-01-01"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None


def is_past(holder: Node, context: Context) -> bool:
    """Whether the sunset of a parameter, header or other part has passed."""
    day = date_of(holder.get(SUNSET))
    return day is not None and day <= context.options.today


def compare_lifecycle(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """What changed about the end of one operation."""
    changes = context.changes
    old, new = sunset_of(base), sunset_of(revision)
    if base.node.flag("deprecated") != revision.node.flag("deprecated"):
        flag = revision.node.get("deprecated") or revision.node
        at = where.down("deprecated")
        if not revision.node.flag("deprecated"):
            changes.add("operation-undeprecated", at, "the operation is not deprecated any more", flag)
        elif new is None:
            message = f"the operation is deprecated now, without an `{SUNSET}`"
            changes.add("operation-deprecated-without-sunset", at, message, flag)
        else:
            changes.add(
                "operation-deprecated", at, f"the operation is deprecated now, until {said(new.value)}", flag
            )
    _compare_sunset(context, old, new, revision, where.down(SUNSET))


def _compare_sunset(context: Context, old: Node | None, new: Node | None, revision: Operation, at: Where) -> None:
    changes, options = context.changes, context.options
    if (old.value if old else None) == (new.value if new else None):
        return
    before, after = date_of(old), date_of(new)
    was, is_ = (old.value if old else None), (new.value if new else None)
    if new is not None and after is None:
        changes.add("sunset-unreadable", at, f"the sunset {said(is_)} is no date", new, before=was, after=is_)
        return
    if new is None or after is None:
        message = f"the sunset {said(was)} was taken back"
        changes.add("sunset-removed", at, message, revision.node, before=was)
        return
    if before == after:
        return
    if before is not None and after < before:
        message = f"the sunset was moved earlier, from {said(was)} to {said(is_)}"
        changes.add("sunset-moved-earlier", at, message, new, before=was, after=is_)
        return
    if before is None:
        changes.add("sunset-added", at, f"the operation ends on {said(is_)}", new, after=is_)
    else:
        message = f"the sunset was moved later, from {said(was)} to {said(is_)}"
        changes.add("sunset-moved-later", at, message, new, before=was, after=is_)
    days = (after - options.today).days
    if days < options.notice_days and before is None:
        message = (
            f"the sunset {said(is_)} is {days} days from {options.today}; notice is {options.notice_days} days"
        )
        changes.add("sunset-notice-too-short", at, message, new, after=is_)
