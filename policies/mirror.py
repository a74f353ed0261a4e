"""The `mirror` policy: copies of calls go to another upstream, and its answers are held against the callers'.

It is for migrations: the new system sees what the old one sees, and nobody depends on it yet. The caller never
waits for the mirror, is never refused because of it, and gets the contract's own upstream's answer. Copies beyond
`concurrency` are dropped and counted. What differs is told by kind and place (`policies.shadows.compare`), never
by value. Writes are mirrored only where `methods` names theirs.
"""

import random
from collections.abc import Callable, Iterable
from typing import Annotated, Final, Literal

import structlog
from msgspec import Meta

from contracts.operations import ApiVersion, Operation
from policies import residency
from policies.answer import Answer, Wish
from policies.body_limits import has_body
from policies.exchange import Exchange, Forward
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.shadows.answers import MOST_COMPARED, Comparison, Side, media_type_of
from policies.shadows.compare import Rules
from policies.shadows.report import MirrorCounts, MirrorName
from policies.shadows.shadow import Pair, Shadow
from policies.validation.validators import validators_of
from policies.verdict import ALLOW, Stage, Verdict

POLICY: Final = "mirror"

EXAMPLE: Final = """\
to: orders-next
percent: 20
ignore: [/data/*/updated_at]
keys: {/data: id}
"""

log = structlog.get_logger()

_CONDITIONS: Final = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range", b"range"}
)
"""Of another upstream's validators, or of parts: what is asked for with them cannot be compared."""

Pointer = Annotated[str, Meta(pattern=r"^(/[^/]*)+$", max_length=500)]


class MirrorConfig(PolicyConfig, frozen=True):
    """Which calls are copied, where to, and how the answers are compared."""

    to: Annotated[str, Meta(min_length=1)]
    """The upstream that gets the copies, of the same kind as the operation's own."""
    percent: Annotated[float, Meta(ge=0, le=100)] = 100.0
    """The share of calls of which copies are sent, in percent."""
    methods: tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], ...] = ("GET", "HEAD")
    """Calls of these methods are copied. A write that is named here is done twice: once at each upstream."""
    compare: bool = True
    """Whether the answers are compared."""
    ignore: tuple[Pointer, ...] = ()
    """Places that are not compared, as JSON pointers with `*` for every item of an array."""
    unordered: tuple[Pointer, ...] = ()
    """Arrays whose order does not matter."""
    keys: dict[str, str] = {}  # noqa: RUF012  (msgspec copies it)
    """By the place of an array, the member that identifies its items."""
    timeout: Annotated[float, Meta(gt=0, le=300)] = 10.0
    """Seconds that the mirror has for its answer."""
    concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 8
    """Copies that a worker has on their way at once, for one operation."""


def bind(
    config: MirrorConfig,
    version: ApiVersion,
    operation: Operation,
    ports: Ports,
    chance: Callable[[], float] = random.random,
) -> Stage | None:
    """Sends the copies. None where the operation's method is not among those that are mirrored."""
    methods = frozenset(config.methods)
    if operation.method not in methods and not (operation.method == "GET" and "HEAD" in methods):
        return None
    report = _report(config, version, operation, ports)
    rules = Rules(frozenset(config.ignore), frozenset(config.unordered), config.keys)
    comparison = Comparison(operation, validators_of(version), rules) if config.compare else None
    share, mirroring = config.percent / 100.0, ports.mirroring
    admits = residency.admitting(operation, ports)

    def copy(exchange: Exchange) -> Verdict:
        if exchange.method not in methods or chance() >= share:
            return ALLOW
        reason = _why_not(exchange)
        if reason:
            report.count("skipped", reason)
        elif admits is not None and not admits(exchange, config.to):
            report.count("skipped", "residency")
        elif report.in_flight >= config.concurrency:
            report.count("dropped", "concurrency")
        else:
            pair = Pair()
            exchange.note(POLICY, pair)
            exchange.when_ended(_ended)
            mirroring.send(
                Shadow(config.to, exchange, _request(exchange), config.timeout, report, pair, comparison)
            )
        return ALLOW

    def harmless(exchange: Exchange) -> Verdict:
        # What raises answers 500: a mirror must not.
        try:
            return copy(exchange)
        except Exception:
            log.exception("mirroring failed", request_id=exchange.request_id)
            report.count("failed", "fault")
            return ALLOW

    return harmless


def _report(config: MirrorConfig, version: ApiVersion, operation: Operation, ports: Ports) -> MirrorCounts:
    name = MirrorName(version.api, version.version, operation.id, config.to)
    # Its bytes, as a mapping among the settings has no hash.
    return ports.mirror_reports.find(name, repr(config))


def _why_not(exchange: Exchange) -> str:
    """Why the very call cannot be mirrored; empty where it can."""
    if exchange.upgrade:
        return "websocket"
    forward = exchange.forward
    if forward is not None and forward.upstream:
        return "sent-elsewhere"
    if exchange.body is None and (forward is None or forward.body is None) and has_body(exchange):
        return "streamed"
    if not _CONDITIONS.isdisjoint(exchange.fields):
        return "conditional"
    return ""


def _request(exchange: Exchange) -> Forward:
    """What goes upstream, as a copy that nobody changes any more."""
    forward = exchange.forward
    if forward is None:
        assert exchange.version is not None
        path = exchange.path[len(exchange.version.base_path) :]
        copy = Forward(exchange.method, path, exchange.query, exchange.headers)
    else:
        copy = Forward(forward.method, forward.path, forward.query, list(forward.headers))
        copy.body = forward.body
    if copy.body is None:
        copy.body = exchange.body
    return copy


def _ended(exchange: Exchange) -> None:
    """The caller's answer, where the filter was not shown all of it: its head, or what the gateway itself said."""
    pair: Pair = exchange.noted(POLICY)
    refusal = exchange.refusal
    if refusal is not None and exchange.refused_by == "mediation" and refusal.status < 500:
        pair.answered(Side(refusal.status, problem=refusal.type.id))
    elif refusal is not None or pair.head is None:
        pair.answered(Side(0))
    else:
        pair.answered(pair.head)


class Watcher:
    """Shows the answer that came from the contract's own upstream to who compares. It never denies and never
    raises."""

    __slots__ = ()

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish:
        pair: Pair | None = exchange.noted(POLICY)
        if pair is None:
            return Wish.PASS
        pair.head = Side(answer.status, media_type_of(answer.headers))
        if exchange.method == "HEAD" or (answer.length is not None and answer.length > MOST_COMPARED):
            pair.answered(pair.head)
            return Wish.PASS
        return Wish.COPY

    def body(self, exchange: Exchange, answer: Answer, /) -> None:
        pair: Pair = exchange.noted(POLICY)
        body = answer.body if len(answer.body) <= MOST_COMPARED else None
        pair.answered(Side(answer.status, media_type_of(answer.headers), body))


def bind_answer(config: MirrorConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Watcher | None:
    """None where nothing is compared."""
    return Watcher() if config.compare else None


def upstreams(config: MirrorConfig) -> dict[str, str]:
    """The mirror."""
    return {"/to": config.to}


def check(setting: Setting[MirrorConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """That the copies go somewhere else, and that places are pointers."""
    config = setting.config
    if config.to == operation.backend.upstream:
        yield Fault("/to", f"{config.to!r} is the operation's own upstream")
    for place in config.keys:
        if not place.startswith("/") and place:
            yield Fault("/keys", f"{place!r} is no JSON pointer: it does not begin with a slash")
