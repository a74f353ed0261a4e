"""The assessment of a proposed revision: what compiles, what changes for consumers, what the linter says anew.

It is the same for the same inputs, and its digest is of all that a decision is about: what was in force, what is
proposed, the rules, and each finding with the waiver that lets it pass. Whoever decides has seen one digest; once
it is another, the decision is about something else.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from catalog.changes.comparison import Comparison, compare
from catalog.changes.facts import Facts, Found, Traits
from catalog.changes.files import FileChange, file_changes
from catalog.changes.linting import Linted, failing, lint_unit
from catalog.changes.touches import (
    EstateFiles,
    read_file,
    touches_of_api,
    touches_of_changes,
    touches_of_estate,
    traits_of,
)
from catalog.estates import findings_over
from catalog.revisions.materialise import estate_tree, materialised
from catalog.revisions.store import Files
from catalog.revisions.units import ESTATE_UNIT, api_file
from contracts.diff.diff import Verdict
from contracts.diff.rule import Bump
from contracts.estate.loading import load_sources
from contracts.estate_changes import ChangesEntry, Touch
from contracts.estate_files import ApiFile, LintEntry
from contracts.findings import Finding, Severity, has_errors
from contracts.snapshot import digest_of

_NOTHING: Final[Files] = {}
_encoder = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One unit as it is in force and as it is proposed; None where there is none. `others` are all other units in
    force, but those in `held`, whose files are not to be had. Digests name the two revisions."""

    unit: str
    base: str | None
    before: Files | None
    revision: str | None
    after: Files | None
    others: Mapping[str, Files]
    held: frozenset[str] = frozenset()

    @property
    def is_estate(self) -> bool:
        return self.unit == ESTATE_UNIT


@dataclass(frozen=True, slots=True)
class WaiverInForce:
    """A waiver of this unit that holds today: its number and what it lets pass. A fingerprint is of a rule and a
    place; of a change it lets pass what `finding` says alone, and nothing else that happens there later."""

    number: int
    fingerprint: str
    finding: str


