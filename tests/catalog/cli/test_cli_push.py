"""`ostiary plan`, `push`, `changes` and `waivers` where no catalog need be asked: what is wrong is said here."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.change_text import of_impact, of_proposal, of_view
from catalog.cli.main import build
from tests.support.two_apis import BOOKS, write_two_apis


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no catalog that could be asked."""
    for name in ("OSTIARY_TOKEN", "OSTIARY_PROFILE", "OSTIARY_CATALOG_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


@pytest.mark.parametrize("command", ["plan", "push"])
def test_an_estate_with_errors_is_not_sent_anywhere(command: str, tmp_path: Path) -> None:
    root = write_two_apis(tmp_path / "estate")
    text = (root / BOOKS).read_text()
    (root / BOOKS).write_text(text.replace("operationId: getBook", "operationId: listBooks"))
    ended = run(command, str(root))
    assert ended.exit_code == 1
    assert f"{BOOKS}:" in ended.stderr
    assert "[operation-id-duplicate]" in ended.stderr
    assert "which catalog?" not in ended.stderr
    found = json.loads(run(command, str(root), "--json").stdout)["findings"]
    assert {each["rule"] for each in found} == {"operation-id-duplicate"}


@pytest.mark.parametrize("command", ["plan", "push"])
def test_without_an_estate_or_a_catalog_nothing_is_done(command: str, tmp_path: Path) -> None:
    assert run(command, str(tmp_path)).exit_code == 2
    nobody = run(command, str(write_two_apis(tmp_path / "estate")))
    assert (nobody.exit_code, "which catalog?" in nobody.stderr) == (2, True)


def test_what_is_no_date_or_no_number_is_refused_before_anybody_is_asked() -> None:
    wrong = run("waivers", "request", "books", "a" * 16, "--reason", "x", "--expires", "soon")
    assert (wrong.exit_code, "not 'soon'" in wrong.stderr) == (2, True)
    assert run("changes", "show", "0").exit_code == 2
    assert run("changes", "approve", "1", "-m", "x").exit_code == 2  # without saying what was seen


FOUND: dict[str, Any] = {
    "rule": "request-maximum-narrowed",
    "severity": "error",
    "message": "`maximum` went from \x1b[31m`100` to `50`",
    "fingerprint": "a4b21636079cdb22",
    "file": "apis/orders/v2.openapi.yaml",
    "line": 7,
    "column": 5,
    "operation": "POST /orders",
}
ASSESSMENT: dict[str, Any] = {
    "unit": "orders",
    "base": "sha256:1",
    "revision": "sha256:2",
    "digest": "sha256:3",
    "verdict": "breaking",
    "bump": "major",
    "touches": ["deprecation"],
    "files": [{"path": "apis/orders/v2.openapi.yaml", "action": "changed", "diff": ["-old", "+new"], "cut": True}],
    "changes": [FOUND, {**FOUND, "undecided": True, "waived": 3}],
    "lint": [{**FOUND, "new": False}],
}
CONDITIONS = [
    {"id": "sound", "met": True, "text": "it compiles"},
    {"id": "waived:breaking", "met": False, "text": "1 has no waiver", "needs": ["a4b21636079cdb22"]},
]
IMPACT = {
    "days": 90,
    "versions": [
        {
            "api": "orders",
            "version": "v2",
            "observed_since": None,
            "impacts": [
                {
                    "rule": "request-maximum-narrowed",
                    "fingerprint": "a4b21636079cdb22",
                    "basis": "every caller",
                    "touched": [
                        {
                            "consumer": "aurora",
                            "application": "shop",
                            "calls": 3,
                            "last_seen": 1_795_000_000,
                            "confidence": "observed",
                        },
                        {
                            "consumer": "polar",
                            "application": "desk",
                            "calls": 0,
                            "last_seen": None,
                            "confidence": "subscribed",
                        },
                    ],
                }
            ],
        }
    ],
}


def plain(lines: Any) -> list[str]:
    import click

    return [click.unstyle(line) for line in lines]


def test_a_proposal_in_words() -> None:
    proposed = {"unit": "orders", "assessment": ASSESSMENT, "impact": IMPACT, "conditions": CONDITIONS}
    where = "apis/orders/v2.openapi.yaml:7:5: POST /orders: `maximum` went from �[31m`100` to `50`"
    assert plain(of_proposal(proposed)) == [
        "orders: breaking, suggested bump: major",
        "  Files",
        "    ~ apis/orders/v2.openapi.yaml",
        "        -old",
        "        +new",
        "        …",
        "  Contract",
        f"    error: {where} [request-maximum-narrowed] a4b21636079cdb22",
        f"    undecided: {where} [request-maximum-narrowed] a4b21636079cdb22 (waived: 3)",
        "  Touches: deprecation",
        "  Impact on orders v2 (90 days, never observed)",
        "    request-maximum-narrowed a4b21636079cdb22: every caller",
        "      shop of aurora: 3 calls, the last on 2026-11-18",
        "      desk of polar: subscribed, never seen",
        "  Conditions",
        "    met: it compiles",
        "    open: 1 has no waiver (needs: a4b21636079cdb22)",
    ]
    assert plain(of_proposal({"unit": "orders", "assessment": None})) == []
    assert plain(of_impact(None)) == []


def test_a_change_in_words() -> None:
    view = {
        "change": {
            "number": 7,
            "unit": "orders",
            "state": "published",
            "emergency": True,
            "authors": ["ines", "omar"],
            "message": "now",
        },
        "assessment": {"revision": None, "base": "sha256:1", "verdict": "breaking", "bump": "major"},
        "conditions": [],
        "events": [
            {
                "at": "2026-11-28T09:00:00Z",
                "actor": "ines",
                "kind": "proposed",
                "role": "",
                "giver": "",
                "text": "",
            },
            {
                "at": "2026-11-28T09:05:00Z",
                "actor": "ada",
                "kind": "approved",
                "role": "architect",
                "giver": "otto",
                "text": "fine",
            },
        ],
    }
    assert plain(of_view(view)) == [
        "Change 7 of orders: published, an emergency",
        "  is taken away, by ines, omar: now",
        "  What happened",
        "    2026-11-28T09:00:00Z ines proposed",
        "    2026-11-28T09:05:00Z ada approved as architect for otto: fine",
    ]
