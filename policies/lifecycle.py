"""Lifecycle: says what is deprecated and until when (RFC 9745, RFC 8594), and ends what is past its sunset.

A version tells its calendar as soon as it is deprecated, or its contract has a date: RFC 9745 §2.1 allows a
deprecation that lies ahead. From the sunset on, and for a retired version, the answer is 410 and names the
successor. An operation that is marked `deprecated` in a version without dates gets no field: RFC 9745 demands a
date, and OpenAPI's `deprecated` has none.
"""

from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final

from contracts.operations import ApiVersion, Lifecycle, Operation
from contracts.problems import problem
from policies.exchange import Exchange, Header
from policies.ports import Clock, Ports
from policies.uris import field_uri
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "lifecycle"


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a version that has neither dates nor an end."""
    calendar = version.lifecycle
    name = f"{version.title} {version.version}"
    headers, ended = _words(calendar, name, ports.audience, version.successor_base_path)
    if calendar.state == "retired":
        return _gone(headers, ended)
    if calendar.sunset is not None:
        return _until(calendar.sunset, headers, ended, ports.clock)
    return _announce(headers) if headers else None


@lru_cache(maxsize=1024)  # one text for all operations of a version
def _words(
    calendar: Lifecycle, name: str, audience: str, successor: str | None
) -> tuple[tuple[Header, ...], Deny]:
    """The fields that tell a version's calendar, and the refusal after its end."""
    members: dict[str, Any] = {}
    links = []
    if calendar.documentation is not None:
        members["migration-guide"] = calendar.documentation
        links.append(f'<{field_uri(calendar.documentation)}>; rel="deprecation"; type="text/html"')
    if successor is not None:
        members["successor"] = audience + successor
        links.append(f'<{field_uri(audience + successor)}>; rel="successor-version"')
    headers: list[Header] = []
    if calendar.deprecation is not None:
        headers.append((b"deprecation", b"@%d" % calendar.deprecation))
    if calendar.sunset is not None:
        headers.append((b"sunset", formatdate(calendar.sunset, usegmt=True).encode("ascii")))
    if links and (headers or calendar.state in ("deprecated", "retired")):
        headers.append((b"link", ", ".join(links).encode("ascii")))
    ended = problem("version-sunset", f"{name} has ended and is no longer served.", **members)
    return tuple(headers), Deny(POLICY, ended)


def _gone(headers: tuple[Header, ...], refusal: Deny) -> Stage:
    def retired(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return refusal

    return retired


def _until(sunset: int, headers: tuple[Header, ...], refusal: Deny, clock: Clock) -> Stage:
    def until_sunset(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return ALLOW if clock() < sunset else refusal

    return until_sunset


def _announce(headers: tuple[Header, ...]) -> Stage:
    def announce(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return ALLOW

    return announce
