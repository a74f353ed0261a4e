"""What can be refused of a request's body before any of it is read: its length, its type, its being there.

413 for a declared length above the operation's limit, 415 for a type that the contract does not have (RFC 9110
§15.5.16; XML has to be named, a range will not do), 422 `unexpected-body` where the contract has no body at all:
415 would promise that another type will do.
"""

from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem, problem
from policies.exchange import Exchange, Violation
from policies.ports import Ports
from policies.validation.media_types import content_of
from policies.validation.validators import validators_of
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "body-limits"

_ZERO: Final = 0x30
_UNEXPECTED: Final = Violation("body", "", "unexpected-body", "the operation takes no body")
_BODY_REFUSED: Final = Deny(
    POLICY, problem("schema-violation", "The operation takes no body.", violations=[_UNEXPECTED.as_member()])
)


def has_body(exchange: Exchange) -> bool:
    """Whether the request's head announces content (RFC 9112 §6): a chunked body counts, even an empty one."""
    fields = exchange.fields
    length = fields.get(b"content-length")
    if length is None:
        return b"transfer-encoding" in fields
    if length and length[0] != _ZERO:
        return True
    return length.strip(b"0") != b"" or b"transfer-encoding" in fields


def bind(version: ApiVersion, operation: Operation, ports: Ports | None = None) -> Stage:
    """The HEAD-phase stage of an operation."""
    if operation.body is None:
        return _refuse_body
    content = content_of(operation.body.content, validators_of(version))
    known = content.known
    maximum = operation.max_body
    too_large = Deny(POLICY, problem("body-too-large", f"The limit is {maximum} bytes.", limit=maximum))
    accept = ", ".join(content.ranges)
    takes = f"The operation takes {accept}" if accept else "The operation takes no media type"
    wrong_type = Deny(POLICY, _wrong_type(operation, content.ranges, f"{takes}."))
    wrong_charset = Deny(POLICY, _wrong_type(operation, content.ranges, f"{takes}, and JSON in UTF-8 alone."))
    unnamed_xml = Deny(
        POLICY, _wrong_type(operation, content.ranges, f"{takes}, and XML only where that names it.")
    )

    def body_limits(exchange: Exchange) -> Verdict:
        if not has_body(exchange):
            return ALLOW
        fields = exchange.fields
        length = fields.get(b"content-length", b"0")
        if len(length) > 18 or not length.isdigit() or int(length) > maximum:
            return too_large
        content_type = fields.get(b"content-type", b"")
        entry = known.get(content_type) or content.find(content_type)
        if entry is None:
            return wrong_charset if content.but_for_charset(content_type) else wrong_type
        return unnamed_xml if entry.unnamed_xml else ALLOW

    return body_limits


def _wrong_type(operation: Operation, ranges: tuple[str, ...], detail: str) -> Problem:
    # RFC 9110 §12.5.1: in an answer, Accept says what a next request may carry; POST and PATCH have their own.
    header = {"POST": "accept-post", "PATCH": "accept-patch"}.get(operation.method, "accept")
    return problem(
        "unsupported-media-type",
        detail,
        headers=((header, ", ".join(ranges)),),
        accept=list(ranges),
    )


def _refuse_body(exchange: Exchange) -> Verdict:
    return _BODY_REFUSED if has_body(exchange) else ALLOW
