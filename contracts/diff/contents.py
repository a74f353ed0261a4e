"""`content`: the media types of a message, and what each holds (OAS 3.1 §4.8.14, RFC 9110 §12.5.1).

A media range covers the types below it: `application/*` admits what `application/json` does, so that a range that
is written out is not a removal.
"""

from collections.abc import Iterator
from typing import Any, Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.contract import Contract
from contracts.diff.model import covers, media_range, media_types
from contracts.diff.rule import DiffRule, Direction, row
from contracts.diff.schemas import compare_schemas
from contracts.documents.document import Node, escape
from contracts.findings import Severity
from contracts.openapi.schema_types import types_of

MESSAGES: Final[tuple[tuple[str, Direction, str], ...]] = (
    ("request", "request", "requests"),
    ("response", "response", "responses"),
    ("outgoing-request", "response", "requests of callbacks and webhooks"),
    ("outgoing-response", "request", "answers to callbacks and webhooks"),
)
"""The four kinds of messages: the beginning of their rules' ids, the consumer's direction, and their name."""

_WITH_PARTS: Final = ("multipart/", "application/x-www-form-urlencoded", "*/*", "application/*")
_ENCODING: Final = ("style", "explode", "allowReserved")


def _rows() -> Iterator[DiffRule]:
    for name, direction, called in MESSAGES:
        sent = direction == "request"

        def rule(
            action: str, severity: Severity, why: str, *, name: str = name, direction: Direction = direction
        ) -> DiffRule:
            return row(f"{name}-{action}", severity, why, area="content", direction=direction)

        yield rule(
            "media-type-added",
            "info" if sent else "warning" if name == "response" else "error",
            f"Another media type of {called} is accepted."
            if sent
            else "Consumers who do not ask for one by `Accept` may be answered in another media type."
            if name == "response"
            else f"Consumers must understand another media type of {called}.",
        )
        yield rule(
            "media-type-removed",
            "error" if sent or name == "response" else "info",
            f"Consumers send {called} in a media type that is not accepted any more."
            if sent
            else "Consumers ask for a media type that there is none of any more."
            if name == "response"
            else f"Consumers need one media type of {called} less.",
        )
        yield rule(
            "media-range-narrowed",
            "error" if sent else "info",
            f"Fewer media types of {called} are accepted than the range admitted."
            if sent
            else f"What the range of {called} admitted is said more exactly.",
        )
        yield rule(
            "media-range-widened",
            "info" if sent else "error",
            f"More media types of {called} are accepted."
            if sent
            else f"Consumers must be ready for more media types of {called}.",
        )
        yield rule(
            "encoding-type-added",
            "info" if sent else "error",
            f"A part of {called} may be in another media type."
            if sent
            else f"Consumers must be ready for a part of {called} in another media type.",
        )
        yield rule(
            "encoding-type-removed",
            "error" if sent else "info",
            f"Consumers send a part of {called} in a media type that is not accepted any more."
            if sent
            else f"A part of {called} comes in one media type less.",
        )
        yield rule(
            "encoding-changed",
            "error",
            f"A part of {called} is written in another way than consumers know.",
        )


ROWS: Final = tuple(_rows())


def compare_contents(
    context: Context, direction: Direction, name: str, old: Node, new: Node, where: Where
) -> None:
    """The media types of one message, and their schemas. `name` begins the rules' ids; without one, the entry of
    a parameter's `content` is compared, of which there is exactly one."""
    before, after = media_types(context.base, old), media_types(context.revision, new)
    if not name:
        for was, is_ in zip(before.items(), after.items(), strict=False):
            _compare(context, direction, name, is_[0], was[1], is_[1], where.down("content", is_[0]))
        return
    changes = context.changes
    for media, node in before.items():
        at = where.down("content", media)
        if media in after:
            _compare(context, direction, name, media, node, after[media], at)
        elif (wider := _cover(media, after)) is not None:
            if wider not in before:
                message = f"the media type {said(media)} became the range {said(wider)}"
                changes.add(f"{name}-media-range-widened", at, message, after[wider], before=media, after=wider)
            _compare(context, direction, name, media, node, after[wider], at)
        elif narrower := [other for other in after if covers(media, other)]:
            these = ", ".join(map(said, narrower))
            message = f"the media range {said(media)} became {these}"
            first = after[narrower[0]]
            changes.add(f"{name}-media-range-narrowed", at, message, first, before=media, after=narrower[0])
            for other in narrower:
                _compare(context, direction, name, other, node, after[other], where.down("content", other))
        else:
            message = f"the media type {said(media)} was removed"
            changes.add(f"{name}-media-type-removed", at, message, node, before=media)
    for media, node in after.items():
        if media in before or any(covers(media, other) for other in before):
            continue
        if (cover := _cover(media, before)) is not None:
            # The most specific key applies (OAS 3.1 §4.8.14.1), which was the range before; a range that is gone
            # is compared above.
            if cover in after:
                _compare(context, direction, name, media, before[cover], node, where.down("content", media))
            continue
        message = f"the media type {said(media)} was added"
        changes.add(f"{name}-media-type-added", where.down("content", media), message, node, after=media)


