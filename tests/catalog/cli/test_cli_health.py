"""`ostiary health` and `ostiary errors`: what is printed, and what exit code tells."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog.cli import errors as errors_command
from catalog.cli import health as health_command
from catalog.cli.main import build

CALL = {
    "number": 1,
    "request_id": "5f0c2f7e9b1d4e6a",
    "at": "2026-11-28T09:14:05Z",
    "api": "orders",
    "version": "v2",
    "operation": "createOrder",
    "method": "POST",
    "path": "/orders/v2/orders",
    "application": "aurora-shop",
    "consumer": "aurora",
    "status": 422,
    "problem": "schema-violation",
    "policy": "request-schema",
    "upstream": "not-called",
    "aborted": False,
    "milliseconds": 2,
    "gateway": "edge-1",
    "title": "Request does not match the contract",
    "happened": "It does not.",
    "advice": "Mend the request.",
}
KEPT = {"availability": 99.5, "standing": "kept", "budget_left": 0.82}


class Answering:
    """In place of a catalog: what it answers, and what it was asked."""

    def __init__(self, *pages: Any) -> None:
        self._pages = pages
        self.asked: dict[str, Any] = {}

    def get(self, path: str, **query: Any) -> Any:
        return self._pages[0]

    def pages(self, path: str, **query: Any) -> Any:
        self.asked = query
        return iter(self._pages)


def run(monkeypatch: pytest.MonkeyPatch, catalog: Answering, *words: str) -> tuple[int, str]:
    for command in (errors_command, health_command):
        monkeypatch.setattr(command, "connect", lambda *_: catalog)
    result = CliRunner().invoke(build(), list(words), env={"COLUMNS": "200"})
    return result.exit_code, result.output


def overview(standing: str, promise: Any = KEPT) -> dict[str, Any]:
    api = {"name": "orders", "standing": standing, "calls": 12, "bad": 1, "upstreams": ["odoo"], "behind": "good"}
    numbers = dict.fromkeys(("processes", "open", "serving", "ejected", "unhealthy", "in_use", "queued"), 2)
    held = [{"api": "orders", "version": "v1", "why": "rejected"}]
    gateway = {"name": "edge-1", "standing": "holding", "reported_at": "2026-11-28T09:14:05Z", "serial": 7}
    return {
        "apis": [{**api, "promise": promise}],
        "upstreams": [{"name": "odoo", "standing": "impaired", **numbers}],
        "gateways": [{**gateway, "open_requests": 3, "held": held}],
    }


@pytest.mark.parametrize(("standing", "code"), [("good", 0), ("impaired", 0), ("failing", 1)])
def test_what_is_failing_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, standing: str, code: int) -> None:
    ended, output = run(monkeypatch, Answering(overview(standing)), "health")
    assert ended == code
    assert "99.5 %: kept" in output
    assert "82.0%" in output
    assert "orders/v1 (rejected)" in output


def test_what_promises_nothing_has_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "99.5" not in run(monkeypatch, Answering(overview("quiet", None)), "health")[1]


def test_a_call_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    _, output = run(monkeypatch, Answering(CALL), "errors", "--request-id", CALL["request_id"])
    assert "POST /orders/v2/orders  422" in output
    assert "Mend the request." in output
    assert "refused by request-schema" in output


def test_calls_are_listed_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Answering(CALL, {**CALL, "api": "", "problem": ""}, {**CALL, "request_id": "beyond-it"})
    _, output = run(monkeypatch, catalog, "errors", "--application", "aurora-shop", "--limit", "2")
    assert catalog.asked["application"] == "aurora-shop"
    assert "orders/v2 createOrder" in output
    assert "(no such route)" in output
    assert "beyond-it" not in output
    assert json.loads(run(monkeypatch, Answering(CALL), "errors", "--json")[1]) == {"errors": [CALL]}


def test_nothing_found_says_why_that_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sample" in run(monkeypatch, Answering(), "errors")[1]
