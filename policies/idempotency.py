"""Writes that are done once however often they are sent: draft-ietf-httpapi-idempotency-key-header.

The first request with an `Idempotency-Key` claims it, before anything is sent upstream. While it is under way,
others with that key get 409; once it is answered they get that answer again, with `Idempotency-Replayed: true`,
and no upstream is called; with another payload they get 422. A key belongs to one caller (an application, and the
person for whom it calls) on one operation.

What became of a request that had no answer is not guessed. If surely nothing of it was done (a later policy
refused it, no connection could be made, the upstream said that it would not take it up), the key is as new. Else
nobody knows, and all that come with the key are told so, until it is forgotten: it is never sent again.
So it is too when a gateway dies half-way: its claim is a lease, and after its end the outcome counts as unknown.
"""

import secrets
from collections.abc import Awaitable, Iterable
from typing import Annotated, Any, Final, Literal

import structlog
from msgspec import Meta

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.answer import MOST_HELD, Answer, Wish
from policies.exchange import Exchange, Header
from policies.idempotency_keys.claimed import Claimed
from policies.idempotency_keys.records import (
    Claim,
    Found,
    IdempotencyStore,
    StoreUnavailableError,
    packed,
    unpacked,
)
from policies.idempotency_keys.request_key import HEADER, fingerprint, place_of, read_key, remembered_as
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Reply, Stage, Verdict

log = structlog.get_logger()

POLICY: Final = "idempotency"
REPLAYED: Final[Header] = (b"idempotency-replayed", b"true")

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

_NOT_TAKEN_UP: Final = frozenset({408, 421, 425, 429})
"""By these an upstream says that it has not begun (RFC 9110 §15.5.9, §15.5.20, RFC 8470 §5.2, RFC 6585 §4)."""

_MISSING: Final = Deny(
    POLICY,
    problem("idempotency-key-missing", "Send an Idempotency-Key, a new one for each thing that is to be done."),
)
_INVALID: Final = Deny(
    POLICY,
    problem(
        "idempotency-key-invalid",
        'Idempotency-Key is a quoted string of 1 to 255 characters: "8e03978e-40d5-43dd-bc93-6894a57f9324".',
    ),
)
_IN_FLIGHT: Final = Deny(
    POLICY,
    problem(
        "idempotency-in-flight",
        "The first request with this key is not answered yet.",
        headers=(("retry-after", "1"),),
    ),
)
_OTHER_PAYLOAD: Final = Deny(
    POLICY,
    problem("idempotency-key-reused", "The key came with another request before: a new request needs a new key."),
)
_UNAVAILABLE: Final = Deny(
    POLICY,
    problem(
        "idempotency-unavailable",
        "Whether this was done already cannot be looked up now; nothing was done.",
        headers=(("retry-after", "5"),),
    ),
)


class IdempotencyConfig(PolicyConfig, frozen=True):
    """Settings of `idempotency`."""

    required: bool = False
    """Whether a request without a key is refused."""
    bare_keys: bool = False
    """Whether a UUID or another plain word may come without the quotes that the standard asks for."""
    lifetime: Annotated[int, Meta(ge=60, le=604_800)] = 86_400
    """Seconds for which a key is remembered."""
    lease: Annotated[int, Meta(ge=1, le=3_600)] = 120
    """Seconds without an answer after which an outcome counts as unknown. More than the upstream's `total`
    timeout, or retries hear that while the first request may still be answered."""
    max_answer: Annotated[int, Meta(ge=0, le=1_048_576)] = 262_144
    """Bytes of an answer, its fields included, up to which it is kept; of a longer one only the status is."""
    on_unavailable: Literal["closed", "open"] = "closed"
    """What becomes of requests with a key while keys cannot be looked up: refused, or let through unremembered."""


EXAMPLE: Final = """
required: true
lifetime: 86400      # seconds
max-answer: 65536    # bytes
"""


