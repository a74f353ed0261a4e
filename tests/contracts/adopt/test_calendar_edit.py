"""A version's calendar, put into an `api.yaml` and taken out again."""

import pytest

from contracts.adopt.calendar_edit import with_calendar, without_calendar
from contracts.documents.document import Document, parse

TEXT = """\
title: Orders
# Versions, the newest last.
versions:
  v1:
    state: published # since 2024
    upstream: erp # the old one
  # The new one.
  v2:
    state: published
"""
CALENDAR = {
    "state": "deprecated",
    "deprecation": "2027-01-01",
    "sunset": "2027-12-31",
    "successor": "v2",
    "migration-guide": "https://docs.example/v2",
}


def parsed(text: str) -> Document:
    document, findings = parse(text, "apis/orders/api.yaml")
    assert document is not None
    assert not findings
    return document


def test_the_rest_of_the_file_stays() -> None:
    text, kept = with_calendar(parsed(TEXT), TEXT, "v1", CALENDAR)
    assert kept
    assert text == TEXT.replace("    state: published # since 2024\n", "    state: deprecated\n").replace(
        "    upstream: erp # the old one\n",
        "    upstream: erp # the old one\n"
        '    deprecation: "2027-01-01"\n'
        '    sunset: "2027-12-31"\n'
        "    successor: v2\n"
        "    migration-guide: https://docs.example/v2\n",
    )


def test_what_says_so_already_is_not_touched() -> None:
    text, _ = with_calendar(parsed(TEXT), TEXT, "v1", {"state": "published", "upstream": "erp"})
    assert text == TEXT


def test_a_deprecation_is_reversible() -> None:
    deprecated, _ = with_calendar(parsed(TEXT), TEXT, "v2", CALENDAR)
    text, kept = without_calendar(parsed(deprecated), deprecated, "v2")
    assert (text, kept) == (TEXT, True)


def test_brown_outs_go_with_the_calendar() -> None:
    before = TEXT + "    brown-outs:\n      - { from: 2027-03-01, until: 2027-03-02 }\n"
    text, kept = without_calendar(parsed(before), before, "v2")
    assert (text, kept) == (TEXT, True)


@pytest.mark.parametrize("entry", [" {}", " { state: published }", ""])
def test_an_entry_in_braces_is_written_on_lines_of_its_own(entry: str) -> None:
    before = f"title: Orders # ours\nversions:\n  v1:{entry}\n  v2: {{ upstream: new }} # newer\n"
    text, kept = with_calendar(parsed(before), before, "v1", CALENDAR)
    assert kept
    assert text.startswith("title: Orders # ours\nversions:\n  v1:\n    state: deprecated\n")
    assert text.endswith("\n  v2: { upstream: new } # newer\n")
    assert parsed(text).value["versions"]["v1"] == CALENDAR


def test_where_lines_cannot_be_kept_the_value_is_right_all_the_same() -> None:
    before = "{ title: Orders, versions: { v1: { state: published } } } # in braces\n"
    text, kept = with_calendar(parsed(before), before, "v1", CALENDAR)
    assert not kept
    assert parsed(text).value == {"title": "Orders", "versions": {"v1": CALENDAR}}
