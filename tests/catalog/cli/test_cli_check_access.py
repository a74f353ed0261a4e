"""`ostiary check` on settings of access policies: what is wrong is told with its line, before anything starts."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from tests.support.estates import write_estate

API = "apis/books/api.yaml"
CONTRACT = "apis/books/v1.openapi.yaml"


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


def at_get_book(extension: str) -> tuple[str, str, str]:
    """At the operation `getBook`, from line 74 on."""
    return CONTRACT, "      operationId: getBook\n", f"      operationId: getBook\n{extension}"


def test_settings_that_are_right_have_no_findings(tmp_path: Path) -> None:
    settings = (
        "  network: {allow: [10.0.0.0/8]}\n  object-rule:\n    claims: {isbn: string}\n"
        "  cors: {origins: ['https://*.example.com']}\n"
        "  hours: {zone: Europe/Madrid, open: [{days: [mon], from: 07:00, until: 18:30}], closed: [2027-01-06]}\n"
    )
    rule = "      x-ostiary-rule: claims.isbn == path.isbn\n"
    assert checked(tmp_path, policies(settings), at_get_book(rule)) == []


@pytest.mark.parametrize(
    ("extension", "place", "said"),
    [
        (
            "      x-ostiary-rule: claims.isbn == path.isnb\n",
            "74:23",
            "object-rule: the contract declares no `isnb` in `path` (at character 20) (on GET /books/v1",
        ),
        (
            "      x-ostiary-rule:\n        - path.isbn != ''\n        - path.isbn > 3\n",
            "76:11",
            "applied to '(string, int)'",
        ),
        (
            "      x-ostiary-rule:\n        - {message: No., rule: claims.isbn}\n",
            "75:32",
            "it says dyn, and has to say true or false",
        ),
        ("      x-ostiary-rule: body.isbn == ''\n", "74:23", "there is no `body`: the contract has no JSON here"),
        ("      x-ostiary-rule: 7\n", "74:23", "`x-ostiary-rule` takes a rule in CEL, or a list of them"),
        ("      x-ostiary-rule: [{rule: x, why: y}]\n", "74:23", "`x-ostiary-rule` takes a rule in CEL"),
        (
            "      x-ostiary-rule: 'true'\n      x-ostiary-policies: {object-rule: {rules: [{rule: 'true'}]}}\n",
            "74:7",
            "are the same setting, given twice",
        ),
        (
            "      x-ostiary-policies: {object-rule: {rules: [{rule: 'path.isbn.matches(claims.p)'}]}}\n",
            "74:57",
            "a pattern stands in the rule",
        ),
        (
            "      x-ostiary-rule: 'true'\n      x-ostiary-policies: {request-schema: {mode: off}}\n",
            "74:23",
            "`request-schema` is off here",
        ),
    ],
    ids=lambda value: value.strip()[:40],
)
def test_a_rule_that_cannot_be_held_is_told_with_its_place(
    tmp_path: Path, extension: str, place: str, said: str
) -> None:
    (line, *others) = checked(tmp_path, at_get_book(extension))
    assert line.startswith(f"{CONTRACT}:{place}")
    assert said in line
    assert not others


def test_a_rule_of_the_document_is_checked_on_every_operation(tmp_path: Path) -> None:
    change = (CONTRACT, "paths:\n", "x-ostiary-rule: path.isbn != ''\n\npaths:\n")
    (line,) = checked(tmp_path, change)
    assert line.rpartition("(on ")[2].partition(")")[0] == "GET /books/v1/books and 1 more"


def test_an_operations_rule_takes_the_place_of_the_documents(tmp_path: Path) -> None:
    change = (CONTRACT, "paths:\n", "x-ostiary-rule: 'true'\n\npaths:\n")
    assert checked(tmp_path, change, at_get_book("      x-ostiary-rule: path.isbn != ''\n")) == []


@pytest.mark.parametrize(
    ("settings", "place", "said"),
    [
        ("  network:\n    allow: [10.0.0.1/8]\n", "9:13", "network: 10.0.0.1/8 has host bits set"),
        ("  network:\n    allow: everywhere\n", "9:12", "takes a list"),
        ("  network:\n    alow: []\n", "9:5", "did you mean 'allow'?"),
        ("  cors:\n    origins: ['https://shop.example.com/']\n", "9:15", "is no origin"),
        ("  cors:\n    origins: ['*']\n    credentials: true\n", "9:15", "named one by one"),
        ("  cors: {origins: ['*'], mode: report}\n", "8:32", "has no mode 'report'"),
        ("  hours:\n    zone: Europe/Nowhere\n    open: [{}]\n", "9:11", "no time zone 'Europe/Nowhere'"),
        ("  hours:\n    open: [{days: [monday]}]\n", "9:20", "'monday' is none of"),
        ("  hours:\n    open: [{}]\n    closed: [2027-02-29]\n", "10:14", "there is no day 2027-02-29"),
    ],
)
def test_what_is_no_network_origin_or_time_is_told_with_its_place(
    tmp_path: Path, settings: str, place: str, said: str
) -> None:
    line = checked(tmp_path, policies(settings))[0]
    assert line.startswith(f"{API}:{place}")
    assert said in line


def test_an_upstream_in_the_wrong_place_is_found_where_the_places_are_set(tmp_path: Path) -> None:
    upstreams = "    url: http://127.0.0.1:9000\n"
    tagged = ("ostiary.yaml", upstreams, f"{upstreams}    residency: us\n")
    settings = policies("  residency:\n    allow: [eu]\n    by-consumer: {reading-club: [us], nobody: [us]}\n")
    allowed, *named = checked(tmp_path, tagged, settings)
    assert allowed.startswith(
        f"{API}:9:12: error: residency: the upstream 'bookshop' is in 'us', and eu may serve"
    )
    assert any("there is no consumer 'nobody'" in line for line in named)
    assert not any("reading-club" in line for line in named)


def explained(root: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    """The steps of a request's way, by policy."""
    result = CliRunner().invoke(build(), ["explain", *arguments, "--estate", str(root), "--json"])
    return {each["policy"]: each for each in json.loads(result.stdout)["steps"]}


