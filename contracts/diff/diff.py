"""The diff of two documents: every change, a verdict, and what it asks of the version number."""

from collections.abc import Iterable
from typing import Final, Literal

from contracts.containment.compare import Comparer
from contracts.diff.catalogue import DIFF_RULES
from contracts.diff.changes import Change, Changes, TooManyChanges, Where
from contracts.diff.context import Context, Options
from contracts.diff.contract import Contract
from contracts.diff.operations import compare_paths, compare_webhooks
from contracts.diff.overview import compare_overview
from contracts.diff.rule import BUMPS, Bump
from contracts.diff.sameness import Sameness
from contracts.diff.servers import compare_document_servers
from contracts.findings import Severity

Verdict = Literal["compatible", "breaking", "undecided"]
FailOn = Literal["error", "warning"]

FAILING: Final[dict[FailOn, tuple[Severity, ...]]] = {"error": ("error",), "warning": ("error", "warning")}


def diff(
    base: Contract, revision: Contract, options: Options, *, file: str = "", shown: str = ""
) -> tuple[Change, ...]:
    """Every change from one document to the other, the worst first. Of an estate, `file` tells its documents apart
    in fingerprints, and `shown` is what the document is called."""
    changes = Changes(base, revision, DIFF_RULES, file, shown)
    context = Context(base, revision, changes, options, Comparer(), Sameness(base, revision))
    try:
        compare_overview(context)
        compare_document_servers(context)
        compare_paths(context)
        compare_webhooks(context)
    except TooManyChanges as reached:
        message = f"there are more than {reached} changes; these are not two versions of one API"
        changes.add("too-many-changes", Where("", ""), message, revision.document.root, last=True)
    return changes.sorted()


def verdict_of(changes: Iterable[Change], fail_on: FailOn = "error") -> Verdict:
    """`breaking` with a change at least as grave as `fail_on`; else `undecided` with one of which nobody knows."""
    failing, undecided = FAILING[fail_on], False
    for change in changes:
        if change.rule.undecided:
            undecided = True
        elif change.rule.severity in failing:
            return "breaking"
    return "undecided" if undecided else "compatible"


def bump_of(changes: Iterable[Change]) -> Bump:
    """The part of a semantic version that has to be raised. What is undecided counts as breaking."""
    return max((change.rule.bump for change in changes), key=BUMPS.index, default="none")
