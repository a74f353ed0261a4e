"""`ostiary lint` through typer's runner: files, estates, rulesets, waivers, formats and exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.support.estates import write_estate

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "catalog" / "demo" / "estate"
API = "openapi: 3.1.0\ninfo: { title: T, version: 1.0.0 }\npaths:\n  /Orders: {}\n"
RULESET = (
    "rules:\n"
    "  no-title: { severity: error, given: $.info.title, message: A title., then: { function: falsy } }\n"
    "  lower: { given: $.paths, message: Lower case., then:"
    " { field: '@key', function: pattern, functionOptions: { notMatch: '[A-Z]' } } }\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api.yaml").write_text(API)
    (tmp_path / "rules.yaml").write_text(RULESET)
    return tmp_path


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(build(), ["lint", *(str(each) for each in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_text_and_exit_codes(folder: Path) -> None:
    result = run("api.yaml", "--ruleset", "rules.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "api.yaml:2:16: error: A title. at /info/title [no-title]",
        "api.yaml:4:3: warning: Lower case. at /paths/~1Orders [lower]",
        "api.yaml: 1 error, 1 warning",
    ]
    (folder / "rules.yaml").write_text(RULESET.replace("error", "hint"))
    assert run("api.yaml", "--ruleset", "rules.yaml").exit_code == 0
    assert run("api.yaml", "--ruleset", "rules.yaml", "--fail-on", "warning").exit_code == 1
    (folder / "api.yaml").write_text(API.replace("Orders", "orders"))
    assert run("api.yaml", "--ruleset", "rules.yaml", "--fail-on", "warning").exit_code == 0
    assert run("api.yaml", "--ruleset", "rules.yaml", "--fail-on", "info").exit_code == 1


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("json", "{"),
        ("markdown", "# api.yaml"),
        ("html", "<!doctype html>"),
        ("sarif", "{"),
        ("junit", "<?xml"),
        ("github", "::error file=api.yaml,line=2,col=16,title=no-title::"),
    ],
)
def test_formats(folder: Path, form: str, start: str) -> None:
    result = run("api.yaml", "--ruleset", "rules.yaml", "--format", form)
    assert result.exit_code == 1
    assert result.stdout.startswith(start)


def test_a_waiver_lets_one_finding_pass_until_it_ends(folder: Path) -> None:
    shown = json.loads(run("api.yaml", "--ruleset", "rules.yaml", "--format", "json").stdout)
    mark = next(each["fingerprint"] for each in shown["findings"] if each["rule"] == "no-title")
    assert mark in run("api.yaml", "--ruleset", "rules.yaml", "--fingerprints").stdout
    (folder / "ignore.yaml").write_text(f"- {{ fingerprint: {mark}, reason: agreed, expires: 2027-01-31 }}\n")
    arguments = ("api.yaml", "--ruleset", "rules.yaml", "--ignore-file", "ignore.yaml", "--today")
    result = run(*arguments, "2027-01-31")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "api.yaml: 1 warning (1 suppressed)"
    result = run(*arguments, "2027-02-01")
    assert result.exit_code == 1
    assert "[waiver-expired]" in result.stdout
    assert "[no-title]" in result.stdout


def test_default_rulesets(folder: Path) -> None:
    assert "[operation-" not in run("api.yaml").stdout
    assert "[path-kebab-case]" in run("api.yaml").stdout
    (folder / ".spectral.yaml").write_text("extends: ./rules.yaml\n")
    result = run("api.yaml")
    assert "[no-title]" in result.stdout
    assert "[path-kebab-case]" not in result.stdout
    result = run("api.yaml", "--ruleset", "spectral:oas", "--ruleset", "rules.yaml")
    assert {"[info-contact]", "[no-title]"} <= set(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give at least one PATH"),
        (("none.yaml",), "there is no file or directory 'none.yaml'"),
        ((".",), "'.' is no estate: it has no ostiary.yaml"),
        (("api.yaml", "--ruleset", "nope.yaml"), "there is no file `nope.yaml`"),
        (("api.yaml", "--ruleset", "bad.yaml"), "\nbad.yaml:1:13: error:"),
        (
            ("api.yaml", "--ignore-file", "rules.yaml"),
            "rules.yaml:1:1: error: an ignore file is a list",
        ),
        (("api.yaml", "--ignore-file", "none.yaml"), "none.yaml"),
        (("api.yaml", "--today", "soon"), "--today takes a day in the calendar, not 'soon'"),
        (("broken.yaml",), "broken.yaml:2:12: error: `#/b` names nothing in broken.yaml"),
        (("--explain", "nope"), "there is no rule 'nope'"),
    ],
)
def test_bad_input(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    (folder / "bad.yaml").write_text("rules: { r: loud }\n")
    (folder / "broken.yaml").write_text("openapi: 3.1.0\na: { $ref: '#/b' }\n")
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in f"\n{result.stderr}"


def test_explain_and_list(folder: Path) -> None:
    result = run("--explain", "list-limited")
    assert result.exit_code == 0
    assert result.stdout.startswith("list-limited\nwarning: A list takes a limit")
    for part in ("Given:", "Breaks it:", "Keeps it:", "maximum: 100"):
        assert part in result.stdout
    assert run("--explain", "notice-too-short").stdout.startswith("notice-too-short\nerror: ")
    listed = run("--rules").stdout
    assert "list-limited" in listed
    assert "record-claimed-twice" in listed
    assert "odoo-list-limit" in run("--rules", "--ruleset", "ostiary:odoo").stdout


def test_the_sample_has_no_error() -> None:
    result = run(SAMPLE, "--format", "json")
    assert result.exit_code == 0, result.stdout
    assert json.loads(result.stdout)["errors"] == 0


def test_a_file_of_an_estate_may_refer_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLE / "apis" / "orders")
    result = run("v2.openapi.yaml", "--ruleset", "ostiary:recommended")
    assert result.exit_code == 0, result.stderr
    assert "v2.openapi.yaml:" in result.stdout


def estate(folder: Path) -> Path:
    return write_estate(folder / "estate")


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def test_an_estate_says_how_it_is_linted(folder: Path) -> None:
    root = estate(folder)
    (root / "house.yaml").write_text(RULESET)
    add(root / "ostiary.yaml", "lint: { rulesets: [house.yaml], fail-on: warning, ignore-file: waivers.yaml }\n")
    (root / "waivers.yaml").write_text("[]\n")
    result = run(root)
    assert result.exit_code == 1
    assert "[no-title]" in result.stdout
    assert "[list-limited]" not in result.stdout
    # The estate's files stand as they are reached from here, and its own rules hold with any ruleset.
    assert "estate/apis/books/api.yaml:" in result.stdout
    assert "[deprecation-policy-missing]" in result.stdout
    assert run(root, "--ruleset", "ostiary:odoo").stdout.count("[no-title]") == 0


def test_an_estate_that_cannot_be_read_is_bad_input(folder: Path) -> None:
    root = estate(folder)
    (root / "teams.yaml").write_text("teams: {")
    result = run(root)
    assert result.exit_code == 2
    assert "estate/teams.yaml:2:1: error: this is not YAML" in result.stderr


def test_what_check_says_of_the_estate_is_said_too(folder: Path) -> None:
    root = estate(folder)
    file = root / "apis" / "books" / "api.yaml"
    owner = next(line for line in file.read_text().splitlines() if line.startswith("owner:"))
    file.write_text(file.read_text().replace(owner, "owner: nobody"))
    result = run(root)
    assert result.exit_code == 1
    assert "[unknown-owner]" in result.stdout


def test_a_suppression_is_no_unknown_extension(folder: Path) -> None:
    root = estate(folder)
    (contract,) = (root / "apis" / "books").glob("*.openapi.*")
    text = contract.read_text()
    assert "\npaths:\n" in text
    ignore = "x-ostiary-lint-ignore:\n  - { rule: info-license, reason: It is internal. }\n"
    contract.write_text(text.replace("\npaths:\n", f"\n{ignore}paths:\n"))
    assert CliRunner().invoke(build(), ["check", str(root)]).exit_code == 0
    assert "[info-license]" not in run(root).stdout
