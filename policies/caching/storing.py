"""Whether an answer may be stored, and for how long it is fresh (RFC 9111 §3, §4.2.1).

Where answers are kept for one caller alone the cache is a private one, that of this caller (§1): `private` may be
stored, and `s-maxage` is not for it. Where they are `shared` it is a shared cache, with all that holds for those.
The contract's own `ttl` is a word of the API's owner to this very cache, as targeted fields are (RFC 9213).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from contracts.access import PURGES_KEPT
from policies.caching.directives import Directives, directives
from policies.caching.stored import Stored
from policies.exchange import Header

_WITHOUT_A_WORD: Final = frozenset({200, 203, 204, 300, 301, 308})
"""Statuses that may be kept for the contract's `ttl`."""
_WITH_A_WORD: Final = _WITHOUT_A_WORD | {302, 307, 404, 405, 410, 414, 501}
"""Statuses that may be kept for as long as the answer says itself."""

_UNKEPT: Final = frozenset({b"content-length", b"content-encoding", b"transfer-encoding", b"trailer", b"age"})
"""What belongs to one message and not to the answer. The body is kept without any coding."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operation's settings say. None of the windows given: as answers say."""

    shared: bool
    ttl: int | None
    override: bool
    stale_on_error: int | None
    stale_meanwhile: int | None
    vary: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """The head of an answer and the request that it is for: its fields by lower-case name, and whether it came
    with credentials. `at` is Unix seconds, `delay` how many seconds the answer took."""

    status: int
    headers: tuple[Header, ...]
    request: dict[bytes, bytes]
    credentials: bool
    at: float
    delay: float


def storable(received: Received, wanted: Directives, rules: Rules) -> Stored | None:
    """The answer as it is stored, still without its body; None where it must not be, or to no use."""
    fields = _joined(received.headers)
    said = directives(fields.get(b"cache-control"))
    if "no-store" in wanted or "no-store" in said or b"set-cookie" in fields:
        return None
    if fields.get(b"content-type", b"").lower().startswith(b"text/event-stream"):
        return None
    vary = _vary(fields.get(b"vary", b""), received.request, rules)
    if vary is None or (rules.shared and not _may_be_shared(said, received.credentials, rules)):
        return None
    lifetime = _lifetime(received, fields, said, rules)
    if lifetime is None:
        return None
    strict = "must-revalidate" in said or ("no-cache" in said and not rules.override)
    if rules.shared:  # §5.2.2.8, §5.2.2.10
        strict = strict or "proxy-revalidate" in said or "s-maxage" in said
    # Purges are told of for so long: what could be given after that could be what was purged.
    lifetime, longest = min(lifetime, PURGES_KEPT // 2), PURGES_KEPT // 2
    on_error = said.seconds("stale-if-error") if rules.stale_on_error is None else rules.stale_on_error
    meanwhile = said.seconds("stale-while-revalidate") if rules.stale_meanwhile is None else rules.stale_meanwhile
    stored = Stored(
        received.status,
        tuple(header for header in received.headers if header[0].lower() not in _UNKEPT),
        b"",
        vary,
        received.at,
        _age(received, fields),
        lifetime,
        0 if strict else min(on_error or 0, longest),
        0 if strict else min(meanwhile or 0, longest),
        strict,
    )
    return stored if stored.validators or stored.useful_until() > received.at else None


def _joined(headers: Sequence[Header]) -> dict[bytes, bytes]:
    """By lower-case name; of several lines of one name the values are one list (RFC 9110 §5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = found[key] + b", " + value if key in found else value
    return found


def _may_be_shared(said: Directives, credentials: bool, rules: Rules) -> bool:
    if "private" in said:
        return False
    # §3.5: an answer to a request with credentials is shared only if somebody says that it may be.
    return (
        not credentials
        or rules.ttl is not None
        or any(name in said for name in ("public", "s-maxage", "must-revalidate"))
    )


def _vary(field: bytes, request: dict[bytes, bytes], rules: Rules) -> tuple[tuple[bytes, bytes], ...] | None:
    names = {name.strip().lower() for name in field.split(b",")} - {b""}
    if b"*" in names:
        return None
    # Upstreams are asked for no coding and no parts, whatever a client would take.
    names = (names | set(rules.vary)) - {b"accept-encoding", b"range"}
    return tuple((name, request.get(name, b"").strip()) for name in sorted(names))


def _lifetime(received: Received, fields: dict[bytes, bytes], said: Directives, rules: Rules) -> int | None:
    """Seconds; None for an answer that nobody has said to be good for longer than now, of a status that is not
    kept without."""
    if rules.override and rules.ttl is not None and received.status in _WITHOUT_A_WORD:
        return rules.ttl
    if received.status not in _WITH_A_WORD:
        return None
    if "no-cache" in said:
        return 0
    explicit = said.seconds("s-maxage") if rules.shared else None
    if explicit is None:
        explicit = said.seconds("max-age")
    if explicit is None and b"expires" in fields:
        expires, date = _date(fields[b"expires"]), _date(fields.get(b"date", b""))
        # §5.3: what is no date has passed.
        explicit = 0 if expires is None else max(0, int(expires - (received.at if date is None else date)))
    if explicit is not None:
        return explicit
    if received.status not in _WITHOUT_A_WORD:
        return None
    return rules.ttl or 0


def _age(received: Received, fields: dict[bytes, bytes]) -> int:
    """`corrected_initial_age` of §4.2.3."""
    text = fields.get(b"age", b"0").partition(b",")[0].strip()
    told = int(text) if text.isdigit() and len(text) < 12 else 0
    date = _date(fields.get(b"date", b""))
    apparent = 0.0 if date is None else max(0.0, received.at - date)
    # All of it is told in whole seconds (§5.1): what is less is none.
    return max(int(apparent), told + int(received.delay))


def _date(field: bytes) -> float | None:
    """An HTTP-date (RFC 9110 §5.6.7) in Unix seconds."""
    try:
        return parsedate_to_datetime(field.decode("latin-1")).timestamp() if field else None
    except (ValueError, OverflowError, OSError):
        return None
