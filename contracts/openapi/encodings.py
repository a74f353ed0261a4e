"""Forms: how the properties of an `application/x-www-form-urlencoded` or `multipart/form-data` body are serialised
(OAS 3.1 §4.8.15).

Refused is what OpenAPI leaves undefined, as it is of parameters.
"""

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.media_types import MEDIA_RANGE, MULTIPART
from contracts.openapi.parameters import compile_header, style_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_types import types_of
from contracts.openapi.schemas import SchemaBundle
from contracts.operations import Encoding, Parameter

_STYLED = ("style", "explode", "allowReserved")


def compile_encodings(
    media: Node, media_type: str, references: References, bundle: SchemaBundle, report: Report
) -> tuple[Encoding, ...]:
    """The encodings of a form's media type object, which has a schema."""
    schema = media.get("schema")
    assert schema is not None
    types = types_of(schema, references)
    if types.names and "object" not in types.names:
        report.add("encoding-unsupported", schema.place, f"a body of {quote(media_type)} is an object")
    found: list[Encoding] = []
    section = media.get("encoding")
    for name, written in section.members() if section is not None else ():
        node = references.follow(written)
        if node is None:
            continue
        if name not in types.properties:
            report.add(
                "keyword-without-effect", written.key_place, f"the schema has no property {quote(name)} to encode"
            )
        found.append(_encoding(name, node, media_type, types.properties.get(name), references, bundle, report))
    return tuple(found)


def _encoding(
    name: str,
    node: Node,
    media_type: str,
    schema: Node | None,
    references: References,
    bundle: SchemaBundle,
    report: Report,
) -> Encoding:
    style: str | None = None
    explode = True
    if any(node.get(keyword) is not None for keyword in _STYLED):
        style = node.text("style") or "form"
        explode = node.flag("explode", style in ("form", "deepObject"))
        if fault := _fault(media_type, style, explode, schema, references):
            report.add("encoding-unsupported", node.place, f"the property {quote(name)} {fault}")
    headers: list[Parameter] = []
    section = node.get("headers")
    for field, written in section.members() if section is not None else ():
        header = references.follow(written)
        if media_type != MULTIPART or header is None:
            continue  # OAS 3.1 §4.8.15.1.1: ignored elsewhere
        compiled = compile_header(header, field, references, bundle, report)
        if compiled is not None:
            headers.append(compiled)
    return Encoding(name, _content_types(node, report), style, explode, tuple(headers))


def _fault(media_type: str, style: str, explode: bool, schema: Node | None, references: References) -> str:
    if media_type == MULTIPART:
        # Each item is a part of its own, whether that is said by the style or not at all.
        return (
            "" if (style, explode) == ("form", True) else f"has the style {quote(style)}, which parts do not have"
        )
    return "" if schema is None else style_fault(schema, "query", style, explode, references)


def _content_types(node: Node, report: Report) -> tuple[str, ...]:
    """A list, separated by commas, of media types and ranges."""
    written = node.get("contentType")
    if written is None or not isinstance(written.value, str):
        return ()
    found = tuple(each.partition(";")[0].strip().lower() for each in written.value.split(","))
    for each in found:
        if not MEDIA_RANGE.fullmatch(each):
            report.add("openapi-invalid", written.place, f"{quote(each)} is not a media type")
    return found
