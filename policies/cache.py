"""Answers given again without asking the upstream: an HTTP cache (RFC 9111), by contract.

What is kept is kept for one caller (an application, and the person for whom it calls) unless the contract says
that answers are `shared`, or the operation is public. The upstream's Cache-Control holds; where there is none the
contract's `ttl` does. What is stale is validated (ETag, Last-Modified), or given while the upstream is asked
(`stale-while-revalidate`) or fails (`stale-if-error`, RFC 5861). Requests for the same thing at the same time ask
the upstream once. An unsafe request that was answered well drops what is kept of its path and of its tags (§4.4).

`Cache-Status` (RFC 9211) says what was done, and `Age` how old an answer is. It stands next to the upstream: what
is kept is what the upstream said, and every other policy judges it anew for whoever gets it.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from math import floor
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import Problem, problem
from policies.answer import MOST_HELD, Answer, Wish
from policies.body_limits import has_body
from policies.caching.asked import ask_instead, asked_by, caller_of, holds
from policies.caching.directives import asked_for
from policies.caching.dropping import Dropping
from policies.caching.fetch import Fetch, Question, without_content
from policies.caching.flights import Flight, Landing
from policies.caching.labels import labels_of, path_label, tag_labels
from policies.caching.stored import Stored, Use, updated
from policies.caching.storing import Received, Rules, storable
from policies.exchange import Exchange, Header
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Clock, Ports
from policies.verdict import ALLOW, AnswerFilter, Deny, Reply, Stage, Verdict

POLICY: Final = "cache"

_READING: Final = frozenset({"GET", "HEAD"})
_SAFE: Final = _READING | {"OPTIONS", "TRACE"}

Seconds = Annotated[int, Meta(ge=0, le=604_800)]

_NOT_THERE: Final = Deny(
    POLICY, problem("cached-answer-missing", "There is no stored answer, and the client wants no other.")
)


class CacheConfig(PolicyConfig, frozen=True):
    """Settings of `cache`."""

    ttl: Seconds | None = None
    """Seconds for which an answer is fresh that says nothing of it itself. Without it, only those are that do."""
    override: bool = False
    """Whether `ttl` holds in place of what an answer says (`no-store`, and `private` where answers are shared,
    hold in any case)."""
    shared: bool = False
    """Whether all callers get the same answer. Without it each caller has what was answered to it."""
    vary: tuple[
        Annotated[str, Meta(pattern="^[A-Za-z0-9-]+$", description="the name of a header field")], ...
    ] = ()
    """Header fields of a request that answers depend on, besides those that their `Vary` names."""
    stale_if_error: Seconds | None = None
    """Seconds for which a stale answer is given where the upstream fails. Without it, as the answer says."""
    stale_while_revalidate: Seconds | None = None
    """Seconds for which a stale answer is given while the upstream is asked. Without it, as the answer says."""
    tags: tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$", description="a plain word")], ...] = ()
    """What the answers are about. A write with the same tag in the same API drops them, and so does a purge."""
    max_bytes: Annotated[int, Meta(ge=0, le=MOST_HELD)] = 1_048_576
    """The longest answer that is kept, in bytes."""
    wait: Annotated[float, Meta(ge=0, le=60)] = 5.0
    """Seconds for which a request waits for another that asks the same; then it asks too."""


EXAMPLE: Final = """
ttl: 300                      # seconds
shared: true
stale-while-revalidate: 60
stale-if-error: 86400
tags: [products]
"""


def bind(config: CacheConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for an operation that does not read, or whose answers only a caller's claims explain."""
    if operation.method not in _READING or operation.websocket or _by_claims(operation):
        return None
    return Caching(config, version, operation, ports).check


