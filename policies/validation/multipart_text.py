"""Reading a `multipart/form-data` body (RFC 7578) so that the upstream cannot read it differently.

What parsers are known to disagree about is refused: a part without its name or with two of them, names and file
names in the form of RFC 5987 (§4.2 of RFC 7578 forbids it) or with escapes, a transfer encoding, text in
another charset than UTF-8, and anything before the first boundary or after the last. The body is in memory
already; bounded are the parts, which cost more than their bytes.
"""

import re
from dataclasses import dataclass
from typing import Final

import msgspec
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from policies.validation.media_types import ContentType, parse_content_type

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046 §5.1.1."""
_DISPOSITION: Final = re.compile(
    r'form-data[ \t]*;[ \t]*name="(?P<name>[^"\\\r\n]*)"(?:[ \t]*;[ \t]*filename="(?P<file>[^"\\\r\n]*)")?[ \t]*',
    re.IGNORECASE,
)
_FILE_NAME: Final = re.compile(r"(?!\.{1,2}$)[^/\x00-\x1f\x7f]{1,255}")
_ESCAPE: Final = re.compile("%(?:22|0[AaDd])")
"""What browsers write in place of a quote and of line breaks (WHATWG HTML §4.10.21.8), and few parsers undo."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_PLAIN_ENCODINGS: Final = frozenset({"7bit", "8bit", "binary"})
_HEADERS: Final = 8
"""Header fields of one part. RFC 7578 has three."""


class PartBounds(msgspec.Struct, frozen=True):
    """The most `parts`, bytes of one part's content, and bytes of one of its header lines; whether any file name
    will do, or only one that is no path."""

    parts: int
    part_bytes: int
    header_bytes: int
    any_file_name: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """`headers` are by lower-case name. `content_type` is None where the part does not say."""

    name: str
    file_name: str | None
    content_type: ContentType | None
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class BadForm:
    """Why a body was refused; `bound` is the one that it exceeds, empty where it is malformed."""

    reason: str
    bound: str = ""


def read_parts(body: bytes, boundary: str, bounds: PartBounds) -> list[Part] | BadForm:
    """The parts of a body in their order, or why it is refused. No reason repeats what was sent."""
    if not _BOUNDARY.fullmatch(boundary):
        return BadForm("its boundary is none")
    delimiter = b"--" + boundary.encode("ascii")
    if not body.startswith(delimiter):
        return BadForm("it does not begin with its boundary")
    # The parser would pass over what follows the end.
    if (b"\r\n" + body).partition(b"\r\n" + delimiter + b"--")[2] not in (b"", b"\r\n"):
        return BadForm("it goes on after its last boundary")
    parser = PushMultipartParser(
        boundary,
        max_header_size=bounds.header_bytes,
        max_header_count=_HEADERS,
        max_segment_size=bounds.part_bytes,
        max_segment_count=bounds.parts,
        strict=True,
    )
    parts: list[Part] = []
    segment: MultipartSegment | None = None
    pieces: list[bytes] = []
    try:
        with parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    segment, pieces = event, []
                elif event:
                    pieces.append(bytes(event))
                else:
                    assert segment is not None
                    part = _part(segment, b"".join(pieces), bounds)
                    if isinstance(part, BadForm):
                        return part
                    parts.append(part)
    except ParserLimitReached:
        return BadForm("a part is too long, or there are too many", "parts")
    except MultipartError:
        return BadForm("it is no sequence of parts with names (RFC 7578)")
    # RFC 2046 §5.1.1: it "MUST NOT appear within the encapsulated material". Behind a bare line feed, some parsers
    # take it for one.
    if body.count(delimiter) != len(parts) + 1:
        return BadForm("its boundary is in the content of a part")
    return parts


def _part(segment: MultipartSegment, content: bytes, bounds: PartBounds) -> Part | BadForm:
    headers: dict[str, str] = {}
    for name, value in segment.headerlist:
        lower = name.lower()
        if lower in headers:
            return BadForm("a part has a header field twice")
        if _CONTROL.search(value):
            return BadForm("a part's header field has a control character")
        headers[lower] = value
    disposition = _DISPOSITION.fullmatch(headers.get("content-disposition", ""))
    if disposition is None:
        return BadForm("a part is not named as RFC 7578 has it")
    file_name = disposition["file"]
    if file_name is not None and not bounds.any_file_name and not _is_plain(file_name):
        return BadForm("a file name is none that can be kept: it has a path or control characters, or is too long")
    if headers.get("content-transfer-encoding", "binary").strip().lower() not in _PLAIN_ENCODINGS:
        return BadForm("a part has a transfer encoding (RFC 7578 §4.7)")
    content_type: ContentType | None = None
    if "content-type" in headers:
        content_type = parse_content_type(headers["content-type"].encode("latin-1", "replace"))
        if content_type is None:
            return BadForm("a part's Content-Type is none")
        if content_type.parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            return BadForm("a part's text is not in UTF-8")
    name = disposition["name"]
    if _ESCAPE.search(name):
        return BadForm("a part's name has a quote or a line break")
    if name == "_charset_" and content.strip().lower() != b"utf-8":
        return BadForm("its text is not in UTF-8")  # RFC 7578 §4.6
    return Part(name, file_name, content_type, headers, content)


def _is_plain(file_name: str) -> bool:
    """Without a file chosen, browsers send an empty name."""
    return not file_name or (_FILE_NAME.fullmatch(file_name) is not None and not _ESCAPE.search(file_name))
