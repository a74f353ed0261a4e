"""`ostiary check` on what is done to answers: what is wrong is told with its line, before anything starts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from tests.support.estates import write_estate

API = "apis/books/api.yaml"
CONTRACT = "apis/books/v1.openapi.yaml"
AUTHOR = "        title: { type: string }\n        author: { type: string }\n"


def checked(root: Path, *changes: tuple[str, str, str]) -> list[str]:
    """The findings, one a line."""
    result = CliRunner().invoke(build(), ["check", str(write_estate(root, *changes))])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = result.stdout.splitlines()
    assert (result.exit_code == 0) is lines[-1].endswith(": no findings")
    return lines[:-1]


def policies(settings: str) -> tuple[str, str, str]:
    """In `api.yaml`, from line 7 on."""
    return API, "title: Books\n", f"title: Books\npolicies:\n{settings}"


def marked(level: str) -> tuple[str, str, str]:
    """A required author of that class, in line 118."""
    return CONTRACT, AUTHOR, AUTHOR.replace("author: { ", f"author: {{ x-ostiary-classification: {level}, ")


def test_settings_that_are_right_have_no_findings(tmp_path: Path) -> None:
    settings = (
        "  classification: {restricted: {scope: 'books:write', action: mask}}\n"
        "  response-schema: {mode: enforce, consumers: {reading-club: report}, sample: 0.5}\n"
        "  transformation: {response: {steps: [{rename: /body/name, to: title}]}}\n"
    )
    assert checked(tmp_path, policies(settings), marked("restricted")) == []


@pytest.mark.parametrize(
    ("settings", "place", "said"),
    [
        ("  classification: {restricted: {scopes: x}}\n", "8:33", "unknown key 'scopes' (did you mean 'scope'?)"),
        ("  classification: {unknown-fields: drop}\n", "8:36", "'drop' is none of 'as-declared', 'remove'"),
        ("  response-schema: {sample: 2}\n", "8:29", "2 should be >= 0 and <= 1"),
        ("  response-schema: {mode: refuse}\n", "8:27", "'refuse' is none of 'off', 'report', 'enforce'"),
        ("  transformation: {mode: report}\n", "8:26", "has no mode 'report'; it takes off, enforce"),
        ("  transformation: {request: {headers: {remove: [Host]}}}\n", "8:49", "'Host' is the gateway's own"),
        ("  transformation: {request: {steps: [{drop: /a}]}}\n", "8:45", "'/a' is not in the body"),
    ],
)
def test_settings_that_are_wrong_are_told_with_their_line(
    tmp_path: Path, settings: str, place: str, said: str
) -> None:
    lines = checked(tmp_path, policies(settings))
    assert lines
    for line in lines:
        assert line.startswith(f"{API}:{place}: error: ")
        assert said in line


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("secret", "`x-ostiary-classification` is one of `public`, `internal`, `confidential`, `restricted`"),
        ("internal", "the answer 201 requires '/author', which is internal and is taken out of it"),
    ],
)
def test_marks_that_cannot_hold_are_told_where_they_stand(tmp_path: Path, level: str, said: str) -> None:
    lines = checked(tmp_path, marked(level))
    assert all(line.startswith(f"{CONTRACT}:118:") for line in lines)
    assert any(said in line for line in lines)
