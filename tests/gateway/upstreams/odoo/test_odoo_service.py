"""An Odoo behind a breaker: what is tried again, what never is, and what opens it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest

from contracts.problems import Problem
from contracts.resilience import BreakerSettings, EjectionSettings, RetrySettings
from contracts.snapshot import Timeouts, Upstream
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.resilience.breaker import State
from gateway.upstreams.resilience.odoo_service import OdooService

ROW = {"id": 3, "client_order_ref": "X"}
BRISK = {"breaker": BreakerSettings(consecutive=2, open_for=3600.0), "retries": RetrySettings(pause=0.001)}


def answers(*turns: Any) -> Callable[..., Awaitable[None]]:
    """One turn for each request, the last for all after it: a value of Odoo's, a status, or None to drop it."""
    left = list(turns)

    async def script(head: bytes, body: bytes, writer: Any) -> None:
        turn = left.pop(0) if len(left) > 1 else left[0]
        if turn is None:
            writer.transport.abort()
        elif isinstance(turn, int):
            writer.write(b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno" % turn)
        else:
            data = json.dumps(turn).encode()
            head_line = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            writer.write(head_line % len(data) + data)

    return script


@pytest.fixture
def serving(
    make_upstream: Callable[..., Upstream], session: aiohttp.ClientSession, rig: Any
) -> Callable[..., tuple[OdooService, Any]]:
    """The service before some targets, and a rig that calls through it."""

    def make(*urls: str, **changes: Any) -> tuple[OdooService, Any]:
        upstream = msgspec.structs.replace(
            make_upstream(urls[0], protocol="json2"), **{**BRISK, "targets": urls, **changes}
        )
        service = OdooService(upstream, session, "a-key-for-tests-only")
        calls = rig(urls[0], protocol="json2")
        calls.adapter = service
        return service, calls

    return make


async def ask(calls: Any, mapping: Any, action: str) -> Answer | Problem:
    backend = mapping(action, fields=mapping("list").fields[5:6], method="action_confirm", total_property=None)
    found: Answer | Problem = await calls.call(backend, path={"order_id": 3}, body={"reference": "X"})
    return found


@pytest.mark.parametrize("action", ["list", "get"])
async def test_a_read_is_tried_again(serving: Any, mapping: Any, scripted: Any, action: str) -> None:
    server = await scripted(answers(502, [ROW]))
    service, calls = serving(server.url)
    assert isinstance(await ask(calls, mapping, action), Answer)
    assert len(server.requests) == 2
    assert service.guard.budget.taken == 1


async def test_a_write_that_was_sent_is_not(serving: Any, mapping: Any, scripted: Any) -> None:
    server = await scripted(answers(None))
    service, calls = serving(server.url)
    outcome = await ask(calls, mapping, "create")
    assert isinstance(outcome, Problem)
    assert outcome.type.id == "outcome-unknown"
    assert len(server.requests) == 1
    assert service.guard.budget.taken == 0


@pytest.mark.parametrize("action", ["create", "update", "delete", "call"])
async def test_nor_is_one_that_could_not_be_sent(serving: Any, mapping: Any, scripted: Any, action: str) -> None:
    server = await scripted(answers(502))
    service, calls = serving(server.url)
    assert isinstance(await ask(calls, mapping, action), Problem)
    assert len(server.requests) == 1
    assert service.guard.budget.taken == 0


@pytest.mark.parametrize("failure", [None, 502, 503, 504])
async def test_failures_open_the_breaker(serving: Any, mapping: Any, scripted: Any, failure: int | None) -> None:
    server = await scripted(answers(failure))
    service, calls = serving(server.url, retries=RetrySettings(attempts=0))
    for _ in range(2):
        await ask(calls, mapping, "list")
    assert service.guard.breaker.state is State.OPEN
    before = len(server.requests)
    outcome = await ask(calls, mapping, "create")
    assert isinstance(outcome, Problem)
    assert outcome.type.id == "upstream-open"
    assert dict(outcome.headers)["retry-after"].isdigit()
    assert len(server.requests) == before


async def test_silence_opens_it_too(serving: Any, mapping: Any, scripted: Any) -> None:
    async def silent(head: bytes, body: bytes, writer: Any) -> None:
        pass

    server = await scripted(silent)
    short = Timeouts(first_byte=0.1, total=5.0)
    service, calls = serving(server.url, timeouts=short, retries=RetrySettings(attempts=0))
    for _ in range(2):
        await ask(calls, mapping, "list")
    assert service.guard.breaker.state is State.OPEN


@pytest.mark.parametrize("status", [401, 403])
async def test_what_odoo_refuses_does_not(serving: Any, mapping: Any, scripted: Any, status: int) -> None:
    server = await scripted(answers(status))
    service, calls = serving(server.url)
    for _ in range(5):
        assert isinstance(await ask(calls, mapping, "list"), Problem)
    assert service.guard.breaker.state is State.CLOSED
    assert len(server.requests) == 5


async def test_a_dead_target_costs_no_read(serving: Any, mapping: Any, scripted: Any) -> None:
    dead, good = await scripted(answers(502)), await scripted(answers([ROW]))
    service, calls = serving(dead.url, good.url)
    for _ in range(40):
        assert isinstance(await ask(calls, mapping, "list"), Answer)
    assert service.guard.balancer.targets[0].ejections == 1
    assert len(dead.requests) == 5
    assert [target["in_use"] for target in service.state()["targets"]] == [0, 0]


async def test_one_dead_target_neither_opens_the_breaker_nor_keeps_it_open(
    serving: Any, mapping: Any, scripted: Any
) -> None:
    dead, other = await scripted(answers(502)), await scripted(answers(503, 503, [ROW]))
    retries, ejection = RetrySettings(budget=1.0, pause=0.001), EjectionSettings(failures=100_000)
    service, calls = serving(dead.url, other.url, retries=retries, ejection=ejection)
    service.guard.balancer._chance = lambda: 0.0  # the dead one first
    breaker = service.guard.breaker
    for _ in range(2):
        assert isinstance(await ask(calls, mapping, "list"), Problem)
    assert breaker.state is State.OPEN
    breaker._clock = lambda: time.monotonic() + 3600.0
    for _ in range(10):
        assert isinstance(await ask(calls, mapping, "list"), Answer)
    assert (breaker.state, breaker.opened) == (State.CLOSED, 1)
    assert len(dead.requests) == 12


async def test_a_probe_that_is_given_up_before_it_is_tried_again_is_none(
    serving: Any, mapping: Any, scripted: Any
) -> None:
    dead, other = await scripted(answers(502)), await scripted(answers(503, 503, [ROW]))
    brisk = {"retries": RetrySettings(pause=0.001), "ejection": EjectionSettings(failures=100_000)}
    brisk["breaker"] = BreakerSettings(consecutive=2, open_for=3600.0, probes=1)
    service, calls = serving(dead.url, other.url, **brisk)
    guard = service.guard
    guard.balancer._chance = lambda: 0.0
    for _ in range(2):
        await ask(calls, mapping, "list")
    guard.breaker._clock = lambda: time.monotonic() + 3600.0
    guard.pause = lambda retry: 3.0
    asking = asyncio.create_task(ask(calls, mapping, "list"))
    while len(dead.requests) < 3:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    asking.cancel()
    await asyncio.wait([asking])
    guard.pause = lambda retry: 0.001
    assert isinstance(await ask(calls, mapping, "list"), Answer)
    assert guard.breaker.state is State.CLOSED