def bind(config: IdempotencyConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for an operation that only reads, and where nobody is known to call."""
    if operation.method in _SAFE or operation.public:
        return None
    return Claiming(config, place_of(version, operation), ports.idempotency).check


def bind_answer(
    config: IdempotencyConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> "Remembering | None":
    if operation.method in _SAFE or operation.public:
        return None
    return Remembering(config.max_answer, ports.idempotency)


def reads_whole(config: IdempotencyConfig, version: ApiVersion, operation: Operation) -> bool:
    """A body is compared with the one that first came with the key."""
    return operation.method not in _SAFE and not operation.public and operation.body is not None


def check(setting: Setting[IdempotencyConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """What cannot be kept: a key without a caller, or a body that is too long to be compared."""
    if setting.mode == "off" or operation.method in _SAFE:
        return
    if operation.public:
        yield Fault("", "the operation is public, and a key belongs to a caller: set its mode to off here")
    if operation.body is not None and operation.max_body > MOST_HELD:
        yield Fault(
            "", f"bodies are read whole here, and may have {operation.max_body} bytes; {MOST_HELD} at most"
        )
    if setting.config.lease > setting.config.lifetime:
        yield Fault("/lease", "a key is forgotten while its request may be under way: more than 'lifetime'")


class Claiming:
    """Claims the key. Reads `exchange.principal`, `body` and `body_value`."""

    __slots__ = ("_config", "_place", "_store")

    def __init__(self, config: IdempotencyConfig, place: str, store: IdempotencyStore) -> None:
        self._config = config
        self._place = place
        self._store = store

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        config, field = self._config, exchange.fields.get(HEADER)
        if field is None:
            return _MISSING if config.required else ALLOW
        key = read_key(field, bare=config.bare_keys)
        if key is None:
            return _INVALID
        principal = exchange.principal
        assert principal is not None
        claim = Claim(
            remembered_as(key, self._place, principal),
            f"{principal.issuer} {principal.client_id}",
            secrets.token_hex(8),
            fingerprint(exchange),
            config.lease,
            config.lifetime,
        )
        claimed = Claimed(self._store, claim)
        # Before it is asked for: a client that leaves meanwhile must not leave a claim behind.
        exchange.when_ended(claimed.at_end)
        try:
            found = self._store.claim(claim)
        except StoreUnavailableError:
            return self._unavailable(claimed)
        if isinstance(found, Found):
            return self._verdict(exchange, key, claimed, found)
        return self._later(exchange, key, claimed, found)

    async def _later(self, exchange: Exchange, key: str, claimed: Claimed, pending: Awaitable[Found]) -> Verdict:
        try:
            found = await pending
        except StoreUnavailableError:
            return self._unavailable(claimed)
        return self._verdict(exchange, key, claimed, found)

    def _unavailable(self, claimed: Claimed) -> Verdict:
        claimed.settled = True
        return _UNAVAILABLE if self._config.on_unavailable == "closed" else ALLOW

    def _verdict(self, exchange: Exchange, key: str, claimed: Claimed, found: Found) -> Verdict:
        if found.state == "claimed":
            exchange.note(POLICY, claimed)
            exchange.outlives = True
            return ALLOW
        claimed.settled = True  # it is another's
        if found.state == "in-flight":
            return _IN_FLIGHT
        if found.state == "other-payload":
            return _OTHER_PAYLOAD
        if found.state == "unknown":
            return _unknown(key)
        return _replay(key, found.answer)


class Remembering:
    """Keeps the answer, as the caller is to get it, before the caller does."""

    __slots__ = ("_most", "_store")

    def __init__(self, most: int, store: IdempotencyStore) -> None:
        self._most = most
        self._store = store

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish:
        claimed: Claimed | None = exchange.noted(POLICY)
        if claimed is None or claimed.settled:
            return Wish.PASS
        if _not_taken_up(answer):
            claimed.settled = True
            claimed.store.release(claimed.claim)
            return Wish.PASS
        claimed.status = answer.status
        # One that may turn out to be too long to be held goes on as it comes, and is kept when it is complete.
        return Wish.WHOLE if answer.length is not None and answer.length <= MOST_HELD else Wish.COPY

    def body(self, exchange: Exchange, answer: Answer, /) -> Awaitable[None] | None:
        claimed: Claimed = exchange.noted(POLICY)
        claimed.settled = True
        kept = self._store.answered(claimed.claim, packed(answer.status, answer.headers, answer.body, self._most))
        if isinstance(kept, Awaitable):
            return self._later(exchange, kept)
        if not kept:
            _not_kept(exchange)
        return None

    async def _later(self, exchange: Exchange, pending: Awaitable[bool]) -> None:
        if not await pending:
            _not_kept(exchange)


def _not_kept(exchange: Exchange) -> None:
    """The client has its answer all the same; for others with the key the outcome will be unknown."""
    log.warning("idempotent answer not kept", request_id=exchange.request_id)


def _not_taken_up(answer: Answer) -> bool:
    # Of 503 alone one cannot tell: proxies say it too of a connection that broke off half-way.
    return answer.status in _NOT_TAKEN_UP or (answer.status == 503 and answer.field(b"retry-after") is not None)


def _unknown(key: str) -> Deny:
    named: dict[str, Any] = {"idempotency-key": key}
    return Deny(
        POLICY,
        problem(
            "idempotency-outcome-unknown",
            "A request with this key was sent, and what became of it is unknown. See whether it was done; to do "
            "it again, send it with a new key.",
            **named,
        ),
    )


def _replay(key: str, answer: bytes) -> Verdict:
    kept = unpacked(answer)
    if kept.body is None:
        extensions: dict[str, Any] = {"idempotency-key": key, "answered": kept.status}
        detail = f"The request was answered with {kept.status}; the answer was too long to be kept."
        return Deny(POLICY, problem("idempotency-answer-not-kept", detail, **extensions))
    return Reply(POLICY, Answer(kept.status, [*kept.headers, REPLAYED], kept.body))
