"""Media types: reading a Content-Type (RFC 9110 §8.3) and finding the contract's entry for it.

Ranges are as OpenAPI writes them (`application/json`, `image/*`, `*/*`); the most specific one decides. JSON is
UTF-8 (RFC 8259 §8.1), so another charset is not the contract's type.
"""

import re
from dataclasses import dataclass
from typing import Final

from contracts.openapi.media_types import FORMS
from contracts.operations import JsonSchema, MediaType
from policies.validation.validators import Check, Validators

_TCHARS: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
# Nothing that was matched is given back: the space between two semicolons could else be shared out in every way.
_CONTENT_TYPE: Final = re.compile(
    rf"({_TCHARS}/{_TCHARS})((?:[ \t]*+;[ \t]*+(?:{_TCHARS}=(?:{_TCHARS}|{_QUOTED}))?+)*+)[ \t]*+"
)
_PARAMETER: Final = re.compile(rf"({_TCHARS})=({_TCHARS}|{_QUOTED})")
_KNOWN_MAXIMUM: Final = 64


@dataclass(frozen=True, slots=True)
class ContentType:
    """A Content-Type: `essence` is `type/subtype`, lower case; parameter names are lower case."""

    essence: str
    parameters: dict[str, str]


def parse_content_type(value: bytes) -> ContentType | None:
    """None for what is no media type, and for a parameter that is given twice."""
    match = _CONTENT_TYPE.fullmatch(value.decode("latin-1"))
    if match is None:
        return None
    parameters: dict[str, str] = {}
    for name, text in _PARAMETER.findall(match[2]):
        name = name.lower()
        if name in parameters:
            return None
        parameters[name] = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
    return ContentType(match[1].lower(), parameters)


def is_json(essence: str) -> bool:
    """`application/json`, or a type with the `+json` suffix (RFC 6839 §3.1)."""
    return essence == "application/json" or essence.endswith("+json")


def is_xml(essence: str) -> bool:
    """`application/xml`, `text/xml`, a type with the `+xml` suffix (RFC 7303), and what else is read as XML."""
    return essence.endswith(("/xml", "+xml")) or essence.startswith(("application/xml-", "text/xml-"))


def declares_json(media_range: str) -> bool:
    """Whether a range of the contract names JSON."""
    return is_json(_essence(media_range))


def _essence(media_range: str) -> str:
    return media_range.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the contract says of one content type: whether it is JSON, the check of its value, if any, the range by
    which it was found, and whether it is XML that this range does not name: whoever writes `*/*` does not think of
    entities."""

    json: bool
    check: Check | None
    range: str
    unnamed_xml: bool = False


class Content:
    """The media types of one body, and which of them a Content-Type is."""

    __slots__ = ("__weakref__", "_entries", "known", "ranges")

    def __init__(self, content: tuple[MediaType, ...], validators: Validators) -> None:
        self.ranges = tuple(entry.range for entry in content)
        self._entries = {_essence(entry.range): _check_of(entry.schema, validators) for entry in content}
        self.known: dict[bytes, Entry | None] = {}
        """What was found. Clients write few spellings, so each is parsed once; a full table only stops learning.
        Who is in a hurry looks here before it calls: this class is not compiled."""

    def find(self, content_type: bytes) -> Entry | None:
        """The entry for a Content-Type's value; None where the contract has none."""
        try:
            return self.known[content_type]
        except KeyError:
            entry = self._find(content_type)
            # The boundary of each multipart body is another.
            if len(self.known) < _KNOWN_MAXIMUM and len(content_type) < 256 and b"boundary" not in content_type:
                self.known[content_type] = entry
            return entry

    def _find(self, value: bytes) -> Entry | None:
        content_type = parse_content_type(value)
        if content_type is None:
            return None
        essence = content_type.essence
        json = is_json(essence)
        if json and content_type.parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            return None  # RFC 8259 §8.1
        return self._of(essence, json)

    def but_for_charset(self, value: bytes) -> bool:
        """Whether it is the charset alone for which `find` has none."""
        content_type = parse_content_type(value)
        if content_type is None or "charset" not in content_type.parameters:
            return False
        return self._of(content_type.essence, is_json(content_type.essence)) is not None

    def _of(self, essence: str, json: bool) -> Entry | None:
        for media_range in (essence, essence.partition("/")[0] + "/*", "*/*"):
            if media_range in self._entries:
                check = self._entries[media_range] if json or media_range in FORMS else None
                return Entry(json, check, media_range, is_xml(essence) and media_range != essence)
        return None


def content_of(content: tuple[MediaType, ...], validators: Validators) -> Content:
    """The content, shared by all operations of the version that have the same."""
    return validators.share(Content, content, lambda: Content(content, validators))


def _check_of(schema: JsonSchema | None, validators: Validators) -> Check | None:
    return None if schema is None or schema is True or schema == {} else validators.check(schema)
