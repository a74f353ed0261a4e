"""The access log's lines are put together by hand: each must be the JSON that it means, whatever it holds."""

import os
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import problem
from gateway.record import AccessLog
from policies.exchange import Exchange, Labels, Principal, Violation
from tests.support.policy_world import operation, version

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SECONDS = st.floats(0, 4e6)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    made = Exchange(draw(TEXT), b"/", [], {}, draw(TEXT), received_at=draw(SECONDS))
    made.request_id = draw(st.one_of(TEXT, st.just("0123456789abcdef" * 2)))
    made.status, made.bytes_in, made.bytes_out = draw(st.tuples(st.integers(0, 999), *[st.integers(0, 2**63)] * 2))
    made.ended_at = made.received_at + draw(SECONDS)
    if draw(st.booleans()):
        called = operation(id=draw(TEXT), path="/" + draw(TEXT))
        made.operation, made.version = called, version(called, api=draw(TEXT), version=draw(TEXT))
        made.labels = Labels(made.version, called) if draw(st.booleans()) else None
    if draw(st.booleans()):
        made.principal = Principal("i", draw(TEXT), "s", draw(TEXT), frozenset(), 1.0, draw(TEXT), {})
    if draw(st.booleans()):
        made.upstream_sent_at = made.received_at + draw(st.floats(0.001, 1))
        made.upstream_first_byte_at = draw(st.sampled_from((0.0, made.upstream_sent_at + 0.5)))
    if draw(st.booleans()):
        made.refusal, made.refused_by = problem("quota-exceeded", "Used up."), draw(TEXT)
    made.would_refuse = tuple(draw(st.lists(TEXT, max_size=2)))
    made.answered_by = draw(st.one_of(st.just(""), TEXT))
    if draw(st.booleans()):
        made.violations = (Violation("body", draw(TEXT), draw(TEXT), draw(TEXT)),)
    return made


def meant(exchange: Exchange, epoch: float) -> dict[str, Any]:
    """The members, worked out without a shortcut."""
    caller, called, refusal = exchange.principal, exchange.operation, exchange.refusal
    entry: dict[str, Any] = {
        "time": pytest.approx(epoch + exchange.received_at, abs=0.000501),
        "request_id": exchange.request_id,
        "peer": exchange.peer,
        "method": exchange.method,
        "status": exchange.status,
        "duration_ms": pytest.approx((exchange.ended_at - exchange.received_at) * 1000, abs=0.000501),
        "bytes_in": exchange.bytes_in,
        "bytes_out": exchange.bytes_out,
    }
    if called is not None and exchange.version is not None:
        entry |= {"api": exchange.version.api, "version": exchange.version.version, "operation": called.id}
        entry["path"] = exchange.version.base_path + called.path
    if caller is not None:
        entry |= {"client_id": caller.client_id, "consumer": caller.consumer, "token_id": caller.token_id}
    if exchange.upstream_sent_at:
        until = exchange.upstream_first_byte_at or exchange.ended_at
        entry["upstream_ms"] = pytest.approx((until - exchange.upstream_sent_at) * 1000, abs=0.000501)
    entry["decision"] = "allowed" if refusal is None else "refused"
    if refusal is not None:
        entry |= {"policy": exchange.refused_by, "problem": refusal.type.id}
    if exchange.would_refuse:
        entry["would_refuse"] = list(exchange.would_refuse)
    if exchange.answered_by:
        entry["answered_by"] = exchange.answered_by
    if exchange.violations:
        entry["response_violations"] = [violation.as_member() for violation in exchange.violations]
    return entry


@given(st.lists(exchanges(), min_size=1, max_size=3))
def test_every_line_is_the_json_that_it_means(made: list[Exchange]) -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        log = AccessLog(write)
        log._timer = _Timer()  # type: ignore[assignment]  # no loop runs here
        for exchange in made:
            log.record(exchange)
        log.flush()
        os.close(write)
        lines = pipe.read().split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == log.lines == len(made)
    for line, exchange in zip(lines, made, strict=True):
        entry = msgspec.json.decode(line)
        assert entry == meant(exchange, log._epoch)
        assert list(entry) == list(meant(exchange, log._epoch))


class _Timer:
    def cancel(self) -> None: ...
