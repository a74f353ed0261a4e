"""The commands that need no server, through typer's runner."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from contracts.documents.document import load
from contracts.estate.estate import check
from tests.support.estates import write_estate

DATA = Path(__file__).parents[2] / "data"
API = "apis/books/api.yaml"


def run(*arguments: object, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(build(), [str(each) for each in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def contents(root: Path) -> dict[str, bytes]:
    return {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def test_check_of_a_good_estate_says_what_is_in_it(tmp_path: Path) -> None:
    result = run("check", write_estate(tmp_path))
    assert result.exit_code == 0
    assert result.stdout == "test-estate: 1 API, 1 version, 3 operations, 2 applications: no findings\n"


def test_check_of_a_broken_estate_prints_every_finding() -> None:
    result = run("check", DATA / "broken-estate")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:-1] == (DATA / "broken-estate.out.txt").read_text().splitlines()
    assert lines[-1].endswith("42 errors, 3 warnings, 2 remarks")


def test_check_as_json_has_every_finding_with_its_place() -> None:
    result = run("check", DATA / "broken-estate", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["ok"], report["errors"], report["warnings"]) == (False, 42, 3)
    expected = [
        (each.rule, each.place.file, each.place.line, each.place.pointer) for each in check(DATA / "broken-estate")
    ]
    assert [(each["rule"], each["file"], each["line"], each["pointer"]) for each in report["findings"]] == expected


def test_warnings_fail_only_when_asked(tmp_path: Path) -> None:
    root = write_estate(tmp_path, (API, "    state: published #", "    sunset: 2030-01-01 #"))
    assert run("check", root).exit_code == 0
    assert run("check", root, "--fail-on", "warning").exit_code == 1
    assert run("check", root, "--fail-on", "luck").exit_code == 2


@pytest.mark.parametrize("command", ["check", "routes"])
def test_no_estate_is_bad_input(tmp_path: Path, command: str) -> None:
    for directory in (tmp_path, tmp_path / "none", DATA / "broken-estate.out.txt"):
        result = run(command, directory)
        assert result.exit_code == 2
        assert str(directory) in result.stderr
        assert result.stdout == ""


def test_routes_say_of_a_limit_what_it_counts_and_when(tmp_path: Path) -> None:
    daily = "daily: { limit: 200000/day, by: consumer, window: calendar, time-zone: Europe/Brussels }"
    root = write_estate(tmp_path, ("ostiary.yaml", "daily: 200000/day", daily))
    expected = "burst 50/second, daily 200000/day by consumer, calendar (Europe/Brussels) (for reading-club-app)"
    assert f"plan standard: {expected}" in run("routes", root).stdout


def test_routes_show_every_operation_with_what_is_enforced(tmp_path: Path) -> None:
    result = run("routes", write_estate(tmp_path))
    assert result.exit_code == 0
    assert "books v1  published, at /books/v1, internal, owned by books" in result.stdout
    assert "plan standard: burst 50/second, daily 200000/day (for reading-club-app)" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if "/books/v1/" in line]
    assert [row[:3] for row in rows] == [
        ["GET", "/books/v1/books", "listBooks"],
        ["POST", "/books/v1/books", "addBook"],
        ["GET", "/books/v1/books/{isbn}", "getBook"],
    ]
    assert "addBook (costs 2)  books:write  json body up to 16 KiB  bookshop" in result.stdout


def test_routes_as_json(tmp_path: Path) -> None:
    (_, add, get) = json.loads(run("routes", write_estate(tmp_path), "--json").stdout)
    assert (add["method"], add["path"], add["scopes"], add["max_body"], add["cost"]) == (
        "POST",
        "/books/v1/books",
        [["books:write"]],
        16384,
        2,
    )
    assert add["body"] == [{"media_type": "application/json", "validated": True, "required": True}]
    assert add["backend"] == {"upstream": "bookshop", "kind": "http", "model": None, "method": None}
    assert [each["name"] for each in add["plans"]] == ["standard", "trial"]
    assert add["plans"][1]["limits"][1] == {"name": "daily", "quota": 1000, "window": 86400}
    assert get["parameters"] == [{"name": "isbn", "location": "path", "required": True}]


def test_routes_show_policies_where_some_were_set(tmp_path: Path) -> None:
    network = "{deny: [192.0.2.0/24], mode: report, consumers: {reading-club: enforce}}"
    settings = ("ostiary.yaml", "plans:", f"policies:\n  network: {network}\nplans:")
    text = run("routes", write_estate(tmp_path / "with", settings)).stdout
    assert text.count("network (report; enforce for reading-club)") == 3
    assert "POLICIES" not in run("routes", write_estate(tmp_path / "without")).stdout


def test_routes_show_dates_public_operations_and_odoo(tmp_path: Path) -> None:
    root = write_estate(
        tmp_path,
        (
            API,
            "    state: published #",
            "    state: deprecated\n    deprecation: 2027-01-01\n    sunset: 2027-12-31 #",
        ),
        (
            "apis/books/v1.openapi.yaml",
            "      operationId: listBooks",
            "      security: []\n      operationId: listBooks",
        ),
    )
    text = run("routes", root).stdout
    assert "  deprecated 2027-01-01, sunset 2027-12-31\n" in text
    (row,) = (line for line in text.splitlines() if "listBooks" in line)
    assert "public" in row.split()
    operations = json.loads(run("routes", root, "--json").stdout)
    assert (operations[0]["public"], operations[0]["plans"]) == (True, [])
    assert operations[1]["plans"] != []


def test_routes_of_a_broken_estate_are_not_shown() -> None:
    result = run("routes", DATA / "broken-estate")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "[unknown-owner]" in result.stderr


def test_init_writes_an_estate_that_passes(tmp_path: Path) -> None:
    root = tmp_path / "My new Estate 2"
    result = run("init", root)
    assert result.exit_code == 0, result.stderr
    assert run("check", root).stdout.startswith("my-new-estate-2: 1 API")
    assert f"ostiary check '{root}'" in result.stdout
    assert [each.name for each in tmp_path.iterdir()] == [root.name], "no temporary directory is left"


def test_inits_modelines_lead_to_schemas_that_its_files_fit(tmp_path: Path) -> None:
    run("init", tmp_path / "e")
    checked = 0
    for path in (tmp_path / "e").rglob("*.yaml"):
        first = path.read_text().splitlines()[0]
        if path.name.endswith(".openapi.yaml"):
            continue
        reference = first.partition("# yaml-language-server: $schema=")[2]
        assert reference, path
        schema = json.loads((path.parent / reference).read_text())
        document, _ = load(path, path.name)
        assert document is not None
        jsonschema_rs.validator_for(schema).validate(document.value)
        assert not jsonschema_rs.is_valid(schema, {**document.value, "unknown": 1})
        checked += 1
    assert checked == 4


def test_init_leaves_a_directory_that_is_not_empty_alone(tmp_path: Path) -> None:
    (tmp_path / "teams.yaml").write_text("mine")
    (tmp_path / "other").write_text("kept")
    before = contents(tmp_path)
    result = run("init", tmp_path)
    assert result.exit_code == 2
    assert "not empty" in result.stderr
    assert contents(tmp_path) == before
    assert run("init", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "other").read_text() == "kept"
    assert run("check", tmp_path).exit_code == 0


def test_init_into_a_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    assert run("init", tmp_path / "f").exit_code == 2


@pytest.mark.parametrize("kind", ["estate", "teams", "consumers", "api"])
def test_schema_prints_a_valid_schema(kind: str) -> None:
    schema = json.loads(run("schema", kind).stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(schema)


def test_schema_writes_all_of_them(tmp_path: Path) -> None:
    assert run("schema", "--output", tmp_path / "s").exit_code == 0
    assert sorted(each.name for each in (tmp_path / "s").iterdir()) == [
        "api.schema.json",
        "consumers.schema.json",
        "estate.schema.json",
        "teams.schema.json",
    ]
    assert (
        run("schema").exit_code
        == run("schema", "api", "-o", tmp_path).exit_code
        == run("schema", "x").exit_code
        == 2
    )


def test_add_takes_a_document_in_and_says_what_it_did(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    result = run("add", DATA / "petstore.yaml", "--estate", root)
    assert result.exit_code == 0, result.stderr
    assert "owner     books  (the only team)" in result.stdout
    assert "Still missing:" in result.stdout
    assert run("check", root).exit_code == 0
    paths = {each["path"] for each in json.loads(run("routes", root, "--json").stdout)}
    assert "/petstore/v3/pet/{petId}" in paths


def test_add_refuses_a_version_that_exists_and_writes_nothing(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    run("add", DATA / "petstore.yaml", "--estate", root)
    before = contents(root)
    result = run("add", DATA / "petstore.yaml", "--estate", root)
    assert result.exit_code == 2
    assert "has a version 'v3' already" in result.stderr
    assert contents(root) == before
    assert run("add", DATA / "petstore.yaml", "--estate", root, "--api-version", "v4").exit_code == 0


def test_add_with_an_open_question_writes_and_reports_it(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    source = tmp_path / "stock.json"
    source.write_text(
        '{"openapi": "3.1.0", "info": {"title": "Stock", "version": "1"},'
        ' "paths": {"/levels": {"get": {"operationId": "levels", "responses": {"200": {"description": "ok"}}}}}}'
    )
    result = run("add", source, "--estate", root)
    assert result.exit_code == 1
    assert "the upstream: declare 'stock' with its URL" in result.stdout
    assert "[unknown-upstream]" in result.stderr
    assert "operationId: levels" in (root / "apis/stock/v1.openapi.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("swagger: '2.0'\n", "is Swagger 2.0"),
        ("a: [\n", "cannot be read"),
        ("", "cannot be read"),
        ("- 1\n", "no OpenAPI"),
    ],
)
def test_add_refuses_what_is_no_openapi_document(tmp_path: Path, text: str, reason: str) -> None:
    root = write_estate(tmp_path / "e")
    before = contents(root)
    source = tmp_path / "x.yaml"
    source.write_text(text)
    result = run("add", source, "--estate", root)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert contents(root) == before
    assert run("add", tmp_path / "none.yaml", "--estate", root).exit_code == 2


def test_add_brings_the_files_that_the_document_refers_to(tmp_path: Path) -> None:
    root = write_estate(tmp_path / "e")
    source = tmp_path / "src" / "stock.yaml"
    (source.parent / "parts").mkdir(parents=True)
    (source.parent / "parts" / "a.yaml").write_text("Level: { $ref: 'b.yaml#/Number' }\n")
    (source.parent / "parts" / "b.yaml").write_text("Number: { type: integer }\n")
    contract = """\
openapi: 3.1.0
info: { title: Stock, version: "1" }
servers: [{ url: https://stock.example.com }]
paths:
  /levels:
    get:
      operationId: levels
      responses:
        "200":
          description: ok
          content: { application/json: { schema: { $ref: "parts/a.yaml#/Level" } } }
"""
    source.write_text(contract)
    result = run("add", source, "--estate", root)
    assert result.exit_code == 0, result.stderr
    assert (root / "apis/stock/parts/b.yaml").read_text() == "Number: { type: integer }\n"
    before = contents(root)
    source.write_text(contract.replace("parts/a.yaml", "../secret.yaml"))
    (tmp_path / "secret.yaml").write_text("Level: {}\n")
    refused = run("add", source, "--estate", root, "--api", "other")
    assert refused.exit_code == 2
    assert "'../secret.yaml'" in refused.stderr
    assert contents(root) == before