def bind_answer(
    config: CacheConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> AnswerFilter | None:
    if operation.websocket or _by_claims(operation):
        return None
    if operation.method in _READING:
        return Keeping(config, operation, ports)
    return None if operation.method in _SAFE else Dropping(tag_labels(version.api, config.tags), ports.cache)


def check(setting: Setting[CacheConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    config = setting.config
    if config.override and config.ttl is None:
        yield Fault("/override", "there is no 'ttl' that could hold in place of what answers say")
    if _by_claims(operation):
        yield Fault("", "nothing of this operation is kept: which records it answers with is said by a claim")


def _by_claims(operation: Operation) -> bool:
    """One client may have tokens with several values of a claim, so that who calls does not tell the answer."""
    return (
        operation.method in _READING
        and isinstance(operation.backend, OdooBackend)
        and operation.backend.depends_on_claims
    )


def rules_of(config: CacheConfig, operation: Operation) -> Rules:
    return Rules(
        config.shared or operation.public,
        config.ttl,
        config.override,
        config.stale_if_error,
        config.stale_while_revalidate,
        tuple(name.lower().encode("ascii") for name in config.vary),
    )


class Caching:
    """Answers from the cache, or has the upstream asked."""

    def __init__(self, config: CacheConfig, version: ApiVersion, operation: Operation, ports: Ports) -> None:
        self._rules = rules_of(config, operation)
        self._place = f"{version.api}/{version.version}"
        self._labels = labels_of(version, operation, config.tags)
        self._wait = config.wait
        self._cache = ports.cache
        self._clock = ports.clock

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        asked = asked_by(exchange)
        if not asked.cacheable or has_body(exchange):
            return ALLOW
        key = asked.key(self._place, "" if self._rules.shared else caller_of(exchange))
        names = {*self._rules.vary, *(name for each in self._cache.find(key) for name, _ in each.vary)}
        alike = [key, *(asked.fields.get(name, b"").decode("latin-1") for name in sorted(names))]
        question = Question(asked, asked_for(asked.fields), key, "\n".join(alike))
        stored = self._stored(question)
        use = None if stored is None else stored.use(question.wanted, self._clock())
        if stored is not None and use is Use.HIT:
            return self._hit(question, stored)
        if stored is not None and use is Use.STALE:
            return self._stale(exchange, question, stored)
        if "only-if-cached" in question.wanted:
            return _NOT_THERE
        if asked.method == "HEAD":
            return ALLOW  # its answer has no content to be kept
        if "no-cache" in question.wanted:
            return self._fetch(exchange, question, stored, "request")
        flight = self._cache.flights.find(question.alike) if self._wait else None
        if flight is not None:
            return self._join(exchange, question, flight)
        return self._fetch(exchange, question, stored, self._why(question), lead=True)

    def _stored(self, question: Question) -> Stored | None:
        return next((each for each in self._cache.find(question.key) if each.matches(question.asked.fields)), None)

    def _why(self, question: Question) -> str:
        """Why the upstream has to be asked, in the words of RFC 9211 §2.2."""
        if self._stored(question) is not None:
            return "stale"
        return "vary-miss" if self._cache.find(question.key) else "uri-miss"

    def _hit(self, question: Question, stored: Stored, status: str = "") -> Reply:
        now = self._clock()
        said = status or f"ostiary; hit; ttl={floor(stored.left_at(now))}"
        return Reply(POLICY, answer_of(question, stored, now, said))

    def _stale(self, exchange: Exchange, question: Question, stored: Stored) -> Reply:
        """The stale answer; the upstream is asked for a new one, unless somebody does already."""
        reply = self._hit(question, stored)
        if question.asked.method == "HEAD" or self._cache.flights.find(question.alike) is not None:
            return reply

        def prepare(another: Exchange) -> None:
            self._fetch(another, question, stored, "stale", lead=True)

        return Reply(POLICY, reply.answer, prepare)

    async def _join(self, exchange: Exchange, question: Question, flight: Flight) -> Verdict:
        """Waits for who asks the same."""
        now = asyncio.get_running_loop().time
        until = now() + self._wait
        while True:
            landing = await flight.wait(max(0.0, until - now()))
            stored = self._stored(question)
            usable = stored is not None and stored.use(question.wanted, self._clock()) is not Use.VALIDATE
            if landing is Landing.STORED and stored is not None and usable:
                return self._hit(question, stored, "ostiary; fwd=uri-miss; collapsed")
            if landing is not Landing.FAILED or now() >= until:
                return self._fetch(exchange, question, stored, self._why(question))
            found = self._cache.flights.find(question.alike)
            if found is None:
                return self._fetch(exchange, question, stored, self._why(question), lead=True)
            flight = found

    def _fetch(
        self, exchange: Exchange, question: Question, stored: Stored | None, why: str, *, lead: bool = False
    ) -> Verdict:
        """Has the upstream asked; `lead`: for others as well."""
        flight = self._cache.flights.begin(question.alike, exchange) if lead else None
        labels = self._labels | {path_label(exchange.path)}
        fetch = Fetch(self._cache, question, labels, stored, why, flight)
        exchange.note(POLICY, fetch)
        exchange.when_ended(fetch.at_end)
        if stored is not None:
            exchange.instead = self._instead
        ask_instead(exchange, stored)
        return ALLOW

    def _instead(self, exchange: Exchange, refusal: Problem) -> Reply | None:
        """What is given where there was no answer from the upstream at all."""
        fetch: Fetch = exchange.noted(POLICY)
        now = self._clock()
        helping = None if refusal.status < 500 else fetch.helping(now)
        if helping is None:
            return None
        said = f"ostiary; hit; ttl={floor(helping.left_at(now))}; fwd={fetch.why}"
        return self._hit(fetch.question, helping, said)


def answer_of(question: Question, stored: Stored, now: float, status: str) -> Answer:
    """A stored answer for one client: 304 if it has it already."""
    headers: list[Header] = [
        *stored.headers,
        (b"age", b"%d" % max(0, floor(stored.age_at(now)))),
        (b"cache-status", status.encode("ascii")),
    ]
    if stored.status == 200 and holds(question.asked.fields, stored.headers):
        return Answer(304, without_content(headers))
    return Answer(stored.status, headers, stored.body)


class Keeping:
    """Keeps what the upstream answers, and gives what is stored where it says that this holds, or fails."""

    __slots__ = ("_cache", "_clock", "_most", "_rules")

    def __init__(self, config: CacheConfig, operation: Operation, ports: Ports) -> None:
        self._rules = rules_of(config, operation)
        self._most = config.max_bytes
        self._cache = ports.cache
        self._clock: Clock = ports.clock

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish | Deny:
        fetch: Fetch | None = exchange.noted(POLICY)
        if fetch is None:
            answer.headers = [*answer.headers, (b"cache-status", b"ostiary; fwd=bypass")]
            return Wish.PASS
        stored, now = fetch.stored, self._clock()
        said = f"ostiary; fwd={fetch.why}; fwd-status={answer.status}"
        if answer.status == 304 and stored is not None:
            return self._validated(exchange, answer, fetch, stored, said)
        helping = None if answer.status < 500 else fetch.helping(now)
        if helping is not None:
            fetch.land(Landing.FAILED)
            return _give(answer, fetch, answer_of(fetch.question, helping, now, said))
        own = asked_by(exchange)
        if own.upstream == fetch.question.asked.upstream and (answer.length or 0) <= self._most:
            received = self._received(exchange, answer.status, answer.headers, fetch)
            fetch.storing = storable(received, fetch.question.wanted, self._rules)
        if fetch.storing is None:
            fetch.land(Landing.NOT_STORED)
        elif answer.length is not None:
            said += "; stored"
        status: Header = (b"cache-status", said.encode("ascii"))
        whole = list(answer.headers)
        answer.headers = [*whole, status]
        if (
            answer.status == 200
            and holds(fetch.question.asked.fields, whole)
            and answer.length is not None
            and answer.length <= MOST_HELD
        ):
            return _give(answer, fetch, Answer(304, without_content(answer.headers)))
        return Wish.PASS if fetch.storing is None else Wish.COPY

    def body(self, exchange: Exchange, answer: Answer, /) -> None:
        fetch: Fetch = exchange.noted(POLICY)
        if fetch.storing is not None:
            fetch.keep_with(answer.body, self._most)
        if fetch.given is not None:
            answer.body, answer.value = fetch.given, msgspec.UNSET

    def _validated(
        self, exchange: Exchange, answer: Answer, fetch: Fetch, stored: Stored, said: str
    ) -> Wish | Deny:
        """The upstream says that the stored answer holds (§4.3.4)."""
        tag, known = answer.field(b"etag"), stored.field(b"etag")
        if tag is not None and known is not None and tag.removeprefix(b"W/") != known.removeprefix(b"W/"):
            # Kept, it would be asked about again, with the same result.
            self._cache.drop({path_label(exchange.path)}, tell=False)
            detail = "The upstream's answer is unchanged, it says, and is another one than it was asked about."
            return Deny(POLICY, problem("upstream-malformed", detail))
        headers = updated(stored.headers, answer.headers)
        received = self._received(exchange, stored.status, headers, fetch)
        kept = storable(received, fetch.question.wanted, self._rules)
        if kept is None:
            fetch.land(Landing.NOT_STORED)
            stored = replace(stored, headers=tuple(headers))
        else:
            stored = replace(kept, body=stored.body)
            fetch.keep(stored)
            said += "; stored"
        return _give(answer, fetch, answer_of(fetch.question, stored, self._clock(), said))

    def _received(self, exchange: Exchange, status: int, headers: Iterable[Header], fetch: Fetch) -> Received:
        return Received(
            status,
            tuple(headers),
            fetch.question.asked.fields,
            exchange.principal is not None,
            self._clock(),
            max(0.0, exchange.upstream_first_byte_at - exchange.upstream_sent_at),
        )


def _give(answer: Answer, fetch: Fetch, given: Answer) -> Wish:
    """Has the client given another answer than the upstream's. All other policies see that one from the start."""
    answer.status, answer.headers, answer.length = given.status, given.headers, len(given.body)
    fetch.given = given.body
    return Wish.WHOLE
