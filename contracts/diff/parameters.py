"""Parameters: which there are, whether they must be sent, and how they are written (OAS 3.1 §4.8.12)."""

from collections.abc import Iterator
from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.contents import compare_contents
from contracts.diff.context import Context
from contracts.diff.lifecycle import is_past
from contracts.diff.model import Operation, Parameter, media_types
from contracts.diff.rule import DiffRule, Direction, row
from contracts.diff.schemas import compare_schemas
from contracts.documents.document import Node
from contracts.findings import Severity

_LOCATIONS: Final = ("query", "header", "cookie", "path", "querystring")
_UNKNOWN_ARE_IGNORED: Final = ("header", "cookie")


def _rows() -> Iterator[DiffRule]:
    for place in _LOCATIONS:
        yield from _incoming(place)
    for place in ("query", "header", "cookie"):
        yield from _outgoing(place)


def _incoming(place: str) -> Iterator[DiffRule]:
    name, to = f"{place}-parameter", f"a {place} parameter"

    def rule(action: str, severity: Severity, why: str) -> DiffRule:
        return row(f"{name}-{action}", severity, why, area="parameters", direction="request")

    if place == "path":
        yield row(
            "path-parameter-renamed",
            "info",
            "A path parameter's name is not sent: requests stay the same.",
            area="parameters",
            direction="request",
            bump="patch",
        )
    else:
        ignored = place in _UNKNOWN_ARE_IGNORED
        yield rule("added-required", "error", f"Consumers do not send {to} that did not exist yet.")
        yield rule("added-optional", "info", f"Nobody has to send {to} that is optional.")
        yield rule(
            "removed",
            "warning" if ignored else "error",
            f"What consumers ask for by {to} is silently ignored from now on."
            if ignored
            else f"Requests with {to} that is gone are refused, or answered as if it were not there.",
        )
        yield rule("removed-after-sunset", "info", f"The sunset that was announced for {to} has passed.")
        yield rule("became-required", "error", f"Requests without {to} were valid, and are refused now.")
        yield rule("became-optional", "info", f"Whoever sends {to} may go on.")
    if place not in ("querystring", "header"):  # which have one style
        yield rule("style-changed", "error", f"The same value of {to} is written in another way.")
    if place != "querystring":
        yield rule("explode-changed", "error", f"Arrays and objects in {to} are written in another way.")
        yield rule(
            "serialisation-changed", "error", f"Between `schema` and `content`, {to} is written differently."
        )
    yield rule("media-type-changed", "error", f"The value of {to} is written in another media type.")
    if place == "query":
        yield rule(
            "reserved-forbidden", "error", "Reserved characters that were sent as they are must be escaped."
        )
        yield rule(
            "reserved-allowed", "info", "Reserved characters may now be sent as they are; escaped ones stay."
        )
        yield rule("empty-forbidden", "error", "Requests with an empty value were valid, and are refused now.")
        yield rule("empty-allowed", "info", "An empty value is accepted from now on.")
    yield rule("deprecated", "info", f"Consumers should stop sending {to} that is deprecated.")
    yield rule("undeprecated", "info", f"What made {to} deprecated holds no more.")


