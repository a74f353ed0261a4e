"""Lints files: reads them with all that they refer to, runs a ruleset, and makes entries for a report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from contracts.documents.document import Document
from contracts.documents.quick_reader import load_quickly
from contracts.findings import Finding, Place, Rule
from contracts.lint.engine import Engine, Violation
from contracts.lint.functions.operations import METHODS
from contracts.lint.graph import Graph
from contracts.lint.jsonpath.selecting import TooMuchWork
from contracts.lint.ruleset.formats import formats_of
from contracts.lint.suppressions import SUPPRESSION_RULES, Suppressions
from contracts.reports.entry import Entry, Suppressed, in_order
from contracts.reports.fingerprints import fingerprint, operation_at, stable_location

INPUT_RULES: Final = {
    row.id: row
    for row in (
        Rule("not-openapi", "error", "The linter is for OpenAPI 3 and Swagger 2 documents."),
        Rule("too-much-work", "error", "A document that takes unbounded work could stop everybody's build."),
    )
}
_METHODS: Final = frozenset((*METHODS, "query"))


@dataclass(frozen=True, slots=True)
class LintOutcome:
    """What linting some files gave. With `refused` among it the input was bad, and the rest is not complete."""

    entries: tuple[Entry, ...]
    suppressed: tuple[Suppressed, ...]
    refused: tuple[Finding, ...]


def lint_files(
    root: Path,
    files: Sequence[str],
    engine: Engine,
    *,
    today: date,
    besides: Iterable[Finding] = (),
) -> LintOutcome:
    """Lints files (relative to `root`, with slashes), which may refer to others below `root` and nowhere else.

    `besides` are findings about these files that others made; they can be suppressed in the same way. `today`
    is the day by which suppressions end.
    """
    reader = _Reader(root)
    refused: list[Finding] = []
    violations: list[Violation] = []
    documents: dict[str, Document] = {}
    graphs: list[Graph] = []
    for file in files:
        entry = reader.open(file)
        if entry is None:
            continue
        if not formats_of(entry.value):
            message = "this is no OpenAPI document of version 3.0, 3.1 or 3.2, nor Swagger 2.0"
            said = entry.root.get("openapi") or entry.root.get("swagger") or entry.root
            refused.append(Finding(said.place, "not-openapi", message))
            continue
        graph = Graph(entry, reader.open)
        refused += graph.findings
        documents.update(graph.documents)
        graphs.append(graph)
        if graph.findings:
            continue
        try:
            violations += engine.lint(graph, (root / file).resolve())
        except TooMuchWork as error:
            refused.append(Finding(entry.place(), "too-much-work", str(error)))
    refused += reader.findings
    suppressions = Suppressions(graphs)
    entries: dict[tuple[str, Place, str], Entry] = {}
    for each in violations:
        entry_ = _entry(each)
        entries[entry_.rule, entry_.place, entry_.message] = entry_
    for finding in besides:
        entries[finding.rule, finding.place, finding.message] = entry_of(
            finding, documents.get(finding.place.file)
        )
    kept, suppressed = _sorted_out(entries.values(), suppressions, today)
    for finding in suppressions.leftovers(today):
        why = SUPPRESSION_RULES[finding.rule].why
        kept.append(replace(entry_of(finding, documents.get(finding.place.file)), why=why))
    return LintOutcome(in_order(kept), tuple(suppressed), tuple(sorted(set(refused))))


def entry_of(finding: Finding, document: Document | None = None, why: str = "") -> Entry:
    """A finding as an entry; its document, if there is one, makes the fingerprint independent of order."""
    place = finding.place
    location = place.pointer if document is None else stable_location(document.value, place.pointer)
    operation = operation_at(place.pointer, _METHODS)
    mark = fingerprint(finding.rule, location, operation=operation, file=place.file)
    return Entry(finding.rule, finding.severity, finding.message, place, mark, operation, why=why)


def _entry(violation: Violation) -> Entry:
    located, rule = violation.located, violation.rule
    pointer = located.pointer
    operation = operation_at(pointer, _METHODS)
    location = stable_location(located.document.value, pointer)
    # Two members that are missing in one place are two findings.
    missing = "".join(f"?{each}" for each in violation.missing)
    mark = fingerprint(rule.name, location + missing, operation=operation, file=located.document.file)
    return Entry(
        rule.name,
        violation.severity,
        violation.message,
        located.place,
        mark,
        operation,
        why=rule.description or "",
        help=rule.documentation_url or "",
    )


def _sorted_out(
    entries: Iterable[Entry], suppressions: Suppressions, today: date
) -> tuple[list[Entry], list[Suppressed]]:
    kept: list[Entry] = []
    suppressed: list[Suppressed] = []
    for entry in entries:
        found = suppressions.find(entry.rule, entry.place.file, entry.place.pointer, today)
        if found is None:
            kept.append(entry)
        else:
            suppressed.append(Suppressed(entry, found.reason, in_source=True))
    return kept, suppressed


class _Reader:
    """Opens files below a root, each once, and keeps what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.real_root = root.resolve()
        self.findings: list[Finding] = []
        self._documents: dict[str, Document | None] = {}

    def open(self, file: str) -> Document | None:
        if file not in self._documents:
            self._documents[file] = self._load(file)
        return self._documents[file]

    def _load(self, file: str) -> Document | None:
        path = self.root / file
        if file == ".." or file.startswith("../") or not path.resolve().is_relative_to(self.real_root):
            return None
        document, findings = load_quickly(path, file)
        if any(finding.rule == "file-missing" for finding in findings):
            return None  # the reference to it says so
        self.findings += findings
        return document
