"""`ostiary check` on settings of canaries, mirrors and simulated faults: told with their lines."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from tests.catalog.cli.test_cli_check_access import API, CONTRACT, at_get_book, policies
from tests.support.estates import write_estate

UPSTREAMS = (
    "ostiary.yaml",
    "upstreams:\n",
    "upstreams:\n  next: {url: 'http://127.0.0.1:9'}\n  erp: {url: 'http://127.0.0.1:8', kind: odoo}\n",
)


def errors(root: Path, *changes: tuple[str, str, str]) -> list[str]:
    """What keeps the estate from being enforced, one a line."""
    result = CliRunner().invoke(build(), ["check", str(write_estate(root, UPSTREAMS, *changes))])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    found = [line for line in result.stdout.splitlines() if ": error: " in line]
    assert result.exit_code == (1 if found else 0)
    return found


def test_settings_that_are_right_have_no_findings(tmp_path: Path) -> None:
    settings = (
        "  canary: {to: next, percent: 5, always-for: [reading-club], header: {name: X-Preview, value: next}}\n"
        "  mirror: {to: next, ignore: [/updated_at], keys: {/data: id}}\n"
        "  fault-injection: {faults: {slow: {delay: 3}}}\n"
    )
    assert errors(tmp_path, policies(settings)) == []


@pytest.mark.parametrize(
    ("settings", "place", "said"),
    [
        ("  canary: {to: nxt, percent: 5}\n", "8:16", "canary: there is no upstream 'nxt' (did you mean 'next'?)"),
        (
            "  mirror: {to: erp}\n",
            "8:16",
            "upstream 'erp' is of kind 'odoo', and what serves books v1 is of kind 'http'",
        ),
        ("  canary: {to: bookshop, percent: 5}\n", "8:16", "canary: 'bookshop' is the operation's own upstream"),
        ("  mirror: {to: bookshop}\n", "8:16", "mirror: 'bookshop' is the operation's own upstream"),
        ("  canary: {to: next, always-for: [librari]}\n", "8:35", "there is no consumer 'librari'"),
        ("  canary: {to: next}\n", "8:11", "canary: nobody is sent to the canary"),
        ("  canary: {to: next, percent: 101}\n", "8:31", "101"),
        ("  canary: {to: next, percent: 1, back-out: {eror-rate: 1}}\n", "8:45", "did you mean 'error-rate'?"),
        ("  mirror: {to: next, methods: [GETT]}\n", "8:32", "GETT"),
        ("  mirror: {to: next, ignore: [a]}\n", "8:31", "a"),
        ("  mirror: {to: next, mode: report}\n", "8:28", "the policy 'mirror' has no mode 'report'"),
        ("  fault-injection: {faults: {a: {problem: nope}}}\n", "8:43", "there is no problem type 'nope'"),
        ("  fault-injection: {faults: {a: {delay: 61}}}\n", "8:41", "61"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(tmp_path: Path, settings: str, place: str, said: str) -> None:
    first = errors(tmp_path, policies(settings))[0]
    assert first.startswith(f"{API}:{place}: error: ")
    assert said in first


def test_an_operation_may_say_it_alone(tmp_path: Path) -> None:
    extension = "      x-ostiary-policies: {canary: {to: nxt, percent: 1}}\n"
    (found,) = errors(tmp_path, at_get_book(extension))
    assert f"{CONTRACT}:74:" in found
    assert "there is no upstream 'nxt'" in found
