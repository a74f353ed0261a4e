"""Responses: which status codes can come, and what comes with them (OAS 3.1 §4.8.16, RFC 9110 §15).

A code is covered by its range (`4XX`), and that by `default`: what is said more exactly than before was possible
before, and is compared with what covered it.
"""

from collections.abc import Iterator
from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.contents import compare_contents
from contracts.diff.context import Context
from contracts.diff.headers import compare_headers
from contracts.diff.links import compare_links
from contracts.diff.model import Operation, media_types
from contracts.diff.rule import DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity

AREA: Final = "responses"
_CLASSES: Final[dict[str, tuple[str, Severity, Severity]]] = {
    "1": ("informational", "info", "info"),
    "2": ("success", "warning", "warning"),
    "3": ("redirection", "warning", "info"),
    "4": ("client-error", "warning", "info"),
    "5": ("server-error", "warning", "info"),
    "d": ("default", "warning", "info"),
}
"""By the first character of a status: its name in rules, and how grave it is to add and to remove it."""


def _rows() -> Iterator[DiffRule]:
    def rule(name: str, severity: Severity, why: str, *, outgoing: bool = False) -> DiffRule:
        return row(name, severity, why, area=AREA, direction="request" if outgoing else "response")

    whys = {
        "informational": "Clients skip interim responses (RFC 9110 §15.2).",
        "success": "Clients take an unknown code for the x00 of its class (RFC 9110 §15), and miss its meaning.",
        "redirection": "Consumers are sent elsewhere, which not every client follows.",
        "client-error": "Consumers may meet an error that they do not handle.",
        "server-error": "Consumers may meet an error that they do not handle.",
        "default": "Consumers may meet any status that is not listed.",
    }
    for name, added, removed in _CLASSES.values():
        yield rule(f"response-{name}-status-added", added, whys[name])
        why = (
            "What consumers waited for on this outcome does not come any more."
            if name == "success"
            else "Consumers need to handle one outcome less."
        )
        yield rule(f"response-{name}-status-removed", removed, why)
    yield rule(
        "response-success-replaced",
        "error",
        "Not one of the successful answers that consumers know can come any more.",
    )
    yield rule("response-status-specified", "info", "The code was possible before, by its range or by `default`.")
    yield rule("response-status-generalised", "info", "The code stays possible, by its range or by `default`.")
    yield rule("response-body-added", "warning", "Consumers expect no body in this answer.")
    yield rule("response-body-removed", "error", "Consumers read a body that does not come any more.")
    yield rule(
        "outgoing-response-status-added", "info", "Consumers may answer with another status.", outgoing=True
    )
    yield rule(
        "outgoing-response-status-removed",
        "error",
        "Consumers answer with a status that is not understood any more.",
        outgoing=True,
    )
    yield rule(
        "outgoing-response-status-specified", "info", "The code is covered as it was before.", outgoing=True
    )
    yield rule(
        "outgoing-response-status-generalised",
        "info",
        "The code is still understood, by its range.",
        outgoing=True,
    )
    yield rule(
        "outgoing-response-body-added",
        "error",
        "Consumers answer a callback or webhook without a body.",
        outgoing=True,
    )
    yield rule(
        "outgoing-response-body-removed", "info", "A body in the answer is not read any more.", outgoing=True
    )


ROWS: Final = tuple(_rows())


def compare_responses(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """All responses of one operation."""
    name = "outgoing-response" if base.outgoing else "response"
    before, after = _statuses(base), _statuses(revision)
    changes = context.changes
    for status, node in before.items():
        at = where.down("responses", status)
        if status in after:
            _compare(context, base.outgoing, node, after[status], at)
        elif (cover := _cover(status, after)) is not None:
            message = f"the status {said(status)} is covered by {said(cover)} now"
            changes.add(f"{name}-status-generalised", at, message, after[cover], before=status, after=cover)
            _compare(context, base.outgoing, node, after[cover], at)
    gone = [status for status in before if status not in after and _cover(status, after) is None]
    come = [status for status in after if status not in before]
    replaced = not base.outgoing and _replaced(before, after)
    for status in gone:
        at = where.down("responses", status)
        message = f"the status {said(status)} was removed"
        rule = f"{name}-status-removed" if base.outgoing else f"response-{_class(status)}-status-removed"
        if replaced and status[0] == "2":
            rule, message = "response-success-replaced", f"{message}, and no success that was known is left"
        changes.add(rule, at, message, before[status], before=status)
    for status in come:
        at = where.down("responses", status)
        cover = _cover(status, before)
        if cover is not None:
            message = f"the status {said(status)} is listed now, which {said(cover)} covered"
            changes.add(f"{name}-status-specified", at, message, after[status], before=cover, after=status)
            _compare(context, base.outgoing, before[cover], after[status], at)
        elif not any(_covers(status, other) for other in before) or status == "default":
            message = f"the status {said(status)} was added"
            rule = f"{name}-status-added" if base.outgoing else f"response-{_class(status)}-status-added"
            changes.add(rule, at, message, after[status], after=status)


def _statuses(operation: Operation) -> dict[str, Node]:
    section = operation.node.get("responses")
    found = {}
    for status, written in section.members() if section is not None else ():
        node = operation.contract.references.follow(written)
        if node is not None and not status.startswith("x-"):
            found[status if status == "default" else status.upper()] = node
    return found


def _class(status: str) -> str:
    return _CLASSES.get(status[0], _CLASSES["d"])[0]


def _covers(wider: str, status: str) -> bool:
    return wider.endswith("XX") and wider != status and wider[0] == status[0]


def _cover(status: str, among: dict[str, Node]) -> str | None:
    """What admits a status that is not listed itself."""
    if status == "default":
        return None
    return next((other for other in among if _covers(other, status)), "default" if "default" in among else None)


def _replaced(before: dict[str, Node], after: dict[str, Node]) -> bool:
    """Whether no success of the base can come in the revision."""
    old = [status for status in before if status[0] == "2"]
    new = [status for status in after if status[0] == "2"]
    return bool(old) and not any(
        status in new or any(_covers(other, status) or _covers(status, other) for other in new) for status in old
    )


def _compare(context: Context, outgoing: bool, old: Node, new: Node, where: Where) -> None:
    name = "outgoing-response" if outgoing else "response"
    had, has = media_types(context.base, old), media_types(context.revision, new)
    if had and not has:
        context.changes.add(f"{name}-body-removed", where.down("content"), "the body was removed", new)
    elif has and not had:
        context.changes.add(f"{name}-body-added", where.down("content"), "a body was added", new)
    else:
        compare_contents(context, "request" if outgoing else "response", name, old, new, where)
    compare_headers(context, outgoing, old, new, where)
    if not outgoing:
        compare_links(context, old, new, where)
