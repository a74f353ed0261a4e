"""What `ostiary lint` is asked for, put together: files by where they belong, rulesets, waivers."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from contracts.documents.document import load
from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate.decode import decode
from contracts.estate.governance import GOVERNANCE_RULES, governed
from contracts.estate.loading import ESTATE, Sources, load_sources
from contracts.estate.rules import across
from contracts.estate_files import EstateFile, LintEntry
from contracts.findings import Finding, Place, Severity
from contracts.lint.engine import Engine
from contracts.lint.explanations import Explanation, explanations
from contracts.lint.linting import lint_files
from contracts.lint.ruleset.effective import effective
from contracts.lint.ruleset.loading import combined, load_ruleset
from contracts.lint.ruleset.model import Definition
from contracts.reports.entry import Entry, Report, Suppressed, in_order
from contracts.reports.waivers import Waiver, apply_waivers, parse_waivers

DEFAULT: Final = "ostiary:recommended"
SPECTRAL_FILES: Final = (".spectral.yaml", ".spectral.yml", ".spectral.json")


class BadProject(Exception):
    """What was asked for cannot be linted: a path, a ruleset or the ignore file. `findings` have the places."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


@dataclass(slots=True)
class _Job:
    """Files below one root, and the engine for them. `sources`: the root is an estate, linted as a whole."""

    root: Path
    files: list[str]
    engine: Engine
    sources: Sources | None = None
    besides: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Project:
    """Everything that a run needs; `lint` reads the documents."""

    title: str
    jobs: list[_Job]
    engine: Engine
    waivers: tuple[Waiver, ...]
    fail_on: Severity
    folder: Path

    def lint(self, today: date) -> tuple[Report, list[Finding]]:
        """The report; and the findings for which the input must be refused, if there are any."""
        entries: list[Entry] = []
        suppressed: list[Suppressed] = []
        refused: list[Finding] = []
        for job in self.jobs:
            unreadable = [each for each in job.besides if not _is_ours(each)]
            outcome = lint_files(
                job.root,
                job.files,
                job.engine,
                today=today,
                besides=[each for each in job.besides if _is_ours(each)],
            )
            refused += [replace(each, place=self._shown(job.root, each.place)) for each in unreadable]
            refused += [replace(each, place=self._shown(job.root, each.place)) for each in outcome.refused]
            entries += [self._entry(job.root, each) for each in outcome.entries]
            suppressed += [replace(each, entry=self._entry(job.root, each.entry)) for each in outcome.suppressed]
        waived = apply_waivers(entries, self.waivers, today)
        report = Report("ostiary lint", self.title, in_order(waived.entries), (*suppressed, *waived.suppressed))
        return report, sorted(set(refused))

    def rules(self) -> list[Explanation]:
        """The rules of the run and those for estates, by name."""
        return explanations(self.engine.rules())

    def _entry(self, root: Path, entry: Entry) -> Entry:
        why = entry.why
        for table in (GOVERNANCE_RULES, ESTATE_RULES):
            if not why and entry.rule in table:
                why = table[entry.rule].why
        return replace(entry, place=self._shown(root, entry.place), why=why)

    def _shown(self, root: Path, place: Place) -> Place:
        return _reached(self.folder, root, place)


def open_project(
    paths: Sequence[Path], rulesets: tuple[str, ...], ignore_file: Path | None, folder: Path
) -> Project:
    """Looks at what there is. `folder` is the working directory. Raises BadProject, with every fault at once."""
    loader = _Rulesets(rulesets, folder)
    jobs: dict[tuple[Path, bool], _Job] = {}
    settings: list[tuple[Path, LintEntry]] = []
    for path in paths:
        if path.is_dir():
            if not (path / ESTATE).is_file():
                raise BadProject(f"{str(path)!r} is no estate: it has no {ESTATE}")
            job, setting = _estate_job(path, loader)
            jobs[path.resolve(), True] = job
            if setting is not None:
                settings.append((path, setting))
        elif path.is_file():
            root = _root_of(path)
            key = root.resolve(), False
            if key not in jobs:
                job, setting = _file_job(root, loader)
                jobs[key] = job
                if setting is not None:
                    settings.append((root, setting))
            jobs[key].files.append(path.resolve().relative_to(root.resolve()).as_posix())
        else:
            raise BadProject(f"there is no file or directory {str(path)!r}")
    engine = next(iter(jobs.values())).engine if jobs else loader.default(None, folder)
    waivers: list[Waiver] = []
    files = [ignore_file] if ignore_file is not None else []
    files += [root / each.ignore_file for root, each in settings if each.ignore_file and ignore_file is None]
    for file in files:
        waivers += _waivers(file, loader.findings)
    if loader.findings:
        raise BadProject(
            "the rulesets or waivers cannot be used; nothing was linted",
            sorted({replace(each, place=_reached(folder, folder, each.place)) for each in loader.findings}),
        )
    fail_on: Severity = min((each.fail_on for _, each in settings), key=_STRICTEST.index, default="error")
    title = ", ".join(str(path) for path in paths) or "ostiary lint"
    return Project(title, list(jobs.values()), engine, tuple(waivers), fail_on, folder)


