"""The formats of a report: each is read back by what reads it elsewhere, and nothing in a finding escapes."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from contracts.findings import Place
from contracts.reports.entry import Entry, OperationName, Report, Suppressed, fails, in_order
from contracts.reports.html_page import prose
from contracts.reports.render import RENDERERS, render
from contracts.reports.text import render_text

NASTY = 'the value `<b>"x" & y|z</b>` is\nnot % : , \x1b[31mred\x00 ::error::[a](http://evil.example)'
ENTRIES = (
    Entry(
        "path-wrong",
        "error",
        NASTY,
        Place("apis/a b,c:d/v1.yaml", 3, 7, "/paths/~1orders~1{id}/get"),
        "a123456789abcdef",
        OperationName("GET", "/orders/{id}"),
        why="Because of <this>.",
        help="https://docs.example/rules#path-wrong",
    ),
    Entry("naming", "warning", "a name", Place("b.yaml", 9, 1, "/info"), "b123456789abcdef"),
    Entry("remark", "info", "a remark", Place("b.yaml"), "c123456789abcdef"),
)
REPORT = Report(
    "ostiary lint",
    "Two <files>",
    ENTRIES,
    (Suppressed(ENTRIES[1], "agreed | <until> spring", in_source=True),),
    "0.1",
)
EMPTY = Report("ostiary lint", "estate", ())

# The parts of the SARIF 2.1.0 schema that our output uses: what is required, closed objects, and the enums.
SARIF_ESSENTIALS: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/run"}},
    },
    "$defs": {
        "run": {
            "type": "object",
            "required": ["tool"],
            "additionalProperties": False,
            "properties": {
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "additionalProperties": False,
                    "properties": {"driver": {"$ref": "#/$defs/driver"}},
                },
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
            },
        },
        "driver": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "version": {"type": "string"},
                "rules": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {
                        "type": "object",
                        "required": ["id"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {"type": "string"},
                            "shortDescription": {"$ref": "#/$defs/message"},
                            "helpUri": {"type": "string", "format": "uri"},
                            "defaultConfiguration": {
                                "type": "object",
                                "additionalProperties": False,
                                "properties": {"level": {"$ref": "#/$defs/level"}},
                            },
                        },
                    },
                },
            },
        },
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": {
            "type": "object",
            "required": ["text"],
            "additionalProperties": False,
            "properties": {"text": {"type": "string", "minLength": 1}},
        },
        "result": {
            "type": "object",
            "required": ["message", "ruleId", "locations", "partialFingerprints"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": -1},
                "level": {"$ref": "#/$defs/level"},
                "message": {"$ref": "#/$defs/message"},
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                "suppressions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["kind"],
                        "additionalProperties": False,
                        "properties": {
                            "kind": {"enum": ["inSource", "external"]},
                            "justification": {"type": "string"},
                        },
                    },
                },
                "locations": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "type": "object",
                                "required": ["artifactLocation"],
                                "additionalProperties": False,
                                "properties": {
                                    "artifactLocation": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                                    },
                                    "region": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {
                                            "startLine": {"type": "integer", "minimum": 1},
                                            "startColumn": {"type": "integer", "minimum": 1},
                                        },
                                    },
                                },
                            },
                            "logicalLocations": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "additionalProperties": False,
                                    "properties": {
                                        "fullyQualifiedName": {"type": "string"},
                                        "kind": {"type": "string"},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_text_is_one_line_a_finding_and_steers_no_terminal() -> None:
    lines = render_text(REPORT).splitlines()
    assert len(lines) == 4
    assert lines[1] == "b.yaml:9:1: warning: a name at /info [naming]"
    assert lines[3] == "Two <files>: 1 error, 1 warning, 1 remark (1 suppressed)"
    assert "\x1b" not in lines[0]
    assert "\x1b[33;1mwarning\x1b[0m: a name" in render_text(REPORT, colour=True)
    assert render_text(REPORT, fingerprints=True).splitlines()[1].endswith(" b123456789abcdef")


def test_json() -> None:
    value = json.loads(render(REPORT, "json"))
    assert (value["ok"], value["errors"], value["warnings"], value["remarks"]) == (False, 1, 1, 1)
    assert value["findings"][0] == {
        "rule": "path-wrong",
        "severity": "error",
        "message": NASTY,
        "file": "apis/a b,c:d/v1.yaml",
        "line": 3,
        "column": 7,
        "pointer": "/paths/~1orders~1{id}/get",
        "operation": {"method": "GET", "path": "/orders/{id}"},
        "fingerprint": "a123456789abcdef",
    }
    assert value["suppressed"][0]["reason"] == "agreed | <until> spring"
    assert json.loads(render(EMPTY, "json"))["ok"] is True


@pytest.mark.parametrize("report", [REPORT, EMPTY])
def test_sarif_keeps_to_its_schema(report: Report) -> None:
    value = json.loads(render(report, "sarif"))
    validator = jsonschema_rs.validator_for(SARIF_ESSENTIALS, validate_formats=True)
    assert [str(error) for error in validator.iter_errors(value)] == []


def test_sarif_names_rules_places_and_fingerprints() -> None:
    run = json.loads(render(REPORT, "sarif"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["naming", "path-wrong", "remark"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first = run["results"][0]
    assert first["level"] == "error"
    assert first["partialFingerprints"] == {"ostiary/v1": "a123456789abcdef"}
    physical = first["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "apis/a%20b%2Cc%3Ad/v1.yaml"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    assert [result.get("suppressions") for result in run["results"]] == [
        None,
        None,
        None,
        [{"kind": "inSource", "justification": "agreed | <until> spring"}],
    ]


def test_junit() -> None:
    root = ElementTree.fromstring(render(REPORT, "junit"))  # a NUL or an escape would not parse
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    suites = root.findall("testsuite")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("apis/a b,c:d/v1.yaml", "1", "1"),
        ("b.yaml", "2", "1"),
    ]
    case = suites[0].find("testcase")
    assert case is not None
    assert (case.get("classname"), case.get("line")) == ("path-wrong", "3")
    assert suites[1].findall("testcase")[1].find("failure") is None


def test_junit_has_one_suite_for_a_file_and_names_operations() -> None:
    places = [Place("b.yaml", 1), Place("a.yaml", 1), Place("b.yaml", 2)]
    operation = OperationName("GET", "/a")
    entries = tuple(Entry("r", "error", "is wrong", place, f"{n}", operation) for n, place in enumerate(places))
    root = ElementTree.fromstring(render(Report("ostiary diff", "a to b", entries), "junit"))
    assert [(each.get("name"), each.get("tests")) for each in root.findall("testsuite")] == [
        ("a.yaml", "1"),
        ("b.yaml", "2"),
    ]
    assert {each.get("message") for each in root.iter("failure")} == {"GET /a: is wrong"}


def test_html_shows_what_is_quoted_as_code() -> None:
    assert prose("`a<b` and c<d") == "<code>a&lt;b</code> and c&lt;d"
    assert prose("`` and a ` alone") == "`` and a ` alone"


def test_junit_without_findings_passes() -> None:
    root = ElementTree.fromstring(render(EMPTY, "junit"))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert root.find("testsuite/testcase/failure") is None


def test_github_commands_cannot_be_forged() -> None:
    lines = render(REPORT, "github").splitlines()
    assert len(lines) == 4  # the line break in the message began no other command
    match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", lines[0])
    assert match is not None
    command, properties, text = match.groups()
    assert command == "error"
    assert dict(each.split("=") for each in properties.split(",")) == {
        "file": "apis/a b%2Cc%3Ad/v1.yaml",
        "line": "3",
        "col": "7",
        "title": "path-wrong",
    }
    assert "%0Anot %25 : ," in text
    assert lines[2].startswith("::notice file=b.yaml,title=remark::")


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_stands_alone_and_escapes() -> None:
    page = Elements()
    page.feed(render(REPORT, "html"))
    assert set(page.tags).isdisjoint({"b", "script", "img", "link"})
    assert page.links == ["https://docs.example/rules#path-wrong"]
    assert '<b>"x" & y|z</b>' in page.text
    assert "Two <files>" in page.text


def test_html_links_nowhere_but_to_the_web() -> None:
    entry = Entry("r", "error", "m", Place("f"), "a123456789abcdef", help="javascript:alert(1)")
    page = Elements()
    page.feed(render(Report("t", "t", (entry,)), "html"))
    assert page.links == []


def test_markdown_rows_hold_together() -> None:
    lines = render(REPORT, "markdown").splitlines()
    rows = [line for line in lines if line.startswith(("| 3 ", "| 9 "))]
    assert len(rows) == 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert "[`path-wrong`](https://docs.example/rules#path-wrong)" in rows[0]
    assert "\\[a\\](http://evil.example)" in rows[0]
    assert "- `naming` at b.yaml:9:1: agreed \\| \\<until\\> spring" in lines


@pytest.mark.parametrize("form", RENDERERS)
def test_every_format_is_deterministic_and_ends_a_line(form: Any) -> None:
    assert render(REPORT, form) == render(REPORT, form)
    for report in (REPORT, EMPTY):
        assert render(report, form).endswith("\n")


def test_order_and_threshold() -> None:
    assert in_order(reversed(ENTRIES)) == (ENTRIES[0], ENTRIES[2], ENTRIES[1])
    assert fails(ENTRIES[1:], "warning")
    assert not fails(ENTRIES[1:], "error")
    assert fails(ENTRIES[2:], "info")
    assert not fails(ENTRIES[2:], "warning")
