"""Request bodies: whether there is one, whether it must be there (OAS 3.1 §4.8.13)."""

from collections.abc import Iterator
from typing import Final

from contracts.diff.changes import Where
from contracts.diff.contents import compare_contents
from contracts.diff.context import Context
from contracts.diff.model import Operation
from contracts.diff.rule import DiffRule, row

AREA: Final = "bodies"


def _rows() -> Iterator[DiffRule]:
    yield row(
        "request-body-added-required",
        "error",
        "Consumers do not send a body that did not exist yet.",
        area=AREA,
        direction="request",
    )
    yield row("request-body-added-optional", "info", "Nobody has to send a body.", area=AREA, direction="request")
    yield row(
        "request-body-removed",
        "error",
        "Consumers send a body that is not read any more.",
        area=AREA,
        direction="request",
    )
    yield row(
        "request-body-became-required",
        "error",
        "Requests without a body were valid, and are refused now.",
        area=AREA,
        direction="request",
    )
    yield row(
        "request-body-became-optional",
        "info",
        "Whoever sends a body may go on.",
        area=AREA,
        direction="request",
    )
    why = "Consumers who do not expect a body in a callback or webhook can ignore it."
    yield row("outgoing-request-body-added-required", "info", why, area=AREA, direction="response")
    yield row("outgoing-request-body-added-optional", "info", why, area=AREA, direction="response")
    yield row(
        "outgoing-request-body-removed",
        "error",
        "Consumers read a body that is not sent any more.",
        area=AREA,
        direction="response",
    )
    yield row(
        "outgoing-request-body-became-required",
        "info",
        "The body is always sent from now on.",
        area=AREA,
        direction="response",
    )
    yield row(
        "outgoing-request-body-became-optional",
        "error",
        "Consumers rely on a body that was always sent.",
        area=AREA,
        direction="response",
    )


ROWS: Final = tuple(_rows())


def compare_bodies(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """The request body of one operation."""
    name = "outgoing-request" if base.outgoing else "request"
    direction: Final = "response" if base.outgoing else "request"
    written_old, written_new = base.node.get("requestBody"), revision.node.get("requestBody")
    old = context.base.references.follow(written_old)
    new = context.revision.references.follow(written_new)
    at = where.down("requestBody")
    changes = context.changes
    if old is None and new is not None:
        kind = "required" if new.flag("required") else "optional"
        changes.add(f"{name}-body-added-{kind}", at, f"a body was added, which is {kind}", written_new or new)
    elif old is not None and new is None:
        changes.add(f"{name}-body-removed", at, "the body was removed", written_old or old)
    elif old is not None and new is not None:
        if old.flag("required") != new.flag("required"):
            word, other = ("required", "optional") if new.flag("required") else ("optional", "required")
            message = f"the body was {other} and is {word} now"
            changes.add(f"{name}-body-became-{word}", at.down("required"), message, new)
        compare_contents(context, direction, name, old, new, at)
