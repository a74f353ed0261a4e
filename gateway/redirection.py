"""Requests that go upstream otherwise than they came: changed by a policy, or to another upstream."""

from dataclasses import dataclass
from typing import Final

from contracts.operations import OdooBackend
from contracts.problems import Problem
from gateway.routes import Route
from gateway.upstreams.odoo.effects import changes
from gateway.upstreams.resilience.http_service import HttpService, Repeat
from gateway.upstreams.resilience.odoo_service import OdooService
from gateway.wire.headers import UpstreamLines, request_head
from policies.exchange import Exchange, Forward, Header

_NOT_DONE: Final = frozenset(
    {"upstream-unreachable", "upstream-open", "upstream-busy", "upstream-refused-credential"}
)
"""Problems with an Odoo after which nothing was done there; of a write that may have been, `outcome-unknown` is
said."""
_NOT_ANSWERED: Final = frozenset({"upstream-timeout", "upstream-malformed"})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The request that is sent. `body` is None where the client's own streams through."""

    http: HttpService | None
    credentialed: bool
    unusable: Problem | None
    body: bytes | None
    sent: Exchange
    path: str
    lines: UpstreamLines

    def head(self, streaming: bool) -> bytes:
        """Its head, as `request_head` makes them."""
        return request_head(self.sent, self.path, self.lines, streaming=streaming)


def copied(exchange: Exchange, forward: Forward) -> Exchange:
    """An exchange of which only what makes a request's head and body is there: that of `forward`."""
    sent = _like(exchange, forward.method, forward.headers)
    sent.query = forward.query
    sent.body = exchange.body if forward.body is None else forward.body
    return sent


def redirected(exchange: Exchange, forward: Forward, route: Route) -> Outgoing:
    """What is sent in place of the request that came. Raises KeyError for an upstream that no policy's settings
    name."""
    sent = copied(exchange, forward)
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


def mediated(forward: Forward | None, route: Route) -> tuple[OdooService | None, Problem | None]:
    """The Odoo that is called, or why it is not. Raises KeyError as `redirected` does."""
    if forward is None or not forward.upstream:
        return route.odoo, route.unusable
    there = route.elsewhere[forward.upstream]
    return there.odoo, there.unusable


def mediated_exchange(exchange: Exchange) -> Exchange:
    """The exchange as an Odoo is called for it: with other values, where a policy has made others."""
    forward = exchange.forward
    if forward is None or forward.parameters is None:
        return exchange
    sent = _like(exchange, exchange.method, exchange.headers)
    sent.path, sent.version, sent.operation = exchange.path, exchange.version, exchange.operation
    sent.parameters, sent.body_value = forward.parameters, forward.value
    sent.principal = exchange.principal
    return sent


def _like(exchange: Exchange, method: str, headers: list[Header]) -> Exchange:
    like = Exchange(
        method,
        exchange.target,
        headers,
        exchange.fields,
        exchange.peer,
        exchange.scheme,
        exchange.http_version,
        exchange.received_at,
    )
    like.request_id, like.trace, like.upgrade = exchange.request_id, exchange.trace, exchange.upgrade
    return like


def may_fall_back(forward: Forward, sent: bool, route: Route) -> bool:
    """Whether the contract's own upstream is called in place of one that gave no answer. `sent`: the request may
    have reached that."""
    if not forward.upstream or not forward.fall_back:
        return False
    return not sent or (route.odoo is None and route.repeat is Repeat.SAFE)


def may_have_been_done(outcome: Problem, exchange: Exchange, backend: OdooBackend) -> bool:
    """Whether an Odoo that gave no answer may have done what must not be done again, or has answered after all."""
    if outcome.type.id in _NOT_DONE:
        return False
    return changes(exchange, backend) or outcome.type.id not in _NOT_ANSWERED


def fall_back(forward: Forward) -> None:
    """From now on, the request goes to the contract's own upstream."""
    forward.fell_back, forward.upstream = forward.upstream, ""
