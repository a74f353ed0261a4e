"""Operations: which there are, by method and path template whatever its parameters are called; and callbacks and
webhooks, which the API sends, so that what breaks in them is the other way round (OAS 3.1 §4.8.18)."""

from collections.abc import Iterable
from typing import Final

from contracts.diff.bodies import compare_bodies
from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.extensions import compare_extensions
from contracts.diff.lifecycle import compare_lifecycle, date_of, sunset_of
from contracts.diff.model import Operation, matches, operations_of, shape
from contracts.diff.parameters import compare_parameters
from contracts.diff.responses import compare_responses
from contracts.diff.rule import row
from contracts.diff.security import compare_security
from contracts.diff.servers import compare_servers
from contracts.reports.entry import OperationName

AREA: Final = "operations"

ROWS: Final = (
    row("operation-added", "info", "Consumers have another operation.", area=AREA),
    row(
        "operation-added-over-template",
        "warning",
        "Calls with that value of a path parameter reach another operation now (OAS 3.1 §4.8.8.2).",
        area=AREA,
    ),
    row("operation-removed", "error", "Consumers call an operation that is gone.", area=AREA),
    row(
        "operation-removed-before-sunset",
        "error",
        "Consumers were told that it stays until its sunset.",
        area=AREA,
    ),
    row(
        "operation-removed-without-sunset",
        "error",
        "The operation was deprecated, but nobody was told when it would end.",
        area=AREA,
    ),
    row("operation-removed-after-sunset", "info", "The operation ended as it was announced.", area=AREA),
    row("operation-id-added", "info", "Generated clients call it by another name.", area=AREA, bump="patch"),
    row("operation-id-removed", "warning", "Generated clients call it by another name.", area=AREA),
    row("operation-id-changed", "warning", "Generated clients call it by another name.", area=AREA),
    row("operation-tag-added", "info", "Generated clients and pages group it elsewhere.", area=AREA, bump="patch"),
    row(
        "operation-tag-removed", "info", "Generated clients and pages group it elsewhere.", area=AREA, bump="patch"
    ),
    row(
        "callback-added",
        "info",
        "The API calls consumers who asked for it.",
        area="callbacks",
        direction="response",
    ),
    row(
        "callback-removed",
        "error",
        "Consumers wait for a call that does not come any more.",
        area="callbacks",
        direction="response",
    ),
    row("webhook-added", "info", "Consumers may have another call.", area="webhooks", direction="response"),
    row(
        "webhook-removed",
        "error",
        "Consumers wait for a call that does not come any more.",
        area="webhooks",
        direction="response",
    ),
    row(
        "webhook-removed-after-sunset",
        "info",
        "The webhook ended as it was announced.",
        area="webhooks",
        direction="response",
    ),
)


def compare_paths(context: Context) -> None:
    """All operations of the two documents; into those that are the same nobody looks."""
    base = {_key(each): each for each in operations_of(context.base, context.base.document.root.get("paths"))}
    section = context.revision.document.root.get("paths")
    revision = {_key(each): each for each in operations_of(context.revision, section)}
    for key, operation in revision.items():
        where = _where("/paths", operation)
        old = base.get(key)
        if old is None:
            _report_added(context, operation, base, where)
        elif not context.sameness.holds_for(old, operation):
            compare_operation(context, old, operation, where)
    for key, operation in base.items():
        if key not in revision:
            _report_removed(context, operation, _where("/paths", operation))


def compare_webhooks(context: Context) -> None:
    """All webhooks of the two documents, which are known by their names."""
    base = {
        (each.method, each.path): each
        for each in operations_of(context.base, context.base.document.root.get("webhooks"), outgoing=True)
    }
    section = context.revision.document.root.get("webhooks")
    revision = {(each.method, each.path): each for each in operations_of(context.revision, section, outgoing=True)}
    for key, operation in {**base, **revision}.items():
        where = _where("/webhooks", operation)
        called = f"the webhook {said(operation.path)}"
        if key not in base:
            context.changes.add("webhook-added", where, f"{called} was added", operation.node)
        elif key not in revision:
            day = date_of(sunset_of(operation))
            past = day is not None and day <= context.options.today
            rule = "webhook-removed-after-sunset" if past else "webhook-removed"
            context.changes.add(rule, where, f"{called} was removed", operation.node)
        else:
            compare_operation(context, base[key], operation, where)


