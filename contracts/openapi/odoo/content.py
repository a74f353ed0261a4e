"""`content` of a mapping: a binary field is the body of the answer (`get`) or of the request (`update`).

::

    content: {field: datas, media-type: mimetype, file-name: name}    # or `content: image_1920`

`media-type` and `file-name` are fields of the record. Without the first the media type is the one that the
operation declares; with it that may be a range (`image/*`), and what Odoo says has to be in it.
"""

from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.media_types import FORMS, MEDIA_RANGE, is_json
from contracts.openapi.odoo.names import field_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.operations import OdooContent

_KEYS: Final = ("field", "media-type", "file-name")


def compile_content(
    mapping: Node, action: str, operation: Node, references: References, report: Report
) -> OdooContent | None:
    """None where the mapping has none; what is wrong is reported."""
    node = mapping.get("content")
    if node is None:
        return None
    fields = {"field": node} if not isinstance(node.value, dict) else dict(node.members())
    for key, member in fields.items():
        if key not in _KEYS:
            message = f"`content` has no key {quote(key)}; it takes {', '.join(_KEYS)}"
            report.add("odoo-mapping-invalid", member.key_place, message)
        elif fault := field_fault(member.value):
            report.add("odoo-name-invalid", member.place, fault)
    if "field" not in fields:
        report.add("odoo-mapping-invalid", node.place, "`content` needs `field`, a binary one")
        return None
    named = {key: str(member.value) for key, member in fields.items()}
    if action != "get" and "file-name" in named:
        message = "`file-name` is of an answer; a request has none"
        report.add("odoo-mapping-invalid", fields["file-name"].key_place, message)
    ranges = _ranges(action, operation, references)
    declared = _declared(ranges, node, action, "media-type" in named, report)
    return OdooContent(named["field"], declared, named.get("media-type"), named.get("file-name"))


def _declared(ranges: list[Node], node: Node, action: str, is_told: bool, report: Report) -> str:
    """The media type that the operation declares for the body."""
    what = "answer" if action == "get" else "request"
    if not ranges or (action == "get" and len(ranges) > 1):
        report.add(
            "odoo-mapping-invalid", node.place, f"the {what} declares one media type, that of the `content`"
        )
        return "application/octet-stream"
    for each in ranges:
        name = each.key.lower()
        if is_json(name) or name in FORMS or not MEDIA_RANGE.fullmatch(name):
            report.add("odoo-mapping-invalid", each.key_place, f"{quote(each.key)} is no media type of a file")
        elif action == "get" and name.endswith("/*") and not is_told:
            message = f"which of {quote(each.key)} it is, `media-type` of `content` says: a field of the record"
            report.add("odoo-mapping-invalid", each.key_place, message)
    return ranges[0].key.lower()


def _ranges(action: str, operation: Node, references: References) -> list[Node]:
    holder: Node | None = None
    if action == "get":
        responses = operation.get("responses")
        for status, written in responses.members() if responses is not None else ():
            if status.startswith("2"):
                holder = references.follow(written)
                break
    else:
        holder = references.follow(operation.get("requestBody"))
    content = holder.get("content") if holder is not None else None
    return [media for _, media in content.members()] if content is not None else []
