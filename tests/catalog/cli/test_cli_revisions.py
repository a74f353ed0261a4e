"""`ostiary revisions`, `rollback` and `publish`, of a catalog that began with a directory and goes on without."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from tests.catalog.cli.test_cli_remote import SAMPLE, People
from tests.catalog.processes import Process, catalog

pytestmark = pytest.mark.xdist_group("cli-revisions")  # one catalog serves them all

OTHER = "title: Sales orders", "title: Orders and quotations"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path_factory.mktemp("estates") / "estate"))


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory, estate: Path) -> Iterator[Process]:
    """Its directory had two states, of which the second is in force."""
    directory = tmp_path_factory.mktemp("catalog")
    settings = {"OSTIARY_CATALOG_ESTATE": str(estate), "OSTIARY_CATALOG_WATCH": "0"}
    with catalog(directory, **settings):
        pass
    file = estate / "apis/orders/api.yaml"
    assert OTHER[0] in file.read_text()
    file.write_text(file.read_text().replace(*OTHER, 1))
    with catalog(directory, **settings):
        pass
    with catalog(directory) as process:
        yield process


@pytest.fixture(scope="module")
def people(governed: Process) -> People:
    return People(governed)


def table(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()]


def test_what_is_in_force_and_what_was(people: People) -> None:
    head, *rows = table(people("ines", "revisions"))
    assert head == ["UNIT", "REVISION", "SINCE", "CHANGE", "HELD"]
    assert [row[0] for row in rows] == ["estate", "orders", "partners", "shipments"]
    _, now, before = table(people("ines", "revisions", "orders"))
    assert now[2:4] == before[2:4] == ["directory", "catalog"]
    assert now[0] == next(row[1] for row in rows if row[0] == "orders") != before[0]
    document = json.loads(people("ines", "revisions", "orders", "--json").stdout)
    assert [each["revision"].removeprefix("sha256:")[:12] for each in document] == [now[0], before[0]]


def test_a_rollback_is_shown_first_then_done_and_undone(people: People) -> None:
    _, now, before = table(people("ines", "revisions", "orders"))
    shown = people("ines", "rollback", "orders", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[0] == f"orders would be rolled back from {now[0]} to {before[0]}"
    assert "~ apis/orders/api.yaml" in shown.stdout
    done = people("ines", "rollback", "orders", "--reason", "partners asked")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == f"orders rolled back from {now[0]} to {before[0]}"
    _, newest, *_ = table(people("ines", "revisions", "orders"))
    assert (newest[0], newest[2:4], newest[-2:]) == (before[0], ["rollback", "ines"], ["partners", "asked"])
    forth = people("ines", "rollback", "orders", now[0][:8], "-m", "and forth", "--json")
    assert json.loads(forth.stdout)["done"] is True


@pytest.mark.parametrize(
    ("arguments", "said", "exit_code"),
    [
        (["orders"], "A rollback needs a --reason", 2),
        (["orders", "abc", "-m", "x"], "is too short", 2),
        (["orders", "abcdef123456", "-m", "x"], "no revision of it that was in force", 2),
        (["shipments", "-m", "x"], "has no earlier revision", 2),
        (["songs", "-m", "x"], "There is no unit 'songs'", 2),
    ],
)
def test_what_cannot_be_done_is_said(people: People, arguments: list[str], said: str, exit_code: int) -> None:
    result = people("ines", "rollback", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in result.stderr


def test_publishing_again_finds_nothing_new(people: People) -> None:
    result = people("ines", "publish", "--status")
    assert result.exit_code == 0, result.output
    assert "(the store decides)" in result.stdout
    refused = people("ines", "publish")
    assert (refused.exit_code, "Role missing" in refused.stderr) == (1, True)
