"""What the linter says of everything that is in force, counted by unit and rule. No I/O but temporary files."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from catalog.changes.linting import lint_unit
from catalog.estates import findings_over
from catalog.revisions.materialise import estate_tree
from catalog.revisions.store import Files
from catalog.revisions.units import ESTATE_UNIT, own_unit
from contracts.estate.loading import load_sources
from contracts.findings import Severity


@dataclass(frozen=True, slots=True)
class Counted:
    """How many findings a rule has in a unit's files."""

    unit: str
    rule: str
    severity: Severity
    findings: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, `waived` aside: those findings that a waiver lets pass."""

    counted: tuple[Counted, ...]
    waived: int

    def total(self, severity: Severity) -> int:
        return sum(each.findings for each in self.counted if each.severity == severity)


def look(units: Mapping[str, Files], waived: Collection[tuple[str, str]], today: date) -> Looked:
    """Lints units that are in force, the estate's own files among them. `waived` are fingerprints by unit.

    It takes CPU time and writes temporary files: it belongs in a thread. Of a file that two units have otherwise
    (one API keeps an older state of what is shared) the estate's is looked at.

    Raises BadRevision, BadPath, OSError.
    """
    others = (files for unit, files in sorted(units.items()) if unit != ESTATE_UNIT)
    with estate_tree(units[ESTATE_UNIT], *others) as root:
        sources, findings = load_sources(root)
        over_all = findings_over(sources)
        every = {path for files in units.values() for path in files}
        linted = lint_unit(root, sources, over_all, every, today)
    found: Counter[tuple[str, str, Severity]] = Counter()
    passed = 0
    for each in linted.found:
        unit = own_unit(each.file)
        if (unit, each.fingerprint) in waived:
            passed += 1
        else:
            found[unit, each.rule, each.severity] += 1
    for fault in {*findings, *linted.problems}:
        found[own_unit(fault.place.file), fault.rule, fault.severity] += 1
    return Looked(tuple(_counted(found)), passed)


def _counted(found: Counter[tuple[str, str, Severity]]) -> Iterator[Counted]:
    for (unit, rule, severity), number in sorted(found.items()):
        yield Counted(unit, rule, severity, number)
