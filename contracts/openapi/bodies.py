"""Request bodies and responses: media types and their schemas (OAS 3.1 §4.8.13, §4.8.17).

JSON (`application/json` and `…+json`) is checked against its schema, and of requests forms are; any other declared
media type is accepted as it is, which a finding says of request bodies.
"""

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.classification import check_unfiltered
from contracts.openapi.encodings import compile_encodings
from contracts.openapi.media_types import FORMS, MEDIA_RANGE, is_json
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schemas import SchemaBundle
from contracts.operations import MediaType, RequestBody, Response


def compile_body(
    operation: Node, references: References, bundle: SchemaBundle, report: Report
) -> RequestBody | None:
    """The request body that an operation declares."""
    written = operation.get("requestBody")
    body = references.follow(written)
    if body is None or written is None:
        return None
    if operation.key in ("get", "head"):
        report.add(
            "body-on-bodyless-method", written.key_place, f"a body of {operation.key.upper()} has no meaning"
        )
    content = _content(body, references, bundle, report, forms=True)
    rpc = operation.get("x-ostiary-odoo")
    guarded = rpc is not None and rpc.text("action") == "rpc"  # each call in it is judged
    for media, node in content:
        if media.schema is None and not guarded:
            read = is_json(media.range) or media.range in FORMS
            reason = "they have no schema" if read else "only JSON and forms are"
            report.add(
                "body-not-checked", node.key_place, f"bodies of {quote(media.range)} are not checked: {reason}"
            )
    return RequestBody(body.flag("required"), tuple(media for media, _ in content))


def compile_responses(
    operation: Node, references: References, bundle: SchemaBundle, report: Report
) -> tuple[Response, ...]:
    """The responses that an operation declares, in the order of the contract."""
    responses: list[Response] = []
    section = operation.get("responses")
    for status, written in section.members() if section is not None else ():
        if status.startswith("x-"):
            continue
        node = references.follow(written)
        content = _content(node, references, bundle, report) if node is not None else []
        for media, entry in content:
            if media.schema is None and (holder := references.follow(entry)) is not None:
                check_unfiltered(holder.get("schema"), f"bodies of {quote(media.range)}", references, report)
        headers = node.get("headers") if node is not None else None
        for _, header in headers.members() if headers is not None else ():
            holder = references.follow(header)
            if holder is not None:
                check_unfiltered(holder.get("schema"), "header fields", references, report)
        responses.append(Response(status.upper() if status != "default" else status, tuple(m for m, _ in content)))
    return tuple(responses)


def _content(
    holder: Node, references: References, bundle: SchemaBundle, report: Report, *, forms: bool = False
) -> list[tuple[MediaType, Node]]:
    content = holder.get("content")
    found: list[tuple[MediaType, Node]] = []
    for name, written in content.members() if content is not None else ():
        media_range = name.partition(";")[0].strip().lower()
        if not MEDIA_RANGE.fullmatch(media_range):
            report.add("openapi-invalid", written.key_place, f"{quote(name)} is not a media type")
            continue
        node = references.follow(written)
        schema = node.get("schema") if node is not None else None
        if node is not None and schema is not None and forms and media_range in FORMS:
            encodings = compile_encodings(node, media_range, references, bundle, report)
            found.append((MediaType(media_range, bundle.inline(schema), encodings), written))
            continue
        checked = schema is not None and is_json(media_range)
        found.append((MediaType(media_range, bundle.inline(schema) if checked and schema else None), written))
    return found
