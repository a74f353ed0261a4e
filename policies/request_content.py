"""A request's content before it is read for its meaning: its coding, its charset, and how large what is in it is.

It bounds what contracts forget to bound, and undoes the content codings (RFC 9110 §8.4) that it is told to take:
never further than the bound, so that a bomb is not unpacked. What was encoded goes upstream decoded. Where nothing
is set, no coding is taken, and the bounds are so wide that only what nobody means exceeds them.
"""

from typing import Final

from contracts.openapi.media_types import MULTIPART, URLENCODED
from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem, problem
from policies.body_limits import has_body
from policies.exchange import Exchange
from policies.ports import Ports
from policies.validation.content_codings import Undecoded, coding_of, decoded
from policies.validation.json_bounds import Bounds, JsonBounds
from policies.validation.media_types import is_json, parse_content_type
from policies.validation.multipart_text import BadForm, Part, PartBounds, read_parts
from policies.validation.settings import MOST_DECODED, RequestContentConfig
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "request-content"

EXAMPLE: Final = """\
depth: 12
array-items: 500
encodings: [gzip, zstd]
ratio: 50
"""

_HARMLESS: Final = 65_536
"""Bytes up to which decoded content may be as many times the encoded as it likes."""

_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_KNOWN_MAXIMUM: Final = 64
_OTHER, _JSON, _PAIRS, _PARTS, _NAMELESS = 0, 1, 2, 3, 4
"""What a body is, as far as its content is looked at."""

_UNTRUE: Final = frozenset({b"content-encoding", b"content-digest", b"repr-digest"})
"""Fields that are about the encoded bytes."""


def reads_whole(config: RequestContentConfig, version: ApiVersion, operation: Operation) -> bool:
    """Whether the body has to be there: it is decoded whole, and read part by part."""
    if operation.body is None:
        return False
    return bool(config.encodings) or any(
        each.range == "*/*" or each.range.startswith("multipart/") for each in operation.body.content
    )


def bind(
    config: RequestContentConfig, version: ApiVersion, operation: Operation, ports: Ports | None = None
) -> Stage | None:
    """The BODY-phase stage of an operation that takes a body. Of a form it notes the parts."""
    if operation.body is None:
        return None
    bounds = Bounds(
        config.depth, config.array_items, config.object_members, config.string_length, config.number_digits
    )
    exceeded = JsonBounds(bounds).exceeded
    utf8_alone = config.charset == "utf-8"
    undo = _Decoding(config, operation)
    most = config.parts
    part_bytes = operation.max_body if config.part_bytes is None else config.part_bytes
    part_bounds = PartBounds(most, part_bytes, config.part_header_bytes, config.file_names == "any")
    known: dict[bytes, int | Deny] = {}

    def request_content(exchange: Exchange) -> Verdict:
        fields = exchange.fields
        body = exchange.body
        if not body and not has_body(exchange):
            return ALLOW
        content_type = fields.get(b"content-type", b"")
        kind = known.get(content_type)
        if kind is None:
            kind = _kind_of(content_type, utf8_alone)
            if kind not in (_PARTS, _NAMELESS) and len(known) < _KNOWN_MAXIMUM and len(content_type) < 256:
                known[content_type] = kind
        if isinstance(kind, Deny):
            return kind
        if b"content-encoding" in fields:
            refusal = undo(exchange)
            if refusal is not None:
                return refusal
            body = exchange.body
        if not body or kind == _OTHER:
            return ALLOW
        if kind == _JSON:
            bound = exceeded(body)
            return _out_of_bounds(bound, getattr(bounds, bound)) if bound else ALLOW
        if kind == _PAIRS:
            return _out_of_bounds("parts", most) if body.count(b"&") >= most else ALLOW
        if kind == _NAMELESS:
            # Of such parts no more is read than how many there are.
            boundary = _boundary(content_type).encode("latin-1")
            if not boundary:
                return malformed_form(POLICY, BadForm("its boundary is none"))
            return _out_of_bounds("parts", most) if body.count(b"--" + boundary) > most + 1 else ALLOW
        parts = read_form(exchange, body, part_bounds)
        if isinstance(parts, BadForm):
            return malformed_form(POLICY, parts)
        exchange.note(POLICY, parts)
        return ALLOW

    return request_content