def test_a_rule_a_time_and_a_place_are_explained_with_their_lines(tmp_path: Path) -> None:
    tagged = (
        "ostiary.yaml",
        "    url: http://127.0.0.1:9000\n",
        "    url: http://127.0.0.1:9000\n    residency: eu\n",
    )
    settings = policies("  hours: {open: [{days: [mon]}]}\n  residency: {allow: [eu]}\n")
    root = write_estate(
        tmp_path, tagged, settings, at_get_book("      x-ostiary-rule: claims.isbn == path.isbn\n")
    )
    asked = ["GET", "/books/v1/books/9783161484100", "--as", "reading-club-app"]
    sunday = explained(root, *asked, "--at", "2027-01-03T12:00:00Z")
    assert sunday["hours"]["said"] == "503 outside-hours: The operation opens at 2027-01-04T00:00:00Z."
    monday = [*asked, "--at", "2027-01-04T12:00:00Z"]
    refused = explained(root, *monday, "--claim", "isbn=1")["object-rule"]
    assert refused["decision"] == "refused"
    assert [(each["file"], each["line"]) for each in refused["because"]] == [(CONTRACT, 74)]
    passed = explained(root, *monday, "--claim", 'isbn="9783161484100"')
    assert {passed[name]["decision"] for name in ("object-rule", "residency")} == {"allowed"}


def test_a_preflight_is_explained_by_the_operation_that_it_is_about(tmp_path: Path) -> None:
    root = write_estate(tmp_path, policies("  cors: {origins: ['https://a.example']}\n"))
    asked = ["OPTIONS", "/books/v1/books", "-H", "Access-Control-Request-Method: GET", "-H"]
    assert explained(root, *asked, "Origin: https://a.example")["cors"]["decision"] == "answered"
    assert explained(root, *asked, "Origin: https://b.example")["cors"]["decision"] == "refused"
    (root / API).write_text((root / API).read_text().replace("cors: {", "cors: {mode: off, "))
    off = explained(root, *asked, "Origin: https://a.example")
    assert off["routing"]["decision"] == "refused"
    assert "authentication" not in off
