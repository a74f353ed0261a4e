"""The Idempotency-Key of a request, under which it is remembered, and how it is told from others with that key.

`Idempotency-Key` is a structured field (draft-ietf-httpapi-idempotency-key-header §2.1): an Item that is a String
(RFC 9651 §3.3.3). Its parameters say nothing.
"""

import hashlib
import re
from typing import Any, Final

import http_sf
import msgspec

from contracts.operations import ApiVersion, Operation
from policies.exchange import Exchange, Principal

HEADER: Final = b"idempotency-key"
LONGEST: Final = 255
"""Characters of a key."""

_BARE: Final = re.compile(rb"[0-9A-Za-z][0-9A-Za-z._:-]*")
_canonical: Final = msgspec.json.Encoder(order="deterministic").encode


def read_key(value: bytes, *, bare: bool) -> str | None:
    """The key of a field's value; None for none that is well-formed. `bare`: a UUID may do without its quotes."""
    if bare and _BARE.fullmatch(value) is not None:
        return value.decode("ascii") if len(value) <= LONGEST else None
    try:
        item: Any = http_sf.parse(value, tltype="item")
    except ValueError:
        return None
    key = item[0]
    if not isinstance(key, str) or type(key) is not str or not 0 < len(key) <= LONGEST:
        return None  # a Token and a Display String are no String
    return key


def place_of(version: ApiVersion, operation: Operation) -> str:
    """The operation among all."""
    return f"{version.api}/{version.version}/{operation.id}"


def remembered_as(key: str, place: str, principal: Principal) -> str:
    """What a store knows it by. One caller's key is not another's, nor is a person's that of another for whom the
    same application calls. A digest: a store that others can read says nothing of callers or of their keys."""
    parts = (place, principal.issuer, principal.client_id, principal.subject, key)
    return hashlib.blake2b(_canonical(parts), digest_size=24).hexdigest()


def fingerprint(exchange: Exchange) -> bytes:
    """Of method, path, query, content type and content. JSON counts by what it says: a client that writes the
    members of an object in another order, or with other spaces, has not changed its mind."""
    value = exchange.body_value
    body = exchange.body or b""
    content = body if value is None or not body else _canonical(value)
    media_type = exchange.fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    digest = hashlib.blake2b(digest_size=24)
    for part in (exchange.method.encode(), exchange.path.encode(), exchange.query, media_type, content):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