def _boundary(content_type: bytes) -> str:
    read = parse_content_type(content_type)
    return "" if read is None else read.parameters.get("boundary", "")


def read_form(exchange: Exchange, body: bytes, bounds: PartBounds) -> list[Part] | BadForm:
    """The parts of a multipart body."""
    return read_parts(body, _boundary(exchange.fields.get(b"content-type", b"")), bounds)


def malformed_form(policy: str, form: BadForm) -> Deny:
    """The refusal of a multipart body."""
    if form.bound:
        return Deny(policy, problem("content-out-of-bounds", f"Of the form, {form.reason}.", bound=form.bound))
    return Deny(policy, problem("malformed-form", f"The body is no form that is taken: {form.reason}."))


def _kind_of(content_type: bytes, utf8_alone: bool) -> int | Deny:
    """Why it is refused, or what it is. What is no media type is left to who knows the contract's."""
    read = parse_content_type(content_type)
    if read is None:
        return _OTHER
    if utf8_alone and read.parameters.get("charset", "utf-8").lower() not in _CHARSETS:
        return Deny(POLICY, problem("charset-unsupported", "The operation takes text in UTF-8 alone."))
    if read.essence.startswith("multipart/"):
        return _PARTS if read.essence == MULTIPART else _NAMELESS
    return _PAIRS if read.essence == URLENCODED else _JSON if is_json(read.essence) else _OTHER


_WHAT: Final = {
    "depth": "arrays and objects in each other",
    "items": "items of one array",
    "members": "members of one object",
    "characters": "characters of one text",
    "digits": "digits of one number",
    "parts": "pairs or parts",
}


def _out_of_bounds(bound: str, limit: int) -> Deny:
    return Deny(
        POLICY,
        problem("content-out-of-bounds", f"At most {limit} {_WHAT[bound]} are taken.", bound=bound, limit=limit),
    )


class _Decoding:
    """Undoes the coding of one request's body."""

    __slots__ = ("_encodings", "_most", "_ratio", "_refused")

    def __init__(self, config: RequestContentConfig, operation: Operation) -> None:
        self._encodings = frozenset(config.encodings)
        asked = operation.max_body if config.decoded_bytes is None else config.decoded_bytes
        self._most = min(asked, MOST_DECODED)
        self._ratio = config.ratio
        accepted = ", ".join(config.encodings) or "identity"
        # RFC 9110 §12.5.3: in an answer, Accept-Encoding says what a next request may be encoded in.
        self._refused: Problem = problem(
            "content-coding-unsupported",
            f"The operation takes content in {accepted}." if config.encodings else "It takes no encoded content.",
            headers=(("accept-encoding", accepted),),
            accept=list(config.encodings),
        )

    def __call__(self, exchange: Exchange) -> Deny | None:
        coding = coding_of(exchange.fields[b"content-encoding"])
        if not coding:
            return None
        if coding not in self._encodings:
            return Deny(POLICY, self._refused)
        encoded = exchange.body or b""
        most = min(self._most, max(_HARMLESS, self._ratio * len(encoded)))
        content = decoded(encoded, coding, most)
        if content is Undecoded.TOO_LONG:
            detail = f"Decoded, at most {most} bytes are taken of this body."
            return Deny(POLICY, problem("content-out-of-bounds", detail, bound="decoded-bytes", limit=most))
        if isinstance(content, Undecoded):
            return Deny(POLICY, problem("content-undecodable", f"The body cannot be decoded: {content.value}."))
        exchange.body = content
        forward = exchange.forwarded()
        forward.headers = [header for header in forward.headers if header[0].lower() not in _UNTRUE]
        return None