class Assessment(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found. `problems` are why it does not compile with everything else in force; with one among them
    nothing else was looked at."""

    unit: str
    base: str | None
    revision: str | None
    digest: str
    verdict: Verdict
    bump: Bump
    touches: tuple[Touch, ...] = ()
    traits: tuple[Traits, ...] = ()
    files: tuple[FileChange, ...] = ()
    changes: tuple[Found, ...] = ()
    lint: tuple[Found, ...] = ()
    failing: tuple[Severity, ...] = ("error",)
    problems: tuple[Found, ...] = ()

    def facts(self) -> Facts:
        """What rules are held against."""
        return Facts(
            unit=self.unit,
            is_estate=self.unit == ESTATE_UNIT,
            traits=self.traits,
            touches=frozenset(self.touches),
            changes=self.changes,
            lint=self.lint,
            failing=self.failing,
        )

    @property
    def findings(self) -> Mapping[str, tuple[str, str]]:
        """All that a waiver can name: by fingerprint the rule, and in words what a waiver would let pass."""
        words = in_words((*self.changes, *self.lint))
        return {each.fingerprint: (each.rule, words[each.fingerprint]) for each in (*self.changes, *self.lint)}


def in_words(found: Iterable[Found]) -> dict[str, str]:
    """What is found, by fingerprint: at one place it may be several things."""
    words: dict[str, list[str]] = {}
    for each in found:
        words.setdefault(each.fingerprint, []).append(each.message)
    return {fingerprint: "; ".join(dict.fromkeys(messages)) for fingerprint, messages in words.items()}


def assess(proposal: Proposal, waivers: Iterable[WaiverInForce], rules: ChangesEntry, today: date) -> Assessment:
    """Assesses a proposal as of a day (UTC). Takes CPU time and writes temporary files: it belongs in a thread.

    Raises BadRevision, BadPath for files that no revision may have, and OSError.
    """
    before, after = proposal.before or _NOTHING, proposal.after or _NOTHING
    problems, linted = _look(proposal, today)
    held = tuple(waivers)
    compared = None if problems else _compared(proposal, today)
    if compared is None or compared.diff.problems:
        problems = problems if compared is None else list(compared.diff.problems)
        return _sealed(
            Assessment(
                unit=proposal.unit,
                base=proposal.base,
                revision=proposal.revision,
                digest="",
                verdict="undecided",
                bump="none",
                traits=_traits(proposal),
                files=file_changes(before, after),
                problems=tuple(map(_problem, problems)),
            ),
            rules,
        )
    known = _in_force(proposal, today)
    touches: set[Touch] = {*compared.touches, *touches_of_changes(each.rule for each in compared.diff.found)}
    if linted.suppressed - known.suppressed:
        touches.add("suppressions")
    old = {each.fingerprint for each in known.found}
    passed = {each.fingerprint: each.number for each in held}
    words = in_words(compared.diff.found)
    exactly = {each.fingerprint: each.number for each in held if words.get(each.fingerprint) == each.finding}
    return _sealed(
        Assessment(
            unit=proposal.unit,
            base=proposal.base,
            revision=proposal.revision,
            digest="",
            verdict=compared.diff.verdict,
            bump=compared.diff.bump,
            touches=tuple(sorted(touches)),
            traits=_traits(proposal),
            files=file_changes(before, after),
            changes=tuple(_waived(each, exactly) for each in compared.diff.found),
            lint=tuple(
                msgspec.structs.replace(_waived(each, passed), new=each.fingerprint not in old)
                for each in linted.found
            ),
            failing=failing(_lint_setting(proposal)),
        ),
        rules,
    )


def _look(proposal: Proposal, today: date) -> tuple[list[Finding], Linted]:
    """What forbids the proposal, and what the linter says of it."""
    if proposal.after is None:
        return _without(proposal), Linted()
    return (
        _estate(proposal, proposal.after, today) if proposal.is_estate else _api(proposal, proposal.after, today)
    )


def _in_force(proposal: Proposal, today: date) -> Linted:
    """What the linter says of what is in force."""
    if proposal.before is None or proposal.after is None:
        return Linted()
    look = _estate if proposal.is_estate else _api
    return look(proposal, proposal.before, today)[1]


def _api(proposal: Proposal, files: Files, today: date) -> tuple[list[Finding], Linted]:
    others = proposal.others
    # Of the other APIs what they say of themselves is enough; that their contracts are not there is no finding.
    beside = {api_file(each): others[each][api_file(each)] for each in _apis(others) if each != proposal.unit}
    with estate_tree(files, others[ESTATE_UNIT], beside) as root:
        sources, findings = load_sources(root, held=proposal.held)
        over_all = [each for each in findings_over(sources) if each.place.file not in beside]
        errors = _errors(findings, over_all)
        if errors:
            return errors, Linted()
        linted = lint_unit(root, sources, over_all, set(files), today)
        return list(linted.problems), linted


def _estate(proposal: Proposal, files: Files, today: date) -> tuple[list[Finding], Linted]:
    with materialised({ESTATE_UNIT: files, **proposal.others}) as workspace:
        sources, findings = load_sources(workspace.root, workspace.api_roots, proposal.held)
        over_all = findings_over(sources)
        errors = _errors(findings, over_all)
        if errors:
            return errors, Linted()
        linted = lint_unit(workspace.root, sources, over_all, set(files), today)
        return list(linted.problems), linted


def _without(proposal: Proposal) -> list[Finding]:
    """What is wrong with the estate once the unit is gone: somebody may still be subscribed to it."""
    with estate_tree(proposal.others[ESTATE_UNIT]) as root:
        sources, findings = load_sources(root, held=_apis(proposal.others) | proposal.held)
        return _errors(findings, findings_over(sources))


def _apis(units: Mapping[str, Files]) -> set[str]:
    return {unit for unit in units if unit != ESTATE_UNIT}


def _errors(*findings: Collection[Finding]) -> list[Finding]:
    every = sorted({each for some in findings for each in some})
    return [each for each in every if each.severity == "error"] if has_errors(every) else []


@dataclass(frozen=True, slots=True)
class _Compared:
    diff: Comparison
    touches: frozenset[Touch]


def _compared(proposal: Proposal, today: date) -> _Compared:
    before, after = proposal.before, proposal.after
    if proposal.is_estate:
        assert before is not None
        assert after is not None  # the estate's own files are never taken away
        touches = touches_of_estate(EstateFiles.of(before), EstateFiles.of(after))
        return _Compared(compare(before, after, None, today, None), touches)
    estate = EstateFiles.of(proposal.others[ESTATE_UNIT])
    old, new = (None if files is None else _api_value(proposal.unit, files) for files in (before, after))
    api = old or new
    assert api is not None  # a proposal changes something
    policy = estate.estate.deprecation_policy
    notice = api.notice_days or (None if policy is None else policy.notice_days)
    compared = compare(before or _NOTHING, after or _NOTHING, old, today, notice)
    return _Compared(compared, touches_of_api(old, new))


def _traits(proposal: Proposal) -> tuple[Traits, ...]:
    if proposal.is_estate:
        return ()
    estate = EstateFiles.of(proposal.others[ESTATE_UNIT])
    apis = [_api_value(proposal.unit, files) for files in (proposal.before, proposal.after) if files is not None]
    return tuple(dict.fromkeys(traits_of(each, estate) for each in apis))


def _api_value(unit: str, files: Files) -> ApiFile:
    return read_file(files, api_file(unit), ApiFile)


def _lint_setting(proposal: Proposal) -> LintEntry:
    """As what is in force has it: no change moves its own bar."""
    files = proposal.before if proposal.is_estate else proposal.others[ESTATE_UNIT]
    assert files is not None
    return EstateFiles.of(files).estate.lint or LintEntry()


def _waived(found: Found, passed: Mapping[str, int]) -> Found:
    number = passed.get(found.fingerprint, 0)
    return msgspec.structs.replace(found, waived=number) if number else found


def _problem(finding: Finding) -> Found:
    place = finding.place
    return Found(
        rule=finding.rule,
        severity=finding.severity,
        message=finding.message,
        fingerprint="",
        file=place.file,
        line=place.line,
        column=place.column,
        pointer=place.pointer,
    )


def _sealed(assessment: Assessment, rules: ChangesEntry) -> Assessment:
    """With its digest. Where a finding stands in a file does not count, and what it is does."""
    about = (
        assessment.unit,
        assessment.base,
        assessment.revision,
        rules,
        assessment.touches,
        assessment.traits,
        assessment.failing,
        [(each.rule, each.severity, each.fingerprint, each.waived) for each in assessment.changes],
        [(each.rule, each.severity, each.fingerprint, each.waived, each.new) for each in assessment.lint],
        [(each.rule, each.file, each.pointer, each.message) for each in assessment.problems],
    )
    return msgspec.structs.replace(assessment, digest=digest_of(_encoder.encode(about)))
