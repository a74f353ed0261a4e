"""The ignore file: single findings that are let pass, each with a reason and a day on which that ends.

::

    - fingerprint: ef9a1c0d5e7b2846
      reason: The carrier's devices cannot be changed before spring.
      expires: 2027-04-01

A waiver holds through its last day (UTC). After it the finding is back, and the waiver itself is an error: it is
renewed with a decision or taken out. One that no finding needs is a warning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Document, Node
from contracts.findings import Finding, Place, Rule
from contracts.reports.entry import Entry, Suppressed
from contracts.reports.fingerprints import PATTERN, fingerprint

_KEYS: Final = ("fingerprint", "reason", "expires")

WAIVER_RULES: Final = {
    row.id: row
    for row in (
        Rule("waiver-invalid", "error", "A waiver that is not understood would let pass too much or nothing."),
        Rule("waiver-expired", "error", "A waiver is for a time; whoever needs it longer decides that again."),
        Rule("waiver-unused", "warning", "What is mended needs no waiver any more; take it out."),
    )
}


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of an ignore file. `expires` is its last day; `place` is where its fingerprint stands."""

    fingerprint: str
    reason: str
    expires: date
    place: Place

    def holds(self, today: date) -> bool:
        return today <= self.expires


@dataclass(frozen=True, slots=True)
class Waived:
    """The findings that stay, with those about the waivers themselves, and the ones that are let pass."""

    entries: tuple[Entry, ...]
    suppressed: tuple[Suppressed, ...]


def parse_waivers(document: Document) -> tuple[tuple[Waiver, ...], list[Finding]]:
    """The waivers of a file and everything wrong with it; with a finding the file is not to be used."""
    findings: list[Finding] = []
    if not isinstance(document.value, list):
        return (), [_invalid(document.root.place, "an ignore file is a list of waivers")]
    waivers: dict[str, Waiver] = {}
    for node in document.root.items():
        waiver = _waiver(node, findings)
        if waiver is None:
            continue
        first = waivers.setdefault(waiver.fingerprint, waiver)
        if first is not waiver:
            findings.append(_invalid(waiver.place, f"{waiver.fingerprint} is waived already, at {first.place}"))
    return tuple(waivers.values()), findings


def apply_waivers(entries: Iterable[Entry], waivers: Iterable[Waiver], today: date) -> Waived:
    """Lets pass what a waiver names, and reports waivers that ended or that nothing needed."""
    held = {waiver.fingerprint: waiver for waiver in waivers}
    kept: list[Entry] = []
    suppressed: list[Suppressed] = []
    used: set[str] = set()
    for entry in entries:
        waiver = held.get(entry.fingerprint)
        if waiver is None:
            kept.append(entry)
            continue
        used.add(waiver.fingerprint)
        if waiver.holds(today):
            suppressed.append(Suppressed(entry, waiver.reason))
        else:
            kept.append(entry)
    for waiver in held.values():
        if not waiver.holds(today):
            message = f"the waiver of {waiver.fingerprint} ended on {waiver.expires} ({quote(waiver.reason)})"
            kept.append(_about(waiver, "waiver-expired", message))
        elif waiver.fingerprint not in used:
            message = f"no finding has the fingerprint {waiver.fingerprint} ({quote(waiver.reason)})"
            kept.append(_about(waiver, "waiver-unused", message))
    return Waived(tuple(kept), tuple(suppressed))


def _about(waiver: Waiver, rule: str, message: str) -> Entry:
    row = WAIVER_RULES[rule]
    return Entry(rule, row.severity, message, waiver.place, fingerprint(rule, waiver.fingerprint), why=row.why)


def _invalid(place: Place, message: str) -> Finding:
    return Finding(place, "waiver-invalid", message)


def _waiver(node: Node, findings: list[Finding]) -> Waiver | None:
    before = len(findings)
    if not isinstance(node.value, dict):
        findings.append(_invalid(node.place, "a waiver is a mapping of `fingerprint`, `reason` and `expires`"))
        return None
    for key, member in node.members():
        if key not in _KEYS:
            findings.append(_invalid(member.key_place, f"a waiver has no key {quote(key)}"))
    findings += [_invalid(node.place, f"this waiver has no `{key}`") for key in _KEYS if key not in node.value]
    text = {key: member.value for key, member in node.members()}
    expires = None
    if "fingerprint" in text and not (
        isinstance(text["fingerprint"], str) and PATTERN.fullmatch(text["fingerprint"])
    ):
        place = node.document.place(f"{node.pointer}/fingerprint")
        findings.append(
            _invalid(place, "`fingerprint` is 16 hexadecimal digits, the first a letter, as a report prints them")
        )
    if "reason" in text and not (isinstance(text["reason"], str) and text["reason"].strip()):
        findings.append(_invalid(node.document.place(f"{node.pointer}/reason"), "`reason` is a sentence"))
    if "expires" in text:
        expires = day(text["expires"])
        if expires is None:
            place = node.document.place(f"{node.pointer}/expires")
            findings.append(_invalid(place, "`expires` is a day in the calendar, such as 2027-04-01"))
    if len(findings) > before or expires is None:
        return None
    place = node.document.place(f"{node.pointer}/fingerprint")
    return Waiver(text["fingerprint"], text["reason"].strip(), expires, place)


def day(value: object) -> date | None:
    """A day written as YYYY-MM-DD (RFC 3339 full-date); None for anything else."""
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
