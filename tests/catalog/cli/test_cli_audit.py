"""`ostiary audit`: what it prints, and its exit codes."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build

runner = CliRunner()


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog's directory in which two secrets were issued."""
    directory = tmp_path_factory.mktemp("issued") / "data"
    estate = Path(__file__).parents[3] / "catalog" / "demo" / "estate"
    for _ in range(2):
        options = ["--data", str(directory), "--estate", str(estate)]
        ran = runner.invoke(build(), ["catalog", "issue", "aurora-shop", *options])
        assert ran.exit_code == 0, ran.output
    return directory


@pytest.fixture
def data(issued: Path, tmp_path: Path) -> str:
    """A copy of it, for a test to alter."""
    return str(shutil.copytree(issued, tmp_path / "data"))


def tamper(data: str, statement: str) -> None:
    connection = sqlite3.connect(Path(data) / "catalog.db")
    with connection:
        for name in ("audit_entries_update", "audit_entries_delete"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_what_was_done_is_listed(data: str) -> None:
    ran = runner.invoke(build(), ["audit", "list", "--data", data])
    first, second = ran.output.splitlines()
    assert first.split()[0] == "1"
    assert "client-secret aurora-shop/" in second
    assert " issued by local:" in second
    [only] = json.loads(runner.invoke(build(), ["audit", "list", "--last", "1", "--json", "--data", data]).output)
    assert only["number"] == 2
    assert runner.invoke(build(), ["audit", "list", "--actor", "nobody", "--data", data]).stdout == ""


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["--action", "issued"], 2),
        (["--action", "revoked"], 0),
        (["--text", "AURORA-shop"], 2),
        (["--text", "nothing like it"], 0),
        (["--since", "2026-01-01", "--until", "2100-01-01T00:00:00Z"], 2),
        (["--until", "2026-01-01"], 0),
        (["--since", "2100-01-01T00:00:00"], 0),
    ],
)
def test_a_list_answers_what_it_is_asked(data: str, asked: list[str], found: int) -> None:
    ran = runner.invoke(build(), ["audit", "list", *asked, "--json", "--data", data])
    assert ran.exit_code == 0, ran.output
    assert len(json.loads(ran.stdout)) == found


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", ""])
def test_a_bad_day_is_quoted(data: str, text: str) -> None:
    ran = runner.invoke(build(), ["audit", "list", "--until", text, "--data", data])
    assert (ran.exit_code, f"--until {text!r} is no day or time" in ran.output) == (2, True)


def test_a_good_log_is_proved_and_exported(data: str) -> None:
    ran = runner.invoke(build(), ["audit", "verify", "--data", data])
    assert (ran.exit_code, ran.output) == (0, "2 entries, each as it was written\n")
    lines = [
        json.loads(line)
        for line in runner.invoke(build(), ["audit", "export", "--data", data]).output.splitlines()
    ]
    assert [line["number"] for line in lines] == [1, 2]
    assert lines[1]["previous"] == lines[0]["digest"]
    anchor = f"2:{lines[1]['digest']}"
    assert runner.invoke(build(), ["audit", "verify", "--expect", anchor, "--data", data]).exit_code == 0


def test_an_altered_entry_is_named_with_exit_code_1(data: str) -> None:
    tamper(data, "UPDATE audit_entries SET actor = 'somebody else' WHERE number = 2")
    ran = runner.invoke(build(), ["audit", "verify", "--data", data])
    assert ran.exit_code == 1
    assert ran.stdout == "entry 2: it was altered: its digest is not that of what it says\n"
    told = json.loads(runner.invoke(build(), ["audit", "verify", "--json", "--data", data]).stdout)
    assert told == {
        "verified": False,
        "entries": 1,
        "fault": {"entry": 2, "reason": "it was altered: its digest is not that of what it says"},
    }


@pytest.mark.parametrize("text", ["2", "x:00", "0:" + "00" * 32, "2:zz", "2:00"])
def test_a_bad_anchor_is_quoted(data: str, text: str) -> None:
    ran = runner.invoke(build(), ["audit", "verify", "--expect", text, "--data", data])
    assert ran.exit_code == 2
    assert f"--expect {text!r} is not NUMBER:DIGEST" in ran.stderr


def test_without_a_catalog_there_is_no_log(tmp_path: Path) -> None:
    for command in ("list", "export", "verify"):
        ran = runner.invoke(build(), ["audit", command, "--data", str(tmp_path / "none")])
        assert ran.exit_code == 2
        assert "there is no catalog in" in ran.stderr or "there is no snapshot key" in ran.stderr
    assert not (tmp_path / "none").exists()