def _key(operation: Operation) -> tuple[str, str]:
    return operation.method, shape(operation.path)


def _where(section: str, operation: Operation) -> Where:
    at = Where(section, section, OperationName(operation.method, operation.path))
    written = at.down(operation.path, *operation.steps)
    nameless = at.down(shape(operation.path), *operation.steps)
    return Where(written.location, nameless.stable, at.operation)


def _report_added(
    context: Context, operation: Operation, base: dict[tuple[str, str], Operation], where: Where
) -> None:
    message = f"the operation {said(str(where.operation))} was added"
    # A template without parameters comes before those that match the same paths.
    template = next(
        (old.path for (method, _), old in base.items() if method == operation.method and matches(old, operation)),
        None,
    )
    if template is None:
        context.changes.add("operation-added", where, message, operation.node)
    else:
        message += f", and takes the calls that {said(template)} took"
        context.changes.add("operation-added-over-template", where, message, operation.node)


def _report_removed(context: Context, operation: Operation, where: Where) -> None:
    sunset = sunset_of(operation)
    day, today = date_of(sunset), context.options.today
    message = f"the operation {said(str(where.operation))} was removed"
    rule = "operation-removed"
    if day is not None and day <= today:
        rule, message = "operation-removed-after-sunset", f"{message}, after its sunset on {day}"
    elif day is not None:
        rule, message = (
            "operation-removed-before-sunset",
            f"{message}, before its sunset on {day} (today is {today})",
        )
    elif operation.node.flag("deprecated"):
        rule, message = "operation-removed-without-sunset", f"{message}, which was deprecated without a sunset"
    context.changes.add(rule, where, message, operation.node)


def compare_operation(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """Everything about one operation."""
    _compare_identity(context, base, revision, where)
    compare_lifecycle(context, base, revision, where)
    compare_parameters(context, base, revision, where)
    compare_bodies(context, base, revision, where)
    compare_responses(context, base, revision, where)
    compare_security(context, base, revision, where)
    compare_servers(context, base, revision, where)
    compare_extensions(context, base, revision, where)
    _compare_callbacks(context, base, revision, where)


def _compare_identity(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    changes = context.changes
    was, is_ = base.node.text("operationId"), revision.node.text("operationId")
    if was != is_:
        action = "added" if was is None else "removed" if is_ is None else "changed"
        message = f"the operation id went from {said(was)} to {said(is_)}"
        at = where.down("operationId")
        changes.add(f"operation-id-{action}", at, message, revision.node, before=was, after=is_)
    before, after = _tags(base), _tags(revision)
    at = where.down("tags")
    for tag in before - after:
        message = f"the tag {said(tag)} was removed"
        changes.add("operation-tag-removed", at, message, revision.node, before=tag, subject=tag)
    for tag in after - before:
        changes.add(
            "operation-tag-added", at, f"the tag {said(tag)} was added", revision.node, after=tag, subject=tag
        )


def _tags(operation: Operation) -> set[str]:
    tags = operation.node.get("tags")
    return {each.value for each in tags.items() if isinstance(each.value, str)} if tags is not None else set()


def _compare_callbacks(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """The calls that an operation makes the API send. They keep the operation's name, at their own location."""
    before, after = _callbacks(base), _callbacks(revision)
    for key in {**before, **after}:
        name, expression, method = key
        at = where.down("callbacks", name, expression, *(after.get(key) or before[key]).steps)
        called = f"the callback {said(f'{name} {method}')}"
        if key not in after:
            context.changes.add("callback-removed", at, f"{called} was removed", before[key].node)
        elif key not in before:
            context.changes.add("callback-added", at, f"{called} was added", after[key].node)
        else:
            compare_operation(context, before[key], after[key], at)


def _callbacks(operation: Operation) -> dict[tuple[str, str, str], Operation]:
    section = operation.node.get("callbacks")
    found = {}
    for name, written in section.members() if section is not None else ():
        callback = operation.contract.references.follow(written)
        inner: Iterable[Operation] = operations_of(operation.contract, callback, outgoing=not operation.outgoing)
        for each in inner if not name.startswith("x-") else ():
            found[name, each.path, each.method] = each
    return found
