"""Upstreams and gateways by what processes report."""

from typing import Any

import pytest

from catalog.health.serving import gateway_health, upstream_health
from catalog.reporting.processes import Process
from contracts.usage.report import HeldVersion, UpstreamState
from tests.catalog.reporting.test_failures_store import NOW, report

GOOD: dict[str, Any] = {
    "name": "odoo",
    "breaker": "closed",
    "opened": 0,
    "serving": 2,
    "ejected": 0,
    "unhealthy": 0,
    "in_use": 1,
    "queued": 0,
}


def process(reported_at: int = NOW, **changes: Any) -> Process:
    return Process(report(1, upstreams=(UpstreamState(**{**GOOD, **changes}),)), reported_at)


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ([], "unknown"),
        ([process()], "good"),
        ([process(), process(breaker="open")], "impaired"),
        ([process(serving=1, unhealthy=1)], "impaired"),
        ([process(breaker="half-open")], "impaired"),
        ([process(breaker="open"), process(serving=0, unhealthy=2)], "down"),
        ([process(NOW - 300, breaker="open"), process()], "good"),
        ([process(NOW - 300)], "unknown"),
    ],
)
def test_an_upstream_is_as_all_see_it(told: list[Process], standing: str) -> None:
    (found,) = upstream_health(["odoo"], told, NOW)
    assert found.standing == standing


def test_numbers_of_processes_are_put_together() -> None:
    told = [process(opened=2, in_use=3, queued=1), process(breaker="open", opened=1, serving=1, ejected=1)]
    unknown, found = upstream_health(["odoo", "aaa"], told, NOW)
    assert (unknown.name, unknown.processes) == ("aaa", 0)
    assert (found.processes, found.open, found.opened, found.in_use, found.queued) == (2, 1, 3, 4, 1)
    assert (found.serving, found.ejected) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "serial", "issued", "standing"),
    [
        ({}, 7, NOW - 50, "good"),
        ({}, 8, NOW - 50, "behind"),
        ({}, 8, NOW - 5, "good"),
        ({"held": (HeldVersion("orders", "v1", "rejected"),)}, 7, NOW - 50, "holding"),
        ({"catalog_failing": True}, 7, NOW - 50, "catalog-failing"),
    ],
)
def test_a_process_stands_by_what_it_serves(
    changes: dict[str, Any], serial: int, issued: int, standing: str
) -> None:
    assert gateway_health(Process(report(1, **changes), NOW), serial, issued, NOW).standing == standing


def test_a_process_that_tells_nothing_is_silent() -> None:
    assert gateway_health(Process(report(), NOW - 100), 7, NOW, NOW).standing == "silent"
