"""Lifecycle: says what is deprecated and until when (RFC 9745, RFC 8594), and ends what is past its sunset.

A version tells its calendar as soon as it is deprecated, or its contract has a date: RFC 9745 §2.1 allows a
deprecation that lies ahead. From the sunset on, and for a retired version, the answer is 410 and names the
successor. An operation that is marked `deprecated` in a version without dates gets no field: RFC 9745 demands a
date, and OpenAPI's `deprecated` has none.
"""

from email.utils import formatdate
from typing import Any, Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem, problem
from policies.exchange import Exchange, Header
from policies.ports import Clock, Ports
from policies.uris import field_uri
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "lifecycle"


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a version that has neither dates nor an end."""
    calendar = version.lifecycle
    headers = announcement(version, ports.audience)
    if calendar.state == "retired":
        return _gone(headers, _ended(version, ports.audience))
    if calendar.sunset is not None:
        return _until(calendar.sunset, headers, _ended(version, ports.audience), ports.clock)
    return _announce(headers) if headers else None


def announcement(version: ApiVersion, audience: str) -> tuple[Header, ...]:
    """The fields that tell a version's calendar, as bytes."""
    calendar = version.lifecycle
    headers: list[Header] = []
    if calendar.deprecation is not None:
        headers.append((b"deprecation", b"@%d" % calendar.deprecation))
    if calendar.sunset is not None:
        headers.append((b"sunset", formatdate(calendar.sunset, usegmt=True).encode("ascii")))
    if not headers and calendar.state not in ("deprecated", "retired"):
        return ()
    links = []
    if calendar.documentation is not None:
        links.append(f'<{field_uri(calendar.documentation)}>; rel="deprecation"; type="text/html"')
    if version.successor_base_path is not None:
        links.append(f'<{field_uri(audience + version.successor_base_path)}>; rel="successor-version"')
    if links:
        headers.append((b"link", ", ".join(links).encode("ascii")))
    return tuple(headers)


def _ended(version: ApiVersion, audience: str) -> Problem:
    members: dict[str, Any] = {}
    if version.successor_base_path is not None:
        members["successor"] = audience + version.successor_base_path
    if version.lifecycle.documentation is not None:
        members["migration-guide"] = version.lifecycle.documentation
    detail = f"{version.title} {version.version} has ended and is no longer served."
    return problem("version-sunset", detail, **members)


def _gone(headers: tuple[Header, ...], ended: Problem) -> Stage:
    refusal = Deny(POLICY, ended)

    def retired(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return refusal

    return retired


def _until(sunset: int, headers: tuple[Header, ...], ended: Problem, clock: Clock) -> Stage:
    refusal = Deny(POLICY, ended)

    def until_sunset(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return ALLOW if clock() < sunset else refusal

    return until_sunset


def _announce(headers: tuple[Header, ...]) -> Stage:
    def announce(exchange: Exchange) -> Verdict:
        exchange.answer_headers.extend(headers)
        return ALLOW

    return announce
