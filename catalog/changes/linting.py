"""What the linter says of one unit of an estate, in a directory in which the estate lies around it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from catalog.changes.facts import Found
from contracts.documents.document import load
from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate.governance import GOVERNANCE_RULES, governed
from contracts.estate.loading import TEAMS, Sources
from contracts.estate_files import LintEntry
from contracts.findings import Finding, Severity
from contracts.lint.engine import Engine
from contracts.lint.linting import lint_files
from contracts.lint.ruleset.effective import effective
from contracts.lint.ruleset.loading import combined, load_ruleset
from contracts.lint.ruleset.model import Definition
from contracts.reports.entry import SEVERITIES, Entry
from contracts.reports.waivers import Waiver, apply_waivers, parse_waivers

_BY_PEOPLE: Final = frozenset(
    ("owner-role-missing", "owner-team-empty", "contact-unknown", "sensitive-without-security")
)
"""Rules whose findings stand in an API's file, and come about by a change of `teams.yaml`."""
_ABOUT_WAIVERS: Final = frozenset(("waiver-expired", "waiver-unused"))


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found. `suppressed` are the fingerprints that a contract itself lets pass; `problems` say why it
    could not be linted."""

    found: tuple[Found, ...] = ()
    suppressed: frozenset[str] = frozenset()
    problems: tuple[Finding, ...] = ()


def failing(setting: LintEntry) -> tuple[Severity, ...]:
    """The severities from `fail-on` on."""
    return SEVERITIES[: SEVERITIES.index(setting.fail_on) + 1]


def lint_unit(
    root: Path, sources: Sources, across: Iterable[Finding], files: Collection[str], today: date
) -> Linted:
    """Lints the contracts among `files`, and reports of the estate's own rules what stands in one of them, or what
    people who are among them leave alone.

    `sources` were read at `root`, and `across` is what the rules over all its files say.
    """

    def concerns(file: str, rule: str) -> bool:
        return file in files or (TEAMS in files and rule in _BY_PEOPLE)

    setting = sources.estate.value.lint or LintEntry()
    engine, problems = _engine(setting, root)
    waivers, faults = _waivers(setting, root)
    if problems or faults or engine is None:
        return Linted(problems=(*problems, *faults))
    contracts = sorted(file for api in sources.apis.values() for file in api.contracts.values() if file in files)
    besides = [each for each in (*across, *governed(sources)) if concerns(each.place.file, each.rule)]
    outcome = lint_files(root, contracts, engine, today=today, besides=besides)
    if outcome.refused:
        return Linted(problems=outcome.refused)
    mine = (entry for entry in outcome.entries if concerns(entry.place.file, entry.rule))
    kept = apply_waivers(mine, waivers, today).entries
    return Linted(
        tuple(_found(entry) for entry in kept if entry.rule not in _ABOUT_WAIVERS),
        frozenset(each.entry.fingerprint for each in outcome.suppressed),
    )


def _engine(setting: LintEntry, root: Path) -> tuple[Engine | None, list[Finding]]:
    definitions: list[Definition] = []
    findings: list[Finding] = []
    for name in setting.rulesets:
        definition, faults = load_ruleset(name, root)
        findings += faults
        if definition is not None:
            findings += effective(definition)[1]
            definitions.append(definition)
    return (Engine(combined(tuple(definitions), root)) if definitions else None), findings


def _waivers(setting: LintEntry, root: Path) -> tuple[tuple[Waiver, ...], list[Finding]]:
    if setting.ignore_file is None:
        return (), []
    document, findings = load(root / setting.ignore_file, setting.ignore_file)
    if document is None:
        return (), findings
    waivers, faults = parse_waivers(document)
    return waivers, [*findings, *faults]


def _found(entry: Entry) -> Found:
    why = entry.why
    for table in (GOVERNANCE_RULES, ESTATE_RULES):
        if not why and entry.rule in table:
            why = table[entry.rule].why
    return Found(
        rule=entry.rule,
        severity=entry.severity,
        message=entry.message,
        fingerprint=entry.fingerprint,
        file=entry.place.file,
        line=entry.place.line,
        column=entry.place.column,
        pointer=entry.place.pointer,
        operation="" if entry.operation is None else str(entry.operation),
        why=why,
    )
