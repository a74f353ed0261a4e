"""`ostiary diff`: exit codes, formats, waivers, directories and commits."""

import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from typer.testing import CliRunner, Result

from catalog.cli.diff import NOTICE_DAYS
from catalog.cli.main import build
from contracts.diff import context
from contracts.diff.catalogue import DIFF_RULES

HEAD = "openapi: 3.1.0\ninfo: {title: Things, version: '1'}\npaths:\n"
PARAMETERS = "[{name: q, in: query, schema: {type: string}}]"
OLD = f"{HEAD}  /a: {{get: {{parameters: {PARAMETERS}, responses: {{'200': {{description: OK}}}}}}}}\n"
STRICT = OLD.replace("name: q,", "name: q, required: true,")
MORE = OLD + "  /b: {get: {responses: {'200': {description: OK}}}}\n"
UNCLEAR = OLD.replace("{get: {", "{get: {x-ostiary-rule: a, ")
UNCLEARER = OLD.replace("{get: {", "{get: {x-ostiary-rule: b, ")


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(build(), ["diff", *(str(each) for each in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {"old": OLD, "strict": STRICT, "more": MORE, "unclear": UNCLEAR, "unclearer": UNCLEARER}
    paths = {name: tmp_path / f"{name}.yaml" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("base", "revision", "code", "verdict", "bump"),
    [
        ("old", "old", 0, "compatible", "none"),
        ("old", "more", 0, "compatible", "minor"),
        ("old", "strict", 1, "breaking", "major"),
        ("unclear", "unclearer", 3, "undecided", "major"),
        ("more", "old", 1, "breaking", "major"),
    ],
)
def test_exit_codes_and_json(
    files: dict[str, Path], base: str, revision: str, code: int, verdict: str, bump: str
) -> None:
    result = run(files[base], files[revision], "--format", "json")
    assert result.exit_code == code
    value = json.loads(result.stdout)
    assert (value["verdict"], value["suggested_bump"]) == (verdict, bump)
    members = ["id", "severity", "direction", "operation", "location", "message", "fingerprint"]
    for change in value["changes"]:
        assert list(change) == members
        assert change["severity"] in ("error", "warning", "info")
        assert change["direction"] in ("request", "response", "none")
        assert re.fullmatch(r"[0-9a-f]{16}", change["fingerprint"])


def test_fail_on_warning(files: dict[str, Path], tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    named.write_text(OLD.replace("{get: {", "{get: {operationId: b, "), encoding="utf-8")
    other = tmp_path / "other.yaml"
    other.write_text(OLD.replace("{get: {", "{get: {operationId: c, "), encoding="utf-8")
    assert run(named, other).exit_code == 0
    assert run(named, other, "--fail-on", "warning").exit_code == 1
    assert run(files["unclear"], files["unclearer"], "--fail-on", "warning").exit_code == 3


def test_text_has_a_line_for_each_change_and_the_verdict(files: dict[str, Path]) -> None:
    result = run(files["old"], files["strict"])
    line, summary = result.stdout.splitlines()
    assert line.startswith(f"{files['strict']}:4:")
    assert "error: GET /a: the query parameter `q` was optional and is required now" in line
    assert "[query-parameter-became-required]" in line
    assert summary.endswith("breaking: 1 error; suggested bump: major")


def test_faults_of_both_documents_at_once(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.json"
    first.write_text("openapi: 3.1.0\nopenapi: 3.1.0\n", encoding="utf-8")
    second.write_text('{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": 5}', encoding="utf-8")
    result = run(first, second)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.search(rf"^{first}:2:1: error: .*\[duplicate-key\]$", result.stderr, re.M)
    assert re.search(rf"^{second}:1:71: error: .*\[openapi-invalid\]$", result.stderr, re.M)


def test_what_is_not_there_is_told_with_the_faults_of_what_is(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("openapi: 3.9.0\n", encoding="utf-8")
    result = run(bad, tmp_path / "nowhere.yaml")
    assert result.exit_code == 2
    assert f"{bad}:1:10: error: " in result.stderr
    assert "nowhere.yaml' does not exist" in result.stderr
    both = run(tmp_path / "neither.yaml", tmp_path / "nor.yaml")
    assert "neither.yaml' does not exist" in both.stderr
    assert "nor.yaml' does not exist" in both.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["{old}"],
        ["{old}", "nowhere.yaml"],
        ["{old}", "{folder}"],
        ["{folder}", "{folder}"],
        ["{old}", "{old}", "--today", "31 March"],
        ["{old}", "{old}", "--notice-days", "-1"],
        ["{old}", "{old}", "--format", "pdf"],
        ["{old}", "{old}", "--ignore-file", "nowhere.yaml"],
        ["--explain", "no-such-rule"],
    ],
)
def test_bad_input(files: dict[str, Path], tmp_path: Path, arguments: list[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    result = run(*(each.format(old=files["old"], folder=folder) for each in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_waivers(files: dict[str, Path], tmp_path: Path) -> None:
    change = json.loads(run(files["old"], files["strict"], "--format", "json").stdout)["changes"][0]
    waivers = tmp_path / "waivers.yaml"
    entry = (
        f"- fingerprint: '{change['fingerprint']}'\n  reason: Agreed with both consumers.\n  expires: 2026-06-30\n"
    )
    waivers.write_text(entry, encoding="utf-8")
    arguments = (files["old"], files["strict"], "--ignore-file", waivers, "--format", "json")

    held = run(*arguments, "--today", "2026-06-30")
    assert held.exit_code == 0
    assert json.loads(held.stdout) == {"verdict": "compatible", "suggested_bump": "major", "changes": []}

    expired = run(*arguments, "--today", "2026-07-01")
    assert expired.exit_code == 1
    ids = [each["id"] for each in json.loads(expired.stdout)["changes"]]
    assert ids == ["query-parameter-became-required", "waiver-expired"]

    unused = run(files["old"], files["more"], *arguments[2:], "--today", "2026-06-30")
    assert unused.exit_code == 0
    assert [each["id"] for each in json.loads(unused.stdout)["changes"]] == ["operation-added", "waiver-unused"]

    mended = run(files["old"], files["old"], *arguments[2:], "--today", "2026-07-01")
    assert mended.exit_code == 1
    assert [each["id"] for each in json.loads(mended.stdout)["changes"]] == ["waiver-expired"]

    waivers.write_text("- fingerprint: x\n", encoding="utf-8")
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert f"{waivers}:1:" in refused.stderr


def test_the_changelog_escapes_what_documents_say(tmp_path: Path) -> None:
    base, revision = tmp_path / "a.yaml", tmp_path / "b.yaml"
    base.write_text(OLD.replace("Things", "'Things'"), encoding="utf-8")
    evil = "'<script>alert(1)</script> *x* [y](z) `c`'"
    revision.write_text(STRICT.replace("Things", evil).replace("name: q,", 'name: "<b>|q*",'), encoding="utf-8")
    page = run(base, revision, "--format", "html").stdout
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.index("Breaking changes") < page.index("Other changes")
    text = run(base, revision, "--format", "markdown").stdout
    assert text.index("## Breaking changes") < text.index("## Other changes")
    assert "### `GET /a`" in text
    outside = re.sub(r"`+[^`]*`+", "", text)
    assert "<" not in outside
    assert '  - before: `"Things"`' in text


def test_formats_for_machines(files: dict[str, Path]) -> None:
    arguments = (files["old"], files["strict"], "--format")
    sarif = json.loads(run(*arguments, "sarif").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["ruleId"] == "query-parameter-became-required"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    root = ElementTree.fromstring(run(*arguments, "junit").stdout.partition("\n")[2])
    assert root.get("failures") == "1"
    assert run(*arguments, "github").stdout.startswith(f"::error file={files['strict']},line=4,")


def test_rules_and_explanations() -> None:
    listed = run("--rules").stdout.splitlines()
    assert [line.split()[0] for line in listed[1:]] == list(DIFF_RULES)
    explained = run("--explain", "query-parameter-became-required")
    assert explained.exit_code == 0
    assert "Severity: error" in explained.stdout
    assert "    required: true" in explained.stdout.partition("After")[2]


def test_the_default_notice_is_the_one_that_is_documented() -> None:
    assert NOTICE_DAYS == context.NOTICE_DAYS == 90


TIGHTENED = "policy-mode-tightened"


def estate(root: Path, **contracts: str) -> Path:
    (root / "apis" / "things").mkdir(parents=True)
    (root / "ostiary.yaml").write_text("name: x\n", encoding="utf-8")
    for version, text in contracts.items():
        (root / "apis" / "things" / f"{version}.openapi.yaml").write_text(text, encoding="utf-8")
    return root


def test_directories_are_compared_contract_by_contract(tmp_path: Path) -> None:
    base = estate(tmp_path / "a", v1=OLD, v2=OLD, v3=OLD)
    revision = estate(tmp_path / "b", v1=OLD, v2=STRICT, v4=OLD)
    result = run(base, revision, "--format", "json")
    assert result.exit_code == 1
    changes = json.loads(result.stdout)["changes"]
    assert [(each["id"], each["location"]) for each in changes] == [
        ("api-version-removed", "apis/things/v3.openapi.yaml#"),
        ("query-parameter-became-required", "apis/things/v2.openapi.yaml#/paths/~1a/get/parameters/0/required"),
        ("api-version-added", "apis/things/v4.openapi.yaml#"),
    ]


def test_a_version_may_go_after_the_sunset_that_its_api_gives(tmp_path: Path) -> None:
    base, revision = estate(tmp_path / "a", v1=OLD, v2=OLD), estate(tmp_path / "b", v2=OLD)
    (base / "apis/things/api.yaml").write_text("versions: {v1: {sunset: 2026-06-30}}\n", encoding="utf-8")
    assert run(base, revision, "--today", "2026-06-29").exit_code == 1
    gone = run(base, revision, "--today", "2026-06-30", "--format", "json")
    assert gone.exit_code == 0
    assert [each["id"] for each in json.loads(gone.stdout)["changes"]] == ["api-version-removed-after-sunset"]


API = "classification: {}\nversions:\n  v1: {{{}}}\n"
BY_HEADER = "classification: public\nversioning: {{by: header{}}}\nversions: {{v1: {{}}}}\n"
BY_DATE = "classification: public\nversioning: {{by: date}}\nversions: {{v1: {{released: {}}}}}\n"
PLAN = "name: x\nplans: {}\n"


@pytest.mark.parametrize(
    ("file", "base", "revision", "rules"),
    [
        ("api", API.format("internal", ""), API.format("confidential", ""), {"api-classification-tightened"}),
        ("api", API.format("confidential", ""), API.format("public", ""), {"api-classification-loosened"}),
        ("api", API.format("public", ""), API.format("secret", ""), {"api-classification-undecided"}),
        ("api", API.format("public", ""), API.format("public", "sunset: 2027-01-01"), {"api-sunset-added"}),
        (
            "api",
            API.format("public", ""),
            API.format("public", "sunset: 2026-02-01"),
            {"api-sunset-added", "api-sunset-notice-too-short"},
        ),
        ("api", API.format("public", "sunset: 2027-01-01"), API.format("public", ""), {"api-sunset-removed"}),
        (
            "api",
            API.format("public", "sunset: 2027-01-01"),
            API.format("public", "sunset: 2026-12-01"),
            {"api-sunset-moved-earlier"},
        ),
        (
            "api",
            API.format("public", "sunset: 2027-01-01"),
            API.format("public", "sunset: 2027-02-01"),
            {"api-sunset-moved-later"},
        ),
        ("api", API.format("public", ""), BY_HEADER.format(""), {"version-choice-changed"}),
        ("api", BY_HEADER.format(""), BY_HEADER.format(", header: X-V"), {"version-choice-changed"}),
        ("api", BY_HEADER.format(""), BY_HEADER.format(", default: v1"), {"version-default-added"}),
        ("api", BY_HEADER.format(", default: v1"), BY_HEADER.format(", default: v2"), {"version-default-changed"}),
        ("api", BY_HEADER.format(", default: v1"), BY_HEADER.format(""), {"version-default-removed"}),
        ("api", BY_DATE.format("2026-01-01"), BY_DATE.format("2026-02-01"), {"version-date-changed"}),
        (
            "api",
            BY_DATE.format("2026-01-01"),
            BY_DATE.format("2026-01-01}, v2: {released: 2026-05-01"),
            {"version-default-changed"},
        ),
        (
            "api",
            API.format("public", ""),
            API.format("public", "policies: {network: {deny: [192.0.2.0/24]}}"),
            {"policy-added"},
        ),
        ("api", "policies: {network: {mode: report}}\n", "policies: {network: {mode: enforce}}\n", {TIGHTENED}),
        (
            "api",
            API.format("public", "policies: {network: {mode: report}}"),
            API.format("public", "policies: {network: {mode: enforce}}"),
            {TIGHTENED},
        ),
        ("plan", "policies: {network: {mode: report}}\n", "policies: {network: {mode: enforce}}\n", {TIGHTENED}),
        (
            "plan",
            PLAN.format("{a: {policies: {network: {mode: report}}}}"),
            PLAN.format("{a: {policies: {network: {mode: enforce}}}}"),
            {TIGHTENED},
        ),
        ("plan", PLAN.format("{}"), PLAN.format("{a: {limits: {}}}"), {"plan-added"}),
        ("plan", PLAN.format("{a: {limits: {}}}"), PLAN.format("{}"), {"plan-removed"}),
        ("plan", PLAN.format("{a: {}}"), PLAN.format("{a: {limits: {m: 5/minute}}}"), {"plan-limit-added"}),
        ("plan", PLAN.format("{a: {limits: {m: 5/minute}}}"), PLAN.format("{a: {}}"), {"plan-limit-removed"}),
        (
            "plan",
            PLAN.format("{a: {limits: {m: 60/minute}}}"),
            PLAN.format("{a: {limits: {m: 100/hour}}}"),
            {"plan-limit-lowered"},
        ),
        (
            "plan",
            PLAN.format("{a: {limits: {m: 60/minute}}}"),
            PLAN.format("{a: {limits: {m: 61/minute}}}"),
            {"plan-limit-raised"},
        ),
        (
            "plan",
            PLAN.format("{a: {limits: {m: 60/minute}}}"),
            PLAN.format("{a: {limits: {m: 60 per minute}}}"),
            set(),
        ),
        *(
            (
                "plan",
                PLAN.format(f"{{a: {{limits: {{m: {old}}}}}}}"),
                PLAN.format(f"{{a: {{limits: {{m: {new}}}}}}}"),
                rules,
            )
            for old, new, rules in (
                ("60/minute", "{limit: 60/minute, by: subscription}", set()),
                ("60/minute", "{limit: 60/minute, by: consumer}", {"plan-limit-lowered"}),
                ("{limit: 9/day, by: consumer}", "{limit: 9/day, by: consumer+api}", {"plan-limit-raised"}),
                ("60/minute", "{limit: 60/minute, window: log}", {"plan-limit-lowered"}),
                ("{limit: 60/minute, window: log}", "60/minute", {"plan-limit-raised"}),
                ("60/minute", "{limit: 60/minute, window: gcra, burst: 5}", {"plan-limit-lowered"}),
                ("60/minute", "{limit: 60/minute, on-unavailable: closed}", {"plan-limit-lowered"}),
                ("60/minute", "{limit: 60/minute, on-unavailable: open}", {"plan-limit-raised"}),
                ("60/minute", "{limit: sixty}", {"plan-limit-lowered"}),
            )
        ),
    ],
)
def test_what_an_estate_says_of_its_apis(
    tmp_path: Path, file: str, base: str, revision: str, rules: set[str]
) -> None:
    sides = []
    for name, text in (("a", base), ("b", revision)):
        root = estate(tmp_path / name, v1=OLD)
        (root / {"api": "apis/things/api.yaml", "plan": "ostiary.yaml"}[file]).write_text(text, encoding="utf-8")
        sides.append(root)
    found = json.loads(run(*sides, "--format", "json", "--today", "2026-01-01").stdout)["changes"]
    assert {each["id"] for each in found} == rules
    assert all("#/" in each["location"] for each in found)


def test_what_an_estate_says_is_told_where_it_says_so(tmp_path: Path) -> None:
    sides = [estate(tmp_path / name, v1=OLD) for name in ("a", "b")]
    for root, level, limit in zip(sides, ("public", "internal"), ("9/second", "5/second"), strict=True):
        (root / "apis/things/api.yaml").write_text(f"title: T\nclassification: {level}\n", encoding="utf-8")
        plan = f"plans:\n  a:\n    limits:\n      burst: {limit}\n"
        (root / "ostiary.yaml").write_text(plan, encoding="utf-8")
    told = run(*sides).stdout
    assert f"{sides[1]}/apis/things/api.yaml:2:17: error: the API's classification went" in told
    assert f"{sides[1]}/ostiary.yaml:4:14: error: the limit `burst` of the plan `a` went" in told
    headings = [line for line in run(*sides, "--format", "markdown").stdout.splitlines() if line[:4] == "### "]
    assert headings == ["### `apis/things/api.yaml`", "### `ostiary.yaml`"]


def test_faults_in_directories_are_found_at_once(tmp_path: Path) -> None:
    base = estate(tmp_path / "a", v1="openapi: 9", v2=OLD)
    revision = estate(tmp_path / "b", v1=OLD, v2="{")
    result = run(base, revision)
    assert result.exit_code == 2
    assert f"{base}/apis/things/v1.openapi.yaml:1:10: error:" in result.stderr
    assert f"{revision}/apis/things/v2.openapi.yaml:2:1: error:" in result.stderr


class TestCommits:
    @pytest.fixture
    def repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        root = tmp_path / "repository"
        (root / "api").mkdir(parents=True)
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            monkeypatch.delenv(name)
        split = OLD.replace("schema: {type: string}", "schema: {$ref: ../shared.yaml}")
        (root / "shared.yaml").write_text("type: string\n", encoding="utf-8")
        (root / "api" / "a.yaml").write_text(split, encoding="utf-8")
        estate(root / "estate", v1=OLD)
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
            identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
            subprocess.run(["git", *identity, *command], cwd=root, check=True)
        monkeypatch.chdir(root)
        return root

    def test_a_file_of_a_commit_with_what_it_refers_to(self, repository: Path) -> None:
        (repository / "shared.yaml").write_text("type: string\nmaxLength: 5\n", encoding="utf-8")
        result = run("git:HEAD:api/a.yaml", "api/a.yaml", "--format", "json")
        assert result.exit_code == 1
        assert [each["id"] for each in json.loads(result.stdout)["changes"]] == ["request-max-length-added"]
        assert run("git:main:api/a.yaml", "git:HEAD:api/a.yaml").exit_code == 0

    def test_the_path_is_relative_to_the_working_directory(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(repository / "api")
        assert run("git:HEAD:a.yaml", "a.yaml").exit_code == 0

    def test_an_estate_of_a_commit(self, repository: Path) -> None:
        (repository / "estate/apis/things/v1.openapi.yaml").write_text(STRICT, encoding="utf-8")
        result = run("git:HEAD:estate", "estate")
        assert result.exit_code == 1
        assert "estate/apis/things/v1.openapi.yaml:4:" in result.stdout

    def test_faults_name_the_commit(self, repository: Path) -> None:
        (repository / "bad.yaml").write_text("openapi: 9\n", encoding="utf-8")
        subprocess.run(["git", "add", "."], cwd=repository, check=True)
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, "commit", "-q", "-m", "second"], cwd=repository, check=True)
        result = run("git:HEAD:bad.yaml", "api/a.yaml")
        assert result.exit_code == 2
        assert "git:HEAD:" in result.stderr
        assert "bad.yaml:1:10: error:" in result.stderr

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("git:HEAD", "'git:HEAD' is not git:REF:path"),
            ("git::a.yaml", "'git::a.yaml' is not git:REF:path"),
            ("git:none:api/a.yaml", "has no commit 'none'"),
            ("git:HEAD:none.yaml", "HEAD has no 'none.yaml'"),
            ("git:--all:x", "'--all' is no revision of Git"),
            ("git:HEAD:../x", "'../x' lies outside of the repository"),
        ],
    )
    def test_bad_input(self, repository: Path, text: str, said: str) -> None:
        result = run(text, repository / "api/a.yaml")
        assert result.exit_code == 2
        assert result.stderr.startswith("ostiary: ")
        assert said in result.stderr


def test_sarif_places_are_relative_or_as_given(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files["old"].parent)
    sarif = json.loads(run("old.yaml", "strict.yaml", "--format", "sarif").stdout)
    location = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "strict.yaml"
    assert jsonschema_rs.is_valid({"type": "object", "required": ["version", "runs"]}, sarif)
