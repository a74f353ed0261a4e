"""Rulesets mean what they mean to Spectral: its own findings, recorded, beside ours.

`expected.json` was written by Spectral's command line (its version stands in the file) from the rulesets and
documents beside it. Where we differ on purpose, the difference is named here.
"""

import json
from pathlib import Path

import pytest

from contracts.documents.document import Document, load
from contracts.lint.engine import Engine
from contracts.lint.graph import Graph
from contracts.lint.ruleset.loading import load_ruleset

DATA = Path(__file__).parents[2] / "data" / "spectral"
CASES = json.loads((DATA / "expected.json").read_text())["cases"]

# Other validators find the same faults and say them in other words, at times deeper in the document.
STRUCTURE = {"oas2-schema", "oas3-schema"}
WORDED = {"duplicated-entry-in-enum", "oas2-valid-media-example"}
# A schema that refers to itself: Spectral stops at the reference, and tries no example on such a schema at all; we
# go on at what is referred to.
ONLY_SPECTRAL = {("p-wild-deep", "components/schemas/User/properties/friend")}
ONLY_OURS = {
    ("p-wild-deep", "components/schemas/User"),
    ("oas3-valid-media-example", "paths//users/{id}//post/requestBody/content/application/json/example/name"),
}


def opened(file: str) -> Document | None:
    document, findings = load(DATA / file, file)
    assert findings == []
    return document


def ours(ruleset: str, file: str) -> list[list[str]]:
    definition, findings = load_ruleset(f"{ruleset}.ruleset.yaml", DATA)
    assert findings == []
    assert definition is not None
    engine = Engine(definition)
    assert engine.faults() == []
    document = opened(file)
    assert document is not None
    graph = Graph(document, opened)
    assert graph.findings == []
    return sorted(
        [each.rule.name, each.severity, each.located.document.file, "/".join(each.located.keys), each.message]
        for each in engine.lint(graph, DATA / file)
    )


def test_the_record_is_worth_something() -> None:
    findings = [finding for case in CASES for finding in case["findings"]]
    assert len(CASES) == 18
    assert len(findings) > 500
    assert len({finding[0] for finding in findings}) > 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['ruleset']}-{case['document']}")
def test_same_findings(case: dict[str, object]) -> None:
    findings = case["findings"]
    assert isinstance(findings, list)
    found = ours(str(case["ruleset"]), f"{case['document']}.yaml")

    def comparable(rows: list[list[str]], apart: set[tuple[str, str]]) -> list[list[str]]:
        return sorted(
            row[:4] if row[0] in WORDED else row
            for row in rows
            if row[0] not in STRUCTURE and (row[0], row[3]) not in apart
        )

    assert comparable(found, ONLY_OURS) == comparable(findings, ONLY_SPECTRAL)
    places = [row[3] for row in found if row[0] in STRUCTURE]
    for row in findings:
        if row[0] in STRUCTURE:
            assert any(place == row[3] or place.startswith(f"{row[3]}/") for place in places), row
    if not any(row[0] in STRUCTURE for row in findings):
        assert places == []
