"""Where a request's time went: said in the access log of those that were slow or refused."""

import json
import os
from pathlib import Path

import pytest

from gateway.record import AccessLog
from policies.exchange import Exchange
from tests.gateway.gateway_world import gateway
from tests.support.policy_world import exchange, operation, version


async def test_a_refused_request_says_what_each_policy_took(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("POST", "/orders/v1/orders", b'{"sku": 5}', Content_Type="application/json")
        await world.ask("GET", "/orders/v1/orders", bearer=None)
        await world.ask("GET", "/nowhere")
        on_body, on_head, unrouted = await world.logged(3)
    assert list(on_body["policies_ms"]) == [
        "authentication",
        "sender-constraint",
        "subscription",
        "rate-limit",
        "body-limits",
        "request-body",
        "request-content",
        "request-schema",
    ]
    assert all(spent >= 0 for spent in on_body["policies_ms"].values())
    assert sum(on_body["policies_ms"].values()) <= on_body["duration_ms"] + 0.01
    assert list(on_head["policies_ms"]) == ["authentication"]
    assert "policies_ms" not in unrouted


async def test_a_good_and_quick_request_does_not(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders/5")
        (line,) = await world.logged(1)
    assert line["decision"] == "allowed"
    assert "policies_ms" not in line


def ended(seconds: float) -> Exchange:
    made = exchange()
    made.operation = operation()
    made.version = version(made.operation)
    made.timed = ("authentication", "request-body", "request-schema")
    made.marks = [10.0, 10.5, 11.0, 11.25]
    made.received_at, made.ended_at = 10.0, 10.0 + seconds
    return made


@pytest.mark.parametrize(("seconds", "timed"), [(1.9, False), (2.0, True), (9.0, True)])
async def test_slow_is_what_the_setting_says(tmp_path: Path, seconds: float, timed: bool) -> None:
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    log = AccessLog(descriptor, slow=2.0)
    log.record(ended(seconds))
    log.flush()
    os.close(descriptor)
    line = json.loads((tmp_path / "log").read_bytes())
    expected = {"authentication": 500.0, "request-body": 500.0, "request-schema": 250.0}
    assert line.get("policies_ms") == (expected if timed else None)