def _cover(media: str, among: dict[str, Node]) -> str | None:
    """The most specific range that admits a media type."""
    found = [other for other in among if covers(other, media)]
    return max(found, key=lambda each: (each.partition(";")[0].count("*") * -1, len(each)), default=None)


def _compare(
    context: Context, direction: Direction, name: str, media: str, old: Node, new: Node, where: Where
) -> None:
    for key in ("schema", "itemSchema"):
        compare_schemas(context, direction, old, new, key, where)
    # `encoding` has no effect on other types (OAS 3.1 §4.8.14).
    if name and media.startswith(_WITH_PARTS):
        _compare_encodings(context, name, old, new, where)


def _compare_encodings(context: Context, name: str, old: Node, new: Node, where: Where) -> None:
    before, after = old.get("encoding"), new.get("encoding")
    names = {key for node in (before, after) if node is not None for key, _ in node.members()}
    for key in sorted(names):
        was = before.get(key) if before is not None else None
        is_ = after.get(key) if after is not None else None
        types = [
            (each.text("contentType") if each is not None else None) or _default_type(contract, media, key)
            for contract, media, each in ((context.base, old, was), (context.revision, new, is_))
        ]
        if all(types):
            _compare_types(context, name, key, types, is_ or new, where)
        for keyword in _ENCODING:
            first, second = _encoding_of(was, keyword), _encoding_of(is_, keyword)
            if first != second:
                message = f"`{keyword}` of the part {said(key)} went from {said(first)} to {said(second)}"
                at = where.pointer(f"/encoding/{escape(key)}/{keyword}")
                context.changes.add(
                    f"{name}-encoding-changed", at, message, is_ or new, before=first, after=second
                )


def _encoding_of(node: Node | None, keyword: str) -> Any:
    """A member of an encoding, or its default (OAS 3.1 §4.8.15.1.2)."""
    value = node.value if node is not None and isinstance(node.value, dict) else {}
    style = value.get("style", "form")
    return value.get(keyword, {"style": "form", "explode": style == "form", "allowReserved": False}[keyword])


def _default_type(contract: Contract, media: Node, part: str) -> str:
    """The media type of a part of which `contentType` says nothing (OAS 3.1 §4.8.15.1.1); empty for a part that
    the schema does not know."""
    schema = media.get("schema")
    found = types_of(schema, contract.references).properties.get(part) if schema is not None else None
    if found is None:
        return ""
    types = types_of(found, contract.references)
    while types.names == {"array"} and types.items is not None:
        types = types_of(types.items, contract.references)
    if not types.names or types.format in ("binary", "base64"):
        return "application/octet-stream"
    return "application/json" if "object" in types.names else "text/plain"


def _compare_types(context: Context, name: str, part: str, types: list[str], node: Node, where: Where) -> None:
    """`contentType` is a list of media ranges."""
    before, after = ([media_range(each) for each in text.split(",")] for text in types)
    at = where.pointer(f"/encoding/{escape(part)}/contentType")
    for media in before:
        if not any(covers(other, media) for other in after):
            message = f"the part {said(part)} cannot be {said(media)} any more"
            context.changes.add(f"{name}-encoding-type-removed", at, message, node, before=media, subject=media)
    for media in after:
        if not any(covers(other, media) for other in before):
            message = f"the part {said(part)} can be {said(media)}"
            context.changes.add(f"{name}-encoding-type-added", at, message, node, after=media, subject=media)
