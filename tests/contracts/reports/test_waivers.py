"""The ignore file: strict, with places; what ended fails, what is not needed warns."""

from datetime import date

import pytest

from contracts.documents.document import parse
from contracts.findings import Place
from contracts.reports.entry import Entry
from contracts.reports.waivers import Waiver, apply_waivers, parse_waivers

ONE, TWO = "a000000000000001", "a000000000000002"
TODAY = date(2026, 11, 22)


def waivers_of(text: str) -> tuple[tuple[Waiver, ...], list[str]]:
    document, findings = parse(text, "ignore.yaml")
    assert document is not None
    assert findings == []
    waivers, found = parse_waivers(document)
    assert {each.rule for each in found} <= {"waiver-invalid"}
    return waivers, [f"{each.place.line}:{each.place.column} {each.message}" for each in found]


def entry(fingerprint: str) -> Entry:
    return Entry("some-rule", "error", "m", Place("a.yaml", 1, 1), fingerprint)


def test_reads_waivers_with_places() -> None:
    waivers, faults = waivers_of(
        f"- fingerprint: {ONE}\n  reason: agreed\n  expires: 2027-01-31\n"
        f"- {{ fingerprint: {TWO}, reason: agreed too, expires: '2027-01-31' }}\n"
    )
    assert faults == []
    assert waivers == (
        Waiver(ONE, "agreed", date(2027, 1, 31), Place("ignore.yaml", 1, 16, "/0/fingerprint")),
        Waiver(TWO, "agreed too", date(2027, 1, 31), Place("ignore.yaml", 4, 18, "/1/fingerprint")),
    )
    assert waivers_of("[]") == ((), [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("waivers: []", "1:1 an ignore file is a list of waivers"),
        ("- text", "1:3 a waiver is a mapping of `fingerprint`, `reason` and `expires`"),
        (f"- {{fingerprint: {ONE}, reason: r}}", "1:3 this waiver has no `expires`"),
        (f"- {{fingerprint: {ONE}, expires: 2027-01-01}}", "1:3 this waiver has no `reason`"),
        ("- {reason: r, expires: 2027-01-01}", "1:3 this waiver has no `fingerprint`"),
        (
            f"- {{fingerprint: {ONE}, reason: r, expires: 2027-01-01, rule: x}}",
            "1:67 a waiver has no key `rule`",
        ),
        (f"- {{fingerprint: {ONE}, reason: ' ', expires: 2027-01-01}}", "1:43 `reason` is a sentence"),
        (
            f"- {{fingerprint: {ONE}, reason: r, expires: 2027-02-29}}",
            "1:55 `expires` is a day in the calendar, such as 2027-04-01",
        ),
        (
            "- {fingerprint: 12, reason: r, expires: 2027-02-01}",
            "1:17 `fingerprint` is 16 hexadecimal digits, the first a letter, as a report prints them",
        ),
        (
            f"- {{fingerprint: {ONE}, reason: r, expires: 2027-02-01}}\n" * 2,
            f"2:17 {ONE} is waived already, at ignore.yaml:1:17",
        ),
    ],
)
def test_refuses(text: str, expected: str) -> None:
    _, faults = waivers_of(text)
    assert faults == [expected]


def test_every_fault_at_once() -> None:
    _, faults = waivers_of("- {}\n- {fingerprint: x, reason: 1, expires: 2}\n")
    assert len(faults) == 6


def waiver(fingerprint: str, expires: date) -> Waiver:
    return Waiver(fingerprint, "agreed", expires, Place("ignore.yaml", 1, 1))


def test_lets_pass_what_it_names_through_its_last_day() -> None:
    waived = apply_waivers([entry(ONE), entry(TWO)], [waiver(ONE, TODAY)], TODAY)
    assert waived.entries == (entry(TWO),)
    assert [(each.entry, each.reason, each.in_source) for each in waived.suppressed] == [
        (entry(ONE), "agreed", False)
    ]


def test_an_expired_one_brings_its_finding_back_and_is_an_error() -> None:
    waived = apply_waivers([entry(ONE)], [waiver(ONE, date(2026, 11, 21))], TODAY)
    assert waived.suppressed == ()
    assert [(each.rule, each.severity) for each in waived.entries] == [
        ("some-rule", "error"),
        ("waiver-expired", "error"),
    ]
    assert waived.entries[1].message == f"the waiver of {ONE} ended on 2026-11-21 (`agreed`)"


def test_an_unused_one_warns() -> None:
    waived = apply_waivers([], [waiver(ONE, TODAY)], TODAY)
    assert [(each.rule, each.severity) for each in waived.entries] == [("waiver-unused", "warning")]
    assert waived.entries[0].place == Place("ignore.yaml", 1, 1)


def test_one_waiver_covers_every_finding_of_its_fingerprint() -> None:
    waived = apply_waivers([entry(ONE), entry(ONE)], [waiver(ONE, TODAY)], TODAY)
    assert (len(waived.entries), len(waived.suppressed)) == (0, 2)
