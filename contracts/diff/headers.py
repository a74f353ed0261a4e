"""Headers of responses (OAS 3.1 §4.8.21): consumers read them, and send those of answers to callbacks."""

from collections.abc import Iterator
from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.lifecycle import is_past
from contracts.diff.model import parameters_of_headers
from contracts.diff.parameters import (
    compare_deprecated,
    compare_required,
    compare_serialisation,
    compare_values,
)
from contracts.diff.rule import DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity


def _rows() -> Iterator[DiffRule]:
    def received(action: str, severity: Severity, why: str) -> DiffRule:
        return row(f"response-header-{action}", severity, why, area="headers", direction="response")

    def sent(action: str, severity: Severity, why: str) -> DiffRule:
        return row(f"outgoing-response-header-{action}", severity, why, area="headers", direction="request")

    yield received("added-required", "info", "Consumers who do not know a header field ignore it (RFC 9110 §5.1).")
    yield received("added-optional", "info", "Consumers who do not know a header field ignore it (RFC 9110 §5.1).")
    yield received("removed-required", "error", "Consumers rely on a header that always came.")
    yield received("removed-optional", "warning", "Consumers who read the header get none any more.")
    yield received("removed-after-sunset", "info", "The sunset that was announced for the header has passed.")
    yield received("became-required", "info", "The header always comes from now on.")
    yield received("became-optional", "error", "Consumers rely on a header that always came.")
    yield received("explode-changed", "error", "Arrays and objects in the header are written in another way.")
    yield received("serialisation-changed", "error", "The same value of the header is written in another way.")
    yield received("media-type-changed", "error", "The value of the header is written in another media type.")
    yield received("deprecated", "info", "Consumers should stop reading the header.")
    yield received("undeprecated", "info", "What made the header deprecated holds no more.")
    yield sent("added-required", "error", "Consumers do not answer with a header that did not exist yet.")
    yield sent("added-optional", "info", "Nobody has to answer with the header.")
    yield sent("removed-required", "info", "A header of the answer is not read any more.")
    yield sent("removed-optional", "info", "A header of the answer is not read any more.")
    yield sent("removed-after-sunset", "info", "The sunset that was announced for the header has passed.")
    yield sent("became-required", "error", "Answers without the header were valid, and are refused now.")
    yield sent("became-optional", "info", "Whoever answers with the header may go on.")
    yield sent("explode-changed", "error", "Arrays and objects in the header are written in another way.")
    yield sent("serialisation-changed", "error", "The same value of the header is written in another way.")
    yield sent("media-type-changed", "error", "The value of the header is written in another media type.")
    yield sent("deprecated", "info", "Consumers should stop sending the header.")
    yield sent("undeprecated", "info", "What made the header deprecated holds no more.")


ROWS: Final = tuple(_rows())


def compare_headers(context: Context, outgoing: bool, old: Node, new: Node, where: Where) -> None:
    """The headers of one response, which are known by their names in lower case."""
    rule = "outgoing-response-header" if outgoing else "response-header"
    before = parameters_of_headers(context.base, old)
    after = parameters_of_headers(context.revision, new)
    for name, header in after.items():
        at = Where(
            where.down("headers", header.name).location, where.down("headers", name).stable, where.operation
        )
        called = f"the header {said(header.name)}"
        previous = before.get(name)
        if previous is None:
            kind = "required" if header.required else "optional"
            message = f"{called} was added, which is {kind}"
            context.changes.add(f"{rule}-added-{kind}", at, message, header.written, after=header.name)
            continue
        compare_required(context, rule, called, previous, header, at)
        compare_serialisation(context, rule, called, previous, header, at)
        compare_deprecated(context, rule, called, previous.node, header.node, at)
        compare_values(context, rule, "request" if outgoing else "response", previous, header, at)
    for name, header in before.items():
        if name in after:
            continue
        at = Where(
            where.down("headers", header.name).location, where.down("headers", name).stable, where.operation
        )
        kind = "required" if header.required else "optional"
        past = header.node.flag("deprecated") and is_past(header.node, context)
        message = f"the {kind} header {said(header.name)} was removed"
        action = "removed-after-sunset" if past else f"removed-{kind}"
        context.changes.add(f"{rule}-{action}", at, message, header.written, before=header.name)
