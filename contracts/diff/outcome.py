"""A diff as it is handed out: the changes that count after waivers, the verdict, and the forms for machines."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from contracts.diff.changes import Change
from contracts.diff.diff import FAILING, FailOn, Verdict, bump_of, verdict_of
from contracts.diff.rule import Bump
from contracts.reports.entry import Entry, Report, Suppressed
from contracts.reports.waivers import Waiver, apply_waivers


@dataclass(frozen=True, slots=True)
class Outcome:
    """`title` names what was compared; `notes` are about waivers, and count like changes; `waived` are the changes
    that a waiver lets pass, with the reason that was given."""

    title: str
    changes: tuple[Change, ...]
    fail_on: FailOn = "error"
    notes: tuple[Entry, ...] = ()
    waived: tuple[tuple[Change, str], ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """`breaking` with anything at least as grave as `fail_on`."""
        if any(note.severity in FAILING[self.fail_on] for note in self.notes):
            return "breaking"
        return verdict_of(self.changes, self.fail_on)

    @property
    def suggested_bump(self) -> Bump:
        """What the version number has to be raised by. A waiver lets a change pass; it does not undo it."""
        return bump_of((*self.changes, *(change for change, _ in self.waived)))

    @property
    def summary(self) -> str:
        """`breaking: 2 errors, 1 undecided, 1 warning, 4 remarks; suggested bump: major`."""
        counts = (
            (sum(each.rule.severity == "error" for each in self.changes), "error", "s"),
            (sum(each.rule.undecided for each in self.changes), "undecided", ""),
            (
                sum(each.rule.severity == "warning" and not each.rule.undecided for each in self.changes),
                "warning",
                "s",
            ),
            (sum(each.rule.severity == "info" for each in self.changes), "remark", "s"),
            (len(self.notes), "note", "s"),
            (len(self.waived), "waived", ""),
        )
        said = ", ".join(f"{number} {noun}{plural * (number != 1)}" for number, noun, plural in counts if number)
        return f"{self.verdict}: {said or 'no changes'}; suggested bump: {self.suggested_bump}"

    def report(self, version: str = "") -> Report:
        """For the formats that findings have in common."""
        return Report(
            "ostiary diff",
            self.title,
            (*(change.entry for change in self.changes), *self.notes),
            tuple(Suppressed(change.entry, reason) for change, reason in self.waived),
            version,
        )

    def json(self) -> str:
        """The object that `--format json` prints, indented by two."""
        value = {
            "verdict": self.verdict,
            "suggested_bump": self.suggested_bump,
            "changes": [*map(_of_change, self.changes), *map(_of_note, self.notes)],
        }
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"

    def text(self) -> str:
        """A line for each change, as compilers print them, and the verdict."""
        lines = [_line(change) for change in self.changes]
        lines += [str(note) for note in self.notes]
        lines.append(f"{self.title}: {self.summary}")
        flat = ("".join(each if each.isprintable() else "�" for each in line) for line in lines)
        return "\n".join(flat) + "\n"


def outcome_of(
    title: str,
    changes: Iterable[Change],
    *,
    fail_on: FailOn = "error",
    waivers: Iterable[Waiver] = (),
    today: date,
) -> Outcome:
    """The changes without those that waivers let pass."""
    every, held = tuple(changes), tuple(waivers)
    if not held:
        return Outcome(title, every, fail_on)
    # Entries know their places, which have to be looked for; only fingerprints matter here.
    used = {waiver.fingerprint for waiver in held}
    named = [change for change in every if change.fingerprint in used]
    result = apply_waivers((change.entry for change in named), held, today)
    passed = {each.entry.fingerprint: each.reason for each in result.suppressed}
    fingerprints = {change.fingerprint for change in named}
    return Outcome(
        title,
        tuple(change for change in every if change.fingerprint not in passed),
        fail_on,
        tuple(entry for entry in result.entries if entry.fingerprint not in fingerprints),
        tuple((change, passed[change.fingerprint]) for change in named if change.fingerprint in passed),
    )


def _line(change: Change) -> str:
    where = f"{change.where.operation}: " if change.where.operation else ""
    word = "undecided" if change.rule.undecided else change.rule.severity
    at = f" at {change.location}" if change.location else ""
    return f"{change.place}: {word}: {where}{change.message}{at} [{change.rule.id}] {change.fingerprint}"


def _of_change(change: Change) -> dict[str, Any]:
    operation = change.where.operation
    return {
        "id": change.rule.id,
        "severity": change.rule.severity,
        "direction": change.rule.direction,
        "operation": None if operation is None else {"method": operation.method, "path": operation.path},
        "location": change.location,
        "message": change.message,
        "fingerprint": change.fingerprint,
    }


def _of_note(note: Entry) -> dict[str, Any]:
    return {
        "id": note.rule,
        "severity": note.severity,
        "direction": "none",
        "operation": None,
        "location": "",
        "message": f"{note.place}: {note.message}",
        "fingerprint": note.fingerprint,
    }