def _outgoing(place: str) -> Iterator[DiffRule]:
    name, to = f"outgoing-{place}-parameter", f"a {place} parameter of a callback or webhook"

    def rule(action: str, severity: Severity, why: str) -> DiffRule:
        return row(f"{name}-{action}", severity, why, area="parameters", direction="response")

    yield rule("added-required", "info", f"Consumers who do not know {to} can ignore it.")
    yield rule("added-optional", "info", f"Consumers who do not know {to} can ignore it.")
    yield rule("removed", "error", f"Consumers who read {to} get none any more.")
    yield rule("removed-after-sunset", "info", f"The sunset that was announced for {to} has passed.")
    yield rule("became-required", "info", f"{to[0].upper()}{to[1:]} is always sent from now on.")
    yield rule("became-optional", "error", f"Consumers rely on {to} that was always sent.")
    if place != "header":  # which has one style
        yield rule("style-changed", "error", f"The same value of {to} is written in another way.")
    yield rule("explode-changed", "error", f"Arrays and objects in {to} are written in another way.")
    yield rule("serialisation-changed", "error", f"Between `schema` and `content`, {to} is written differently.")
    yield rule("media-type-changed", "error", f"The value of {to} is written in another media type.")
    if place == "query":
        yield rule("reserved-forbidden", "info", "Reserved characters are always escaped from now on.")
        yield rule("reserved-allowed", "error", "Consumers receive reserved characters that were always escaped.")
        yield rule("empty-forbidden", "info", "An empty value is not sent any more.")
        yield rule("empty-allowed", "error", "Consumers receive an empty value that was never sent.")
    yield rule("deprecated", "info", f"Consumers should stop reading {to} that is deprecated.")
    yield rule("undeprecated", "info", f"What made {to} deprecated holds no more.")


ROWS: Final = tuple(_rows())


