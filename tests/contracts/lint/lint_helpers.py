"""Documents and rulesets from text, for the tests of the linter."""

from collections.abc import Mapping
from pathlib import Path

from contracts.documents.document import Document, parse
from contracts.findings import Finding
from contracts.lint.engine import Engine, Violation
from contracts.lint.graph import Graph
from contracts.lint.ruleset.loading import load_ruleset


def document_of(text: str, file: str = "api.yaml") -> Document:
    document, findings = parse(text, file)
    assert findings == []
    assert document is not None
    return document


def graph_of(text: str, files: Mapping[str, str] | None = None) -> Graph:
    """A document and the files beside it."""
    others = {name: document_of(content, name) for name, content in (files or {}).items()}
    return Graph(document_of(text), others.get)


def ruleset_faults(folder: Path, text: str) -> list[str]:
    """What is wrong with a ruleset, as `line:column rule message`."""
    _, findings = read_ruleset(folder, text)
    return [f"{each.place.line}:{each.place.column} {each.rule} {each.message}" for each in findings]


def read_ruleset(folder: Path, text: str) -> tuple[Engine | None, list[Finding]]:
    (folder / "ruleset.yaml").write_text(text)
    definition, findings = load_ruleset("ruleset.yaml", folder)
    if definition is None:
        return None, findings
    engine = Engine(definition)
    return engine, engine.faults()


def lint(folder: Path, ruleset: str, text: str, files: Mapping[str, str] | None = None) -> list[Violation]:
    engine, findings = read_ruleset(folder, ruleset)
    assert findings == []
    assert engine is not None
    graph = graph_of(text, files)
    assert graph.findings == []
    return engine.lint(graph)


def found(folder: Path, ruleset: str, text: str, files: Mapping[str, str] | None = None) -> list[str]:
    """`rule file#pointer message` of each violation, sorted."""
    return sorted(
        f"{each.rule.name} {each.located.document.file}#{each.located.pointer} {each.message}"
        for each in lint(folder, ruleset, text, files)
    )
