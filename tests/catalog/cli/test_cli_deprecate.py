"""`ostiary deprecate` through typer's runner."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from contracts.estate.estate import load_estate
from tests.support.estates import write_estate

API = "apis/books/api.yaml"
TEXT = "    state: published # draft → published → deprecated → retired\n"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    write_estate(tmp_path, (API, TEXT, TEXT + "  v2:\n    state: published\n"))
    contract = (tmp_path / "apis/books/v1.openapi.yaml").read_text()
    (tmp_path / "apis/books/v2.openapi.yaml").write_text(contract.replace("/books/v1", "/books/v2"))
    assert load_estate(tmp_path)[0] is not None
    return tmp_path


def run(estate: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(build(), ["deprecate", "--estate", str(estate), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


DATES = ("--on", "2027-01-01", "--sunset", "2027-12-31")


def test_it_writes_what_the_gateway_will_tell(estate: Path) -> None:
    guide = "https://docs.example/v2"
    result = run(estate, "books", "v1", *DATES, "--successor", "v2", "--guide", guide)
    assert (result.exit_code, result.stderr) == (0, "")
    loaded, _ = load_estate(estate)
    assert loaded is not None
    calendar = loaded.versions[0].lifecycle
    assert (calendar.state, calendar.deprecation, calendar.sunset) == ("deprecated", 1_798_761_600, 1_830_211_200)
    assert (calendar.successor, calendar.documentation) == ("v2", guide)
    assert "classification: internal # public" in (estate / API).read_text()


def test_undo_gives_the_file_back_but_for_the_comment_of_the_state(estate: Path) -> None:
    before = (estate / API).read_text()
    assert run(estate, "books", "v1", *DATES, "--successor", "v2").exit_code == 0
    assert run(estate, "books", "v1", "--undo").exit_code == 0
    assert (estate / API).read_text() == before.replace(TEXT, "    state: published\n")


def test_twice_changes_nothing(estate: Path) -> None:
    arguments = ("books", "v1", *DATES, "--successor", "v2", "--json")
    assert json.loads(run(estate, *arguments).stdout)["changed"] is True
    text = (estate / API).read_text()
    assert json.loads(run(estate, *arguments).stdout) == {
        "file": API,
        "changed": False,
        "comments_kept": True,
        "findings": [],
    }
    assert (estate / API).read_text() == text


def test_what_check_has_against_it_is_said(estate: Path) -> None:
    result = run(estate, "books", "v1", *DATES, "--successor", "v9")
    assert result.exit_code == 1
    assert "error: the successor of 'books' v1 is 'v9'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("books", "v1"), "when does the version end?"),
        (("books", "v1", "--sunset", "2027-02-30"), "--sunset '2027-02-30' is no date of the calendar"),
        (("books", "v1", "--on", "tomorrow", "--sunset", "2027-02-01"), "--on 'tomorrow' is no date"),
        (("books", "v1", "--on", "2027-02-01", "--sunset", "2027-02-01"), "is not after the deprecation"),
        (("boks", "v1", *DATES), "the estate has no API 'boks' (did you mean 'books'?)"),
        (("books", "v7", *DATES), "'books' has no version 'v7'"),
        (("books", "v1", "--undo", "--sunset", "2027-02-01"), "--undo takes all of the calendar back"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(
    estate: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = (estate / API).read_text()
    result = run(estate, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert (estate / API).read_text() == before