def compare_parameters(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """The parameters of one operation, those of its path item included."""
    before, after = base.parameters, revision.parameters
    for key, parameter in after.items():
        at = _where(where, revision, parameter)
        old = before.get(key)
        if old is not None:
            _compare(context, old, parameter, base, at)
        elif (name := _rule_prefix(parameter, base.outgoing)) and parameter.location != "path":
            kind = "required" if parameter.required else "optional"
            message = f"the {kind} {parameter.location} parameter {said(parameter.name)} was added"
            context.changes.add(f"{name}-added-{kind}", at, message, parameter.written, after=parameter.name)
    for key, parameter in before.items():
        if key in after or parameter.location == "path" or not (name := _rule_prefix(parameter, base.outgoing)):
            continue
        at = _where(where, base, parameter)
        past = parameter.node.flag("deprecated") and is_past(parameter.node, context)
        message = f"the {parameter.location} parameter {said(parameter.name)} was removed"
        rule = f"{name}-removed-after-sunset" if past else f"{name}-removed"
        context.changes.add(rule, at, message, parameter.written, before=parameter.name)


def _rule_prefix(parameter: Parameter, outgoing: bool) -> str:
    if parameter.location not in (_LOCATIONS[:3] if outgoing else _LOCATIONS):
        return ""
    return f"{'outgoing-' if outgoing else ''}{parameter.location}-parameter"


def _where(where: Where, operation: Operation, parameter: Parameter) -> Where:
    own = parameter.written.pointer.startswith(operation.node.pointer + "/")
    key = f"{parameter.location}:{parameter.name.lower() if parameter.location == 'header' else parameter.name}"
    if parameter.location == "path" and parameter.name in operation.names:
        key = f"path:{operation.names.index(parameter.name)}"
    found = where.item("parameters", parameter.index, key)
    if own:
        return found
    # One of the path item: it stands beside the operations.
    holder = where.location.rpartition("/")[0]
    return Where(f"{holder}/parameters/{parameter.index}", found.stable, where.operation)


def _compare(context: Context, old: Parameter, new: Parameter, base: Operation, where: Where) -> None:
    name = _rule_prefix(new, base.outgoing)
    if not name:
        return
    direction: Direction = "response" if base.outgoing else "request"
    called = f"the {new.location} parameter {said(new.name)}"
    if new.location == "path" and old.name != new.name:
        message = f"the path parameter {said(old.name)} is called {said(new.name)} now"
        context.changes.add(f"{name}-renamed", where, message, new.node, before=old.name, after=new.name)
    compare_required(context, name, called, old, new, where)
    compare_serialisation(context, name, called, old, new, where)
    for keyword, stem in (("allowReserved", "reserved"), ("allowEmptyValue", "empty")):
        was, is_ = old.node.flag(keyword), new.node.flag(keyword)
        if new.location == "query" and was != is_:
            message = f"`{keyword}` of {called} went from {said(was)} to {said(is_)}"
            action = "allowed" if is_ else "forbidden"
            context.changes.add(f"{name}-{stem}-{action}", where.down(keyword), message, new.node)
    compare_deprecated(context, name, called, old.node, new.node, where)
    compare_values(context, name, direction, old, new, where)


def compare_required(
    context: Context, rule: str, called: str, old: Parameter, new: Parameter, where: Where
) -> None:
    """Whether a parameter or header must be there."""
    if old.required != new.required:
        word = "required" if new.required else "optional"
        message = f"{called} was {'optional' if new.required else 'required'} and is {word} now"
        context.changes.add(f"{rule}-became-{word}", where.down("required"), message, new.node)


def compare_serialisation(
    context: Context, rule: str, called: str, old: Parameter, new: Parameter, where: Where
) -> None:
    """Style, explode, and the choice of `schema` or `content`."""
    if (old.node.get("content") is None) != (new.node.get("content") is None):
        was, is_ = (("content" if each.node.get("content") else "schema") for each in (old, new))
        message = f"{called} is serialised by `{is_}`, and was by `{was}`"
        context.changes.add(f"{rule}-serialisation-changed", where, message, new.node, before=was, after=is_)
    elif old.style != new.style:
        message = f"the style of {called} went from {said(old.style)} to {said(new.style)}"
        at = where.down("style")
        context.changes.add(f"{rule}-style-changed", at, message, new.node, before=old.style, after=new.style)
    elif old.explode != new.explode and not _is_scalar(context, old, new):
        message = f"`explode` of {called} went from {said(old.explode)} to {said(new.explode)}"
        at = where.down("explode")
        context.changes.add(
            f"{rule}-explode-changed", at, message, new.node, before=old.explode, after=new.explode
        )


def _is_scalar(context: Context, old: Parameter, new: Parameter) -> bool:
    """Whether the value is no array and no object, so that `explode` has nothing to do (OAS 3.1 §4.8.12.2)."""
    for contract, parameter in ((context.base, old), (context.revision, new)):
        schema = contract.references.follow(parameter.node.get("schema"))
        if schema is None or not isinstance(schema.value, dict):
            return False
        written = schema.value.get("type")
        names = written if isinstance(written, list) else [written]
        if not names or not set(map(str, names)) <= {"string", "number", "integer", "boolean", "null"}:
            return False
    return True


def compare_deprecated(context: Context, rule: str, called: str, old: Node, new: Node, where: Where) -> None:
    """The flag `deprecated` of a parameter or header."""
    was, is_ = old.flag("deprecated"), new.flag("deprecated")
    if was != is_:
        message = f"{called} is deprecated now" if is_ else f"{called} is not deprecated any more"
        action = "deprecated" if is_ else "undeprecated"
        context.changes.add(f"{rule}-{action}", where.down("deprecated"), message, new)


def compare_values(
    context: Context, rule: str, direction: Direction, old: Parameter, new: Parameter, where: Where
) -> None:
    """What a parameter's or header's value may be, by `schema` or by `content`."""
    if old.node.get("content") is not None and new.node.get("content") is not None:
        was, is_ = (
            next(iter(media_types(contract, each.node)), "")
            for contract, each in ((context.base, old), (context.revision, new))
        )
        if was != is_:
            # There is exactly one, and it says how the value is written (OAS 3.1 §4.8.12.3).
            message = f"the value of {said(new.name)} is written as {said(is_)}, and was as {said(was)}"
            at = where.down("content")
            context.changes.add(f"{rule}-media-type-changed", at, message, new.node, before=was, after=is_)
            return
        compare_contents(context, direction, "", old.node, new.node, where)
    elif old.node.get("content") is None and new.node.get("content") is None:
        compare_schemas(context, direction, old.node, new.node, "schema", where)