_STRICTEST: Final[tuple[Severity, ...]] = ("info", "warning", "error")


class _Rulesets:
    """Loads rulesets, and keeps every fault for one report."""

    def __init__(self, named: tuple[str, ...], folder: Path) -> None:
        self.named, self.folder = named, folder
        self.findings: list[Finding] = []
        self._engines: dict[tuple[tuple[str, ...], Path], Engine] = {}

    def default(self, setting: LintEntry | None, root: Path) -> Engine:
        """The engine for a root: by the command's rulesets, the estate's, `.spectral.yaml`, or our own."""
        if self.named:
            return self._engine(self.named, self.folder)
        if setting is not None:
            return self._engine(setting.rulesets or (DEFAULT,), root)
        found = next((name for name in SPECTRAL_FILES if (self.folder / name).is_file()), DEFAULT)
        return self._engine((found,), self.folder)

    def _engine(self, names: tuple[str, ...], folder: Path) -> Engine:
        key = names, folder
        if key not in self._engines:
            definitions: list[Definition] = []
            for name in names:
                definition, findings = load_ruleset(name, folder)
                self.findings += findings
                if definition is not None:
                    self.findings += effective(definition)[1]
                    definitions.append(definition)
            self._engines[key] = Engine(combined(tuple(definitions), folder))
        return self._engines[key]


def _reached(folder: Path, root: Path, place: Place) -> Place:
    """A place below a root, with its file as it is reached from the working directory."""
    path = os.path.normpath(root / place.file)
    relative = os.path.relpath(path, folder)
    shown = path if relative.startswith("..") else relative
    return replace(place, file=Path(shown).as_posix())


def _is_ours(finding: Finding) -> bool:
    return finding.rule in GOVERNANCE_RULES or finding.rule in ESTATE_RULES


def _estate_job(path: Path, loader: _Rulesets) -> tuple[_Job, LintEntry | None]:
    sources, findings = load_sources(path)
    setting = sources.estate.value.lint
    contracts = sorted({file for api in sources.apis.values() for file in api.contracts.values()})
    own = {ESTATE, sources.teams.name, sources.consumers.name, *(api.file.name for api in sources.apis.values())}
    # What `check` says of contracts is its own business, but a file of the estate that cannot be read is not.
    besides = [each for each in findings if each.rule in ESTATE_RULES or each.place.file in own]
    besides += [*across(sources), *governed(sources)]
    return _Job(path, contracts, loader.default(setting, path), sources, tuple(besides)), setting


def _file_job(root: Path, loader: _Rulesets) -> tuple[_Job, LintEntry | None]:
    document = load(root / ESTATE, ESTATE)[0] if (root / ESTATE).is_file() else None
    setting = None if document is None else decode(document, EstateFile)[0].lint
    return _Job(root, [], loader.default(setting, root)), setting


def _root_of(path: Path) -> Path:
    """Where the references of a file end: its estate, its repository, or its own folder."""
    parents = path.resolve().parents
    for mark in (ESTATE, ".git"):
        for parent in parents:
            if (parent / mark).exists():
                return parent
    return parents[0]


def _waivers(file: Path, findings: list[Finding]) -> tuple[Waiver, ...]:
    document, faults = load(file, str(file))
    findings += faults
    if document is None:
        return ()
    waivers, faults = parse_waivers(document)
    findings += faults
    return waivers
