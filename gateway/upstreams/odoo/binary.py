"""A binary field as the body of an operation: what answers say of it, and what a request writes. Pure."""

import binascii
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from contracts.operations import OdooContent
from gateway.upstreams.odoo.preconditions import given
from gateway.upstreams.odoo.values import MappingError
from policies.exchange import Exchange, Header

_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}")
_UNKNOWN: Final = "application/octet-stream"
_NO_SNIFFING: Final[Header] = (b"x-content-type-options", b"nosniff")
_LONGEST_NAME: Final = 255


def names_of(content: OdooContent) -> list[str]:
    """The fields beside the content that its answer needs."""
    return [each for each in (content.type_field, content.name_field) if each is not None]


def headers_of(content: OdooContent, row: Mapping[str, Any]) -> tuple[Header, ...]:
    """Of an answer with the content of a record. A browser does not show it, and does not guess what it is: files
    in an Odoo are whatever somebody has put there. Raises MappingError."""
    disposition = "attachment"
    name = None if content.name_field is None else row.get(content.name_field)
    if isinstance(name, str) and name:
        # RFC 6266, RFC 8187: every byte that is no attr-char is percent-encoded, line ends and slashes too.
        disposition += "; filename*=UTF-8''" + quote(name[:_LONGEST_NAME], safe="!#$&+-.^_`|~", errors="replace")
    return (
        (b"content-type", _type_of(content, row).encode()),
        (b"content-disposition", disposition.encode()),
        _NO_SNIFFING,
    )


def _type_of(content: OdooContent, row: Mapping[str, Any]) -> str:
    if content.type_field is None:
        return content.media_type
    told = row.get(content.type_field)
    essence = told.partition(";")[0].strip().lower() if isinstance(told, str) else ""
    if not _TYPE.fullmatch(essence):
        essence = _UNKNOWN
    if not admits(content.media_type, essence):
        raise MappingError("The content has a media type that the contract does not admit.")
    return essence


def admits(media_range: str, media_type: str) -> bool:
    """Whether `image/*` or `*/*` (or the very type) admits a media type."""
    kind, _, below = media_range.partition("/")
    return media_range in ("*/*", media_type) or (below == "*" and media_type.startswith(kind + "/"))


def values_of(content: OdooContent, exchange: Exchange) -> dict[str, Any]:
    """Odoo's values for the body of a request. No body empties the field."""
    body = exchange.body or b""
    values: dict[str, Any] = {content.field: binascii.b2a_base64(body, newline=False).decode() if body else False}
    if content.type_field is not None:
        told = (given(exchange, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        values[content.type_field] = told if _TYPE.fullmatch(told) else _UNKNOWN
    return values
