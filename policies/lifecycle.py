"""Lifecycle: says what is deprecated and until when (RFC 9745, RFC 8594), and ends what is past its sunset.

A version tells its calendar as soon as it is deprecated, or its contract has a date: RFC 9745 §2.1 allows a
deprecation that lies ahead. In a brown-out the answer is 410 with `Retry-After` at its end; from the sunset on,
and for a retired version, it is 410 for good. Both name the successor. A subscription with an extension is spared
from brown-outs and from the sunset until its own date, and is told that one. An operation that is marked
`deprecated` in a version without dates gets no field: RFC 9745 demands a date, which `deprecated` does not have.
"""

from bisect import bisect_right
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final

from contracts.operations import ApiVersion, Lifecycle, Operation
from contracts.problems import problem
from policies.exchange import Exchange, Header
from policies.ports import Ports
from policies.uris import field_uri
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "lifecycle"


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a version that has neither dates nor an end."""
    calendar, name = version.lifecycle, f"{version.title} {version.version}"
    # Where versions share a base path, the successor's address does not say which one it is.
    shared = version.choice is not None
    words = _words(calendar, name, ports.audience, version.successor_base_path, shared)
    if calendar.state == "retired":
        return _gone(words.headers, words.ended)
    if calendar.sunset is not None:
        return UntilSunset(calendar, calendar.sunset, words, ports).check
    return _announce(words.headers) if words.headers else None


class _Words:
    """What a version tells of its calendar: header fields, members of a refusal, and the refusal at its end."""

    __slots__ = ("ended", "headers", "members", "name")

    def __init__(self, name: str, headers: tuple[Header, ...], members: dict[str, Any]) -> None:
        self.name = name
        self.headers = headers
        self.members = members
        ended = problem("version-sunset", f"{name} has ended and is no longer served.", **members)
        self.ended = Deny(POLICY, ended)


@lru_cache(maxsize=1024)  # one text for all operations of a version
def _words(calendar: Lifecycle, name: str, audience: str, successor: str | None, shared: bool) -> _Words:
    members: dict[str, Any] = {}
    links = []
    if calendar.documentation is not None:
        members["migration-guide"] = calendar.documentation
        links.append(f'<{field_uri(calendar.documentation)}>; rel="deprecation"; type="text/html"')
    if successor is not None:
        members["successor"] = audience + successor
        if shared:
            members["successor-version"] = calendar.successor
        links.append(f'<{field_uri(audience + successor)}>; rel="successor-version"')
    headers: list[Header] = []
    if calendar.deprecation is not None:
        headers.append((b"deprecation", b"@%d" % calendar.deprecation))
    if calendar.sunset is not None:
        headers.append((b"sunset", formatdate(calendar.sunset, usegmt=True).encode("ascii")))
    if links and (headers or calendar.state in ("deprecated", "retired")):
        headers.append((b"link", ", ".join(links).encode("ascii")))
    return _Words(name, tuple(headers), members)


class UntilSunset:
    """Lets calls through until the sunset, but for the brown-outs before it. Reads `exchange.subscription`."""

    __slots__ = ("_clock", "_edges", "_extended", "_sunset", "_words")

    def __init__(self, calendar: Lifecycle, sunset: int, words: _Words, ports: Ports) -> None:
        self._sunset = sunset
        self._words = words
        self._clock = ports.clock
        # At each edge it changes whether calls are let through; after the last they never are again.
        windows = [edge for each in calendar.brownouts for edge in (each.start, each.end)]
        self._edges: tuple[int, ...] = (*windows, sunset)
        self._extended: dict[int, tuple[Header, ...]] = {}

    def check(self, exchange: Exchange) -> Verdict:
        now = self._clock()
        subscription = exchange.subscription
        until = None if subscription is None else subscription.extended_until
        if until is not None and now < until:
            exchange.answer_headers.extend(self._headers_until(until))
            return ALLOW
        exchange.answer_headers.extend(self._words.headers)
        passed = bisect_right(self._edges, now)
        if not passed & 1:
            return ALLOW
        return self._words.ended if passed == len(self._edges) else self._brown_out(self._edges[passed], now)

    def _headers_until(self, until: int) -> tuple[Header, ...]:
        """With the date of an extension. There are as many dates as were granted, which is few."""
        headers = self._extended.get(until)
        if headers is None:
            sunset = (b"sunset", formatdate(max(until, self._sunset), usegmt=True).encode("ascii"))
            headers = tuple(sunset if each[0] == b"sunset" else each for each in self._words.headers)
            self._extended[until] = headers
        return headers

    def _brown_out(self, end: int, now: float) -> Deny:
        name = self._words.name
        detail = f"{name} ends on {_moment(self._sunset)}; in this announced brown-out it refuses every call."
        members = {**self._words.members, "until": _moment(end), "sunset": _moment(self._sunset)}
        seconds = int(end - now) + 1  # never so soon that the window is still open
        refusal = problem("version-brown-out", detail, headers=(("retry-after", str(seconds)),), **members)
        return Deny(POLICY, refusal)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _gone(headers: tuple[Header, ...], refusal: Deny) -> Stage:
    def retired(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return refusal

    return retired


def _announce(headers: tuple[Header, ...]) -> Stage:
    def announce(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return ALLOW

    return announce
