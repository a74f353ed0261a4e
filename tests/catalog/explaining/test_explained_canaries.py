"""Where a request goes that a canary would get, as `ostiary explain` tells it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from tests.catalog.cli.test_cli_check_access import policies
from tests.catalog.cli.test_cli_check_migrations import UPSTREAMS
from tests.support.estates import write_estate


@pytest.mark.parametrize(("always", "upstream"), [("[reading-club]", "next"), ("[]", "bookshop")])
def test_who_goes_to_a_canary_is_told(tmp_path: Path, always: str, upstream: str) -> None:
    header = "header: {name: X-Preview, value: next}"
    settings = f"  canary: {{to: next, always-for: {always}, {header}}}\n  mirror: {{to: next}}\n"
    root = str(write_estate(tmp_path, UPSTREAMS, policies(settings)))
    asked = ["explain", "GET", "/books/v1/books", "--as", "reading-club-app", "--estate", root]
    result = CliRunner().invoke(build(), asked)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    sent = ["canary", "allowed:", "sent", "to", "next"] if upstream == "next" else ["canary", "allowed"]
    assert sent in lines
    assert ["upstream", "called:", f"{upstream}:", "GET"] in [line[:4] for line in lines]
