"""The diff of two revisions of a unit, as findings: what changes for those who call it."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from catalog.changes.facts import Found
from contracts.diff.changes import Change
from contracts.diff.context import Options
from contracts.diff.diff import Verdict, bump_of, verdict_of
from contracts.diff.estates import compare_estates
from contracts.diff.rule import Bump
from contracts.diff.tree import read_text
from contracts.documents.document import Document
from contracts.estate.loading import CONTRACT
from contracts.estate_files import ApiFile
from contracts.findings import Finding

Files = Mapping[str, bytes]

_UNSEEN: Final = ("draft", "retired")
"""States in which nobody can call a version."""


@dataclass(frozen=True, slots=True)
class FilesTree:
    """The files of a revision, as the comparison reads them."""

    files: Files
    start: str = ""
    folder: str = ""

    def read(self, name: str) -> tuple[Document | None, list[Finding]] | None:
        data = self.files.get(posixpath.normpath(name))
        return None if data is None else read_text(data, name)

    def contracts(self) -> Iterator[str]:
        yield from (path for path in sorted(self.files) if CONTRACT.fullmatch(path.rpartition("/")[2]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it. `raw` are the diff's own changes, for whoever asks what they touch. `problems` are why the
    revisions cannot be compared."""

    found: tuple[Found, ...]
    verdict: Verdict
    bump: Bump
    raw: tuple[Change, ...]
    problems: tuple[Finding, ...] = ()


def compare(before: Files, after: Files, api: ApiFile | None, today: date, notice_days: int | None) -> Comparison:
    """Everything that changed, the worst first. `api` is what was in force: of a version that nobody could call
    nothing is told, for it breaks nobody. `notice_days` is what consumers were promised."""
    options = Options(today) if notice_days is None else Options(today, notice_days)
    compared = compare_estates(FilesTree(before), FilesTree(after), options)
    if not compared.sound:
        return Comparison((), "undecided", "none", (), compared.findings)
    raw = tuple(change for change in compared.changes if not _unseen(change, api))
    return Comparison(tuple(map(_found, raw)), verdict_of(raw), bump_of(raw), raw)


def _unseen(change: Change, api: ApiFile | None) -> bool:
    match = CONTRACT.fullmatch(change.file.rpartition("/")[2])
    entry = None if match is None or api is None else api.versions.get(match["version"])
    return entry is not None and entry.state in _UNSEEN


def _found(change: Change) -> Found:
    place, operation = change.place, change.where.operation
    return Found(
        rule=change.rule.id,
        severity=change.rule.severity,
        message=change.message,
        fingerprint=change.fingerprint,
        undecided=change.rule.undecided,
        file=place.file,
        line=place.line,
        column=place.column,
        pointer=change.where.location,
        operation="" if operation is None else str(operation),
        before=change.before,
        after=change.after,
        why=change.rule.why,
    )
