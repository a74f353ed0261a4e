"""Servers: where an operation is called (OAS 3.1 §4.8.5)."""

from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.model import Operation
from contracts.diff.rule import DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity


def _rule(name: str, severity: Severity, why: str) -> DiffRule:
    return row(name, severity, why, area="servers", direction="request")


ROWS: Final = (
    _rule("server-added", "info", "The API can be called at another address."),
    _rule("server-removed", "error", "Consumers who chose the address have nothing at it any more."),
    _rule("servers-replaced", "error", "Not one address that consumers call is listed any more."),
    _rule("server-variable-default-changed", "warning", "The same template leads elsewhere."),
    _rule("server-variable-value-added", "info", "Another value of the variable is offered."),
    _rule("server-variable-value-removed", "error", "Consumers call an address with a value that is gone."),
    _rule("server-variable-restricted", "error", "Consumers may call an address with a value that is not listed."),
    _rule("server-variable-unrestricted", "info", "Any value of the variable is offered."),
)


def compare_document_servers(context: Context) -> None:
    """The servers that hold for the document."""
    base, revision = context.base.document.root, context.revision.document.root
    _compare(context, base.get("servers"), revision.get("servers"), Where("/servers", "/servers"), revision)


def compare_servers(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """The servers of an operation, where they are not the document's on both sides."""
    own = [each.node.get("servers") or each.item.get("servers") for each in (base, revision)]
    if base.outgoing or own == [None, None]:
        return
    _compare(context, base.servers, revision.servers, where.down("servers"), revision.node)


def _compare(context: Context, old: Node | None, new: Node | None, at: Where, holder: Node) -> None:
    before, after = _urls(old), _urls(new)
    changes = context.changes
    gone = [url for url in before if url not in after]
    for url in gone:
        if len(gone) < len(before):
            was_listed = before[url] or holder
            changes.add(
                "server-removed", at, f"the server {said(url)} was removed", was_listed, before=url, subject=url
            )
    if gone and len(gone) == len(before):
        was, is_ = ", ".join(before), ", ".join(after)
        message = f"the servers went from {said(was)} to {said(is_)}"
        changes.add("servers-replaced", at, message, new or holder, before=was, after=is_)
        return
    for url, node in after.items():
        if url not in before:
            changes.add(
                "server-added", at, f"the server {said(url)} was added", node or holder, after=url, subject=url
            )
        else:
            _compare_variables(context, url, before[url], node, at)


def _urls(servers: Node | None) -> dict[str, Node | None]:
    """By URL without a slash at its end. Without any, the server is `/` (OAS 3.1 §4.8.1)."""
    found: dict[str, Node | None] = {}
    for server in servers.items() if servers is not None else ():
        found[(server.text("url") or "").rstrip("/") or "/"] = server
    return found or {"/": None}


def _compare_variables(context: Context, url: str, old: Node | None, new: Node | None, at: Where) -> None:
    if old is None or new is None:
        return
    before, after = old.get("variables"), new.get("variables")
    for name, variable in after.members() if after is not None else ():
        previous = before.get(name) if before is not None else None
        if previous is None:
            continue
        called = f"the variable {said(name)} of {said(url)}"
        was, is_ = previous.text("default"), variable.text("default")
        where = Where(at.location, f"{at.stable}/{url}/{name}", at.operation)
        if was != is_:
            message = f"the default of {called} went from {said(was)} to {said(is_)}"
            context.changes.add("server-variable-default-changed", where, message, variable, before=was, after=is_)
        _compare_values(context, called, previous, variable, where)


def _compare_values(context: Context, called: str, old: Node, new: Node, where: Where) -> None:
    first, second = old.value.get("enum"), new.value.get("enum")
    changes = context.changes
    if not isinstance(first, list):
        if isinstance(second, list):
            changes.add("server-variable-restricted", where, f"{called} takes only {said(second)} now", new)
        return
    if not isinstance(second, list):
        changes.add("server-variable-unrestricted", where, f"{called} takes any value now", new)
        return
    for value in [*first, *(each for each in second if each not in first)]:
        if value not in second:
            message = f"the value {said(value)} of {called} was removed"
            changes.add("server-variable-value-removed", where, message, new, before=value, subject=str(value))
        elif value not in first:
            message = f"the value {said(value)} of {called} was added"
            changes.add("server-variable-value-added", where, message, new, after=value, subject=str(value))
