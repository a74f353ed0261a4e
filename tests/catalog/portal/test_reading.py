"""A change as people read it: lines beside each other, what breaks first, each application once."""

import difflib
from itertools import islice

from catalog.portal.changes.reading import Row, by_consumer, by_novelty, grouped, next_version, side_by_side


def diff(old: str, new: str) -> list[str]:
    return list(islice(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""), 2, None))


def test_lines_that_were_replaced_stand_beside_those_in_their_place() -> None:
    rows = list(side_by_side(diff("a\nb\nc\nd", "a\nB\nC\nmore\nd")))
    assert rows == [
        Row("same", 1, "a", 1, "a"),
        Row("changed", 2, "b", 2, "B"),
        Row("changed", 3, "c", 3, "C"),
        Row("added", None, "", 4, "more"),
        Row("same", 4, "d", 5, "d"),
    ]


def test_lines_that_went_have_nothing_beside_them() -> None:
    assert list(side_by_side(diff("a\nb\nc", "a"))) == [
        Row("same", 1, "a", 1, "a"),
        Row("removed", 2, "b", None, ""),
        Row("removed", 3, "c", None, ""),
    ]


def test_what_is_left_out_between_two_places_is_a_gap() -> None:
    old = "\n".join(map(str, range(20)))
    rows = list(side_by_side(diff(old, old.replace("2\n", "two\n", 1).replace("15", "fifteen"))))
    assert [each.kind for each in rows].count("gap") == 1
    changed = [(each.old_number, each.new) for each in rows if each.kind == "changed"]
    assert changed == [(3, "two"), (16, "fifteen")]


def test_what_breaks_comes_first_and_what_nobody_knows_by_itself() -> None:
    breaks, unknown = {"severity": "error"}, {"severity": "error", "undecided": True}
    harmless, attention = {"severity": "info"}, {"severity": "warning"}
    found = grouped([unknown, harmless, breaks, attention])
    assert found.breaking == (breaks,)
    assert found.undecided == (unknown,)
    assert found.others == (harmless, attention)


def test_an_application_is_told_once_with_the_most_calls_of_all_places() -> None:
    def touched(application: str, calls: int, last: int | None) -> dict[str, object]:
        return {"consumer": "acme", "application": application, "calls": calls, "last_seen": last}

    impacts = [
        {"operation": "listOrders", "touched": [touched("shop", 3, 50), touched("idle", 0, None)]},
        {"operation": "addOrder", "touched": [touched("shop", 9, 40)]},
        {"operation": "addOrder", "touched": [touched("shop", 1, 45)]},
    ]
    first, second = by_consumer({"versions": [{"version": "v1", "impacts": impacts}]})
    assert (first.application, first.calls, first.last_seen) == ("shop", 9, 50)
    assert first.places == ("v1 listOrders", "v1 addOrder")
    assert (second.application, second.calls, second.last_seen) == ("idle", 0, None)


def test_the_version_that_follows() -> None:
    assert next_version(["v1", "v10", "v2"]) == "v11"
    assert next_version([]) == "v1"


def test_what_a_change_brings_stands_apart_from_what_is_in_force_already() -> None:
    lint = [{"rule": "a"}, {"rule": "b", "new": False}, {"rule": "c", "new": True}]
    found = by_novelty(lint)
    assert [each["rule"] for each in found.new] == ["a", "c"]
    assert [each["rule"] for each in found.known] == ["b"]
