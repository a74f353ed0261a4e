"""Parameters of an operation, with style and explode made explicit (OAS 3.1 §4.8.12).

Refused is what OpenAPI leaves undefined, since two readers would decode it differently: a style outside of its
locations and types, and arrays or objects inside an array or object that is not serialised as `content`.
"""

import re
from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.media_types import TEXT, is_json
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_types import types_of
from contracts.openapi.schemas import SchemaBundle
from contracts.operations import Parameter, ParameterLocation

_STYLES: Final[dict[ParameterLocation, tuple[str, ...]]] = {
    # The first is the default.
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_FIELD_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_RESERVED_HEADERS: Final = frozenset(("accept", "content-type", "authorization"))
_COMPOUND: Final = frozenset(("array", "object"))


def compile_parameters(
    path_item: Node, operation: Node, references: References, bundle: SchemaBundle, report: Report
) -> tuple[Parameter, ...]:
    """The parameters of an operation; its own override those of its path item (same name and location)."""
    found: dict[tuple[str, str], Parameter | None] = {}
    for holder in (path_item, operation):
        here: set[tuple[str, str]] = set()
        parameters = holder.get("parameters")
        for written in parameters.items() if parameters is not None else ():
            node = references.follow(written)
            if node is None:
                continue
            name, location = node.text("name"), node.text("in")
            if not name or location is None:
                continue  # refused as invalid OpenAPI
            if location not in _STYLES:
                report.add(
                    "parameter-style-unsupported",
                    (node.get("in") or node).place,
                    f"parameters in {quote(location)} are not supported",
                )
                continue
            key = (location, name.lower() if location == "header" else name)
            if key in here:
                report.add(
                    "parameter-duplicate", written.place, f"the {location} parameter {quote(name)} stands twice"
                )
            here.add(key)
            found[key] = _compile(node, name, location, references, bundle, report)
    return tuple(parameter for parameter in found.values() if parameter is not None)


def compile_header(
    node: Node, name: str, references: References, bundle: SchemaBundle, report: Report
) -> Parameter | None:
    """A header object (OAS 3.1 §4.8.21) as the parameter that it is; None for one that is described elsewhere."""
    return _compile(node, name, "header", references, bundle, report)


def _compile(
    node: Node,
    name: str,
    location: ParameterLocation,
    references: References,
    bundle: SchemaBundle,
    report: Report,
) -> Parameter | None:
    if location == "header" and name.lower() in _RESERVED_HEADERS:
        report.add("parameter-ignored", node.place, f"the header parameter {quote(name)} is ignored")
        return None
    if location == "header" and not _FIELD_NAME.fullmatch(name):
        report.add("openapi-invalid", node.place, f"{quote(name)} is no name of a header field (RFC 9110 §5.1)")
    schema, content = node.get("schema"), node.get("content")
    if (schema is None) == (content is None):
        report.add(
            "parameter-ambiguous", node.place, f"the parameter {quote(name)} needs either `schema` or `content`"
        )
        return None
    style = node.text("style") or _STYLES[location][0]
    explode = node.flag("explode", style in ("form", "deepObject"))
    content_type: str | None = None
    if content is not None:
        content_type, schema = _content(content, name, references, report)
    else:
        assert schema is not None
        if fault := style_fault(schema, location, style, explode, references):
            where = node.get("style") or node
            report.add(
                "parameter-style-unsupported", where.place, f"the {location} parameter {quote(name)} {fault}"
            )
    return Parameter(
        name=name,
        location=location,
        style=style,
        explode=explode or style == "deepObject",
        schema=bundle.inline(schema) if schema is not None else True,
        required=node.flag("required") or location == "path",
        allow_empty=location == "query" and node.flag("allowEmptyValue"),
        content_type=content_type,
    )


def _content(content: Node, name: str, references: References, report: Report) -> tuple[str | None, Node | None]:
    entries = list(content.members())
    if len(entries) != 1:
        report.add(
            "parameter-ambiguous",
            content.place,
            f"the `content` of {quote(name)} needs exactly one entry",
        )
        return None, None
    media_range, written = entries[0]
    if not is_json(media_range) and media_range.lower() != TEXT:
        report.add(
            "parameter-style-unsupported",
            written.key_place,
            f"the parameter {quote(name)} is serialised as {quote(media_range)}; JSON and `{TEXT}` are supported",
        )
    media = references.follow(written)
    return media_range.lower(), media.get("schema") if media is not None else None


def style_fault(
    schema: Node, location: ParameterLocation, style: str, explode: bool, references: References
) -> str:
    """What OpenAPI leaves undefined about a schema in that style, as the rest of a sentence; empty for nothing."""
    allowed = _STYLES[location]
    if style not in allowed:
        return f"has the style {quote(style)}, which is for another location; here: {', '.join(allowed)}"
    types = types_of(schema, references)
    compounds = types.names & _COMPOUND
    if style == "deepObject" and types.names - {"object", "null"}:
        return "has the style `deepObject`, which is for objects only"
    if style in ("spaceDelimited", "pipeDelimited"):
        if types.names - _COMPOUND - {"null"}:
            return f"has the style {quote(style)}, which is for arrays and objects only"
        if explode:
            return f"has the style {quote(style)} with `explode: true`, which OpenAPI leaves undefined"
    if "array" in compounds and types.items is not None and types_of(types.items, references).names & _COMPOUND:
        return "is an array of arrays or objects, which no style can serialise; use `content`"
    if "object" in compounds:
        for name, child in types.properties.items():
            if types_of(child, references).names & _COMPOUND:
                return f"has the property {quote(name)}, itself an array or object; use `content`"
    return ""
