"""`ostiary explain`, through typer's runner: decisions with the lines that caused them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from contracts.operations import ApiVersion
from policies.policy import NoConfig, Phase, Policy
from policies.verdict import ALLOW, Stage
from tests.support.estates import write_estate
from tests.support.plugins import plugged_in

API, CONTRACT = "apis/books/api.yaml", "apis/books/v1.openapi.yaml"
APP, LAB = "reading-club-app", "reading-club-lab"
BOOKS = "/books/v1/books"


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(build(), ["explain", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def steps(*arguments: object, code: int = 0) -> dict[str, Any]:
    """By policy, as JSON has them."""
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return {each["policy"]: each for each in json.loads(result.stdout)["steps"]}


def line_of(root: Path, file: str, text: str) -> int:
    """Where the one line of a file stands that has the text."""
    lines = (root / file).read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return number


def places(step: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["file"], each["line"]) for each in step["because"]]


def test_each_decision_has_the_lines_that_made_it(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    found = steps("GET", f"{BOOKS}?limit=5", "--as", APP, "--estate", root)
    # The plan's limits, by their key: two plans have one.
    limits = [n for n, line in enumerate((root / "ostiary.yaml").read_text().splitlines(), 1) if "limits:" in line]
    assert places(found["routing"]) == [(CONTRACT, line_of(root, CONTRACT, "operationId: listBooks") - 1)]
    assert places(found["authentication"]) == [(CONTRACT, line_of(root, CONTRACT, "books:read]") - 1)]
    subscription = ("consumers.yaml", line_of(root, "consumers.yaml", "- api: books"))
    assert places(found["subscription"])[0] == subscription
    assert places(found["rate-limit"]) == [("ostiary.yaml", limits[1])]
    assert "burst 49 of 50 left" in found["rate-limit"]["said"]
    assert places(found["upstream"]) == [(API, line_of(root, API, "upstream: bookshop"))]
    assert found["upstream"]["said"] == "bookshop: GET http://127.0.0.1:9000/books?limit=5"


def test_the_parameter_that_does_not_fit_is_named(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    refused = steps("GET", f"{BOOKS}?limit=x", "--as", APP, "--estate", root, code=1)["request-schema"]
    assert refused["said"] == "422 schema-violation: query limit must be an integer"
    assert (CONTRACT, line_of(root, CONTRACT, "- name: limit")) in places(refused)
    by_path = steps("GET", f"{BOOKS}/12", "--as", APP, "--estate", root, code=1)["request-schema"]
    assert (CONTRACT, line_of(root, CONTRACT, "- name: isbn")) in places(by_path)


def test_a_parameter_behind_references_is_found(tmp_path: Path) -> None:
    shared = "limit: { name: limit, in: query, schema: { type: integer } }\n"
    inner = "        - name: limit\n          in: query\n          description: The most books in one answer\n"
    schema = "          schema: { type: integer, minimum: 1, maximum: 100, default: 20 }\n"
    reference = '        - $ref: "../../common/parameters.yaml#/limit"\n'
    root = write_estate(tmp_path, (CONTRACT, inner + schema, reference))
    (root / "common").mkdir()
    (root / "common/parameters.yaml").write_text(shared)
    refused = steps("GET", f"{BOOKS}?limit=x", "--as", APP, "--estate", root, code=1)["request-schema"]
    assert (CONTRACT, line_of(root, CONTRACT, '$ref: "../../common')) in places(refused)


def test_settings_are_named_where_they_were_made_the_nearest_first(tmp_path: Path) -> None:
    root = write_estate(
        tmp_path,
        ("ostiary.yaml", "plans:\n", "policies:\n  network: {deny: [127.0.0.0/8], mode: report}\n\nplans:\n"),
        ("ostiary.yaml", "  trial:\n", "  trial:\n    policies: {network: {mode: enforce}}\n"),
    )
    in_estate = ("ostiary.yaml", line_of(root, "ostiary.yaml", "network: {deny"))
    in_plan = ("ostiary.yaml", line_of(root, "ostiary.yaml", "network: {mode"))
    reported = steps("GET", BOOKS, "--as", APP, "--estate", root)["network"]
    assert (reported["decision"], places(reported)) == ("would refuse", [in_estate])
    refused = steps("GET", BOOKS, "--as", LAB, "--estate", root, code=1)["network"]
    assert (refused["decision"], places(refused)) == ("refused", [in_plan, in_estate])
    elsewhere = steps("GET", BOOKS, "--as", LAB, "--from", "192.0.2.7", "--estate", root)["network"]
    assert elsewhere["decision"] == "allowed"


def test_who_calls_and_when_can_be_said(tmp_path: Path) -> None:
    dates = "    state: deprecated\n    deprecation: 2027-01-01\n    sunset: 2027-06-30 #"
    root = write_estate(tmp_path, (API, "    state: published #", dates))
    asked = ("POST", BOOKS, "--as", APP, "--body", '{"isbn": "9783161484100", "title": "A", "author": "B"}')
    before = steps(*asked, "--at", "2027-02-01", "--estate", root)
    assert before["lifecycle"]["said"] == "deprecation @1798761600, sunset Wed, 30 Jun 2027 00:00:00 GMT"
    assert places(before["lifecycle"]) == [(API, line_of(root, API, "  v1:"))]
    after = steps(*asked, "--at", "2027-07-01", "--estate", root, code=1)
    assert after["lifecycle"]["said"].startswith("410 version-sunset")
    without = steps(*asked, "--scopes", "books:read", "--at", "2027-02-01", "--estate", root, code=1)
    assert without["subscription"]["said"].startswith("403 scope-insufficient")
    nobody = steps("GET", BOOKS, "--estate", root, code=1)
    assert nobody["authentication"]["said"].startswith("401 credentials-missing")


def test_what_needs_a_key_is_not_decided(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    token = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSJ9.AAAA"
    result = run("GET", BOOKS, "-H", f"Authorization: Bearer {token}", "--estate", root)
    assert re.search(r"^authentication +undecided: the keys of its issuer are needed$", result.stdout, re.M)
    assert result.exit_code == 2
    assert "--as APPLICATION" in result.output
    assert "subscription" not in result.stdout


def test_an_api_key_is_good_where_the_plan_takes_keys(tmp_path: Path) -> None:
    by_key = (
        (CONTRACT, "  - oauth: [books:read]\n", "  - key: [books:read]\n"),
        (
            CONTRACT,
            "  securitySchemes:\n",
            "  securitySchemes:\n    key: {type: apiKey, in: header, name: X-API-Key}\n",
        ),
        ("ostiary.yaml", "    description: For daily business\n", "    api-keys: true\n"),
    )
    root = write_estate(tmp_path, *by_key)
    granted = steps("GET", BOOKS, "--as", APP, "--estate", root)["authentication"]
    assert granted["said"] == "an API key of reading-club-app (reading-club) with books:read books:write"
    refused = steps("GET", BOOKS, "--as", LAB, "--estate", root, code=1)["authentication"]
    assert refused["said"].startswith("403 api-key-not-allowed")
    unknown = run("GET", BOOKS, "-H", "X-API-Key: some", "--estate", root)
    assert (unknown.exit_code, "undecided" in unknown.stdout) == (2, True)


def test_a_stage_that_fails_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(_config: NoConfig, version: ApiVersion, *_: object) -> Stage:
        def fail(_exchange: object) -> Any:
            raise RuntimeError("out of luck")

        return fail if version.api == "books" else lambda exchange: ALLOW

    luck = Policy(id="luck", why="x", failure="x", config=NoConfig, phase=Phase.HEAD, bind=bind, always=True)
    with plugged_in(monkeypatch, luck):
        found = steps("GET", BOOKS, "--as", APP, "--estate", write_estate(tmp_path), code=1)
    assert (found["luck"]["decision"], found["luck"]["said"]) == ("failed", "RuntimeError: out of luck")
    assert "upstream" not in found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--as", "reading-club"), "there is no application 'reading-club' (did you mean 'reading-club-"),
        (("--as", APP, "--claim", "x"), "--claim 'x' is no NAME=VALUE"),
        (("--scopes", "books:read"), "say whose it is with --as"),
        (("-H", "x"), "--header 'x' is no NAME: VALUE"),
        (("-H", "Host: a", "-H", "host: b"), "host is there twice"),
        (("--body", "@nothing.json"), "--body: 'nothing.json' is no file"),
        (("--at", "soon"), "--at 'soon' is no date"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_bad_input(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run("GET", BOOKS, "--estate", write_estate(tmp_path), *arguments)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(("url", "said"), [(f"{BOOKS}#top", "a fragment"), (f"{BOOKS}?a=ü", "a URL is ASCII")])
def test_a_url_that_nobody_could_send_is_bad_input(tmp_path: Path, url: str, said: str) -> None:
    result = run("GET", url, "--estate", write_estate(tmp_path))
    assert result.exit_code == 2
    assert said in result.output


def test_nothing_is_explained_of_a_broken_estate(tmp_path: Path) -> None:
    result = run("GET", BOOKS, "--estate", write_estate(tmp_path, (API, "owner: books", "owner: boks")))
    assert result.exit_code == 2
    assert "which is no team" in result.output
