"""The request that a cache is asked with: the one that goes upstream, whoever has changed it on its way."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policies.caching.stored import Stored
from policies.exchange import Exchange, Header

_ASKS_FOR_ANOTHER: Final = (b"if-match", b"if-unmodified-since", b"if-range")
"""By these a client asks the origin itself (RFC 9110 §13.1.1, §13.1.4)."""
_CONDITIONS: Final = frozenset({b"if-none-match", b"if-modified-since"})


@dataclass(frozen=True, slots=True)
class Asked:
    """`fields` are by lower-case name, and `upstream` names one that is not the contract's. `target` is what the
    client asked for, and `origin` where: an upstream is told of both, and may make links of them, so that what was
    said to one host is not said to another."""

    method: str
    origin: str
    target: str
    path: str
    query: bytes
    upstream: str
    fields: dict[bytes, bytes]

    @property
    def cacheable(self) -> bool:
        return self.method in ("GET", "HEAD") and not any(name in self.fields for name in _ASKS_FOR_ANOTHER)

    def key(self, place: str, caller: str) -> str:
        """What an answer is kept under: `place` is the API's version, `caller` empty where it is for all."""
        digest = hashlib.blake2b(digest_size=24)
        parts = (place, caller, self.origin, self.target, self.upstream, self.path)
        for part in (*(each.encode() for each in parts), self.query):
            digest.update(b"%d:" % len(part))
            digest.update(part)
        return digest.hexdigest()


def asked_by(exchange: Exchange) -> Asked:
    forward, target = exchange.forward, f"{exchange.path}?{exchange.query.decode('latin-1')}"
    origin = f"{exchange.scheme}://{exchange.fields.get(b'host', b'').decode('latin-1').lower()}"
    if forward is None:
        assert exchange.version is not None
        path = exchange.path[len(exchange.version.base_path) :]
        return Asked(exchange.method, origin, target, path, exchange.query, "", exchange.fields)
    fields: dict[bytes, bytes] = {}
    for name, value in forward.headers:
        key = name.lower()
        fields[key] = fields[key] + b", " + value if key in fields else value
    return Asked(forward.method, origin, target, forward.path, forward.query, forward.upstream, fields)


def caller_of(exchange: Exchange) -> str:
    """Who calls; nobody else is given what is kept for them."""
    principal = exchange.principal
    return "" if principal is None else f"{principal.issuer} {principal.client_id} {principal.subject}"


def ask_instead(exchange: Exchange, stored: Stored | None) -> None:
    """Has the upstream asked for the whole answer, or whether a stored one still holds; what the client has of it
    is the cache's to compare."""
    validators = [] if stored is None else stored.validators
    forward = exchange.forward
    headers = exchange.headers if forward is None else forward.headers
    if validators or any(name.lower() in _CONDITIONS for name, _ in headers):
        changed = exchange.forwarded()
        changed.headers = [*(each for each in headers if each[0].lower() not in _CONDITIONS), *validators]


def holds(fields: dict[bytes, bytes], headers: Iterable[Header]) -> bool:
    """Whether a client has the answer with these header fields already (RFC 9110 §13.1.2, §13.1.3, §13.2.2)."""
    found = {name.lower(): value for name, value in headers}
    tags = fields.get(b"if-none-match")
    if tags is not None:
        tag = found.get(b"etag")
        return tags.strip() == b"*" or (tag is not None and _weak(tag) in [_weak(each) for each in _tags(tags)])
    since, modified = fields.get(b"if-modified-since"), found.get(b"last-modified")
    # Byte by byte, as §13.1.3 lets a recipient do that has what it had sent: dates need no reading.
    return since is not None and modified is not None and since.strip() == modified.strip()


def _tags(field: bytes) -> list[bytes]:
    """The entity tags of a list; a comma may stand within one."""
    found: list[bytes] = []
    rest = field.strip()
    while rest:
        prefix = b"W/" if rest.startswith(b"W/") else b""
        rest = rest[len(prefix) :]
        if not rest.startswith(b'"'):
            break
        opaque, closed, rest = rest[1:].partition(b'"')
        if not closed:
            break
        found.append(prefix + b'"' + opaque + b'"')
        rest = rest.lstrip(b" \t,")
    return found


def _weak(tag: bytes) -> bytes:
    """For the weak comparison (RFC 9110 §8.8.3.2)."""
    return tag.strip().removeprefix(b"W/")
