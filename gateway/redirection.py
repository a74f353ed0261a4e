"""Requests that go upstream otherwise than they came: changed by a policy, or to another upstream."""

from dataclasses import dataclass

from contracts.problems import Problem
from gateway.routes import Route
from gateway.upstreams.resilience.http_service import HttpService
from gateway.wire.headers import UpstreamLines, request_head
from policies.exchange import Exchange, Forward


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The request that is sent. `body` is None where the client's own streams through."""

    http: HttpService
    credentialed: bool
    unusable: Problem | None
    body: bytes | None
    sent: Exchange
    path: str
    lines: UpstreamLines

    def head(self, streaming: bool) -> bytes:
        """Its head, as `request_head` makes them."""
        return request_head(self.sent, self.path, self.lines, streaming=streaming)


def redirected(exchange: Exchange, forward: Forward, route: Route) -> Outgoing:
    """What is sent in place of the request that came. Raises KeyError for an upstream that no policy's settings
    name."""
    sent = Exchange(
        forward.method,
        exchange.target,
        forward.headers,
        exchange.fields,
        exchange.peer,
        exchange.scheme,
        exchange.http_version,
        exchange.received_at,
    )
    sent.query = forward.query
    sent.request_id, sent.trace, sent.upgrade = exchange.request_id, exchange.trace, exchange.upgrade
    sent.body = exchange.body if forward.body is None else forward.body
    if forward.upstream:
        there = route.elsewhere[forward.upstream]
        credentialed = there.credential is not None
        return Outgoing(
            there.http, credentialed, there.unusable, sent.body, sent, there.prefix + forward.path, there.lines
        )
    assert route.http is not None
    credentialed = route.credential is not None
    return Outgoing(
        route.http, credentialed, route.unusable, sent.body, sent, route.prefix + forward.path, route.lines
    )
