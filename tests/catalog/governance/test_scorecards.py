"""Scorecards: what counts, what does not apply, and how a team's comes of its APIs'."""

from typing import Any

import msgspec
import pytest

from catalog.governance.activity import Activity
from catalog.governance.looking import Counted
from catalog.governance.scorecards import CRITERIA, TIDY, Mark, Scorecard, scorecards
from contracts.estate.estate import Estate
from contracts.estate_files import TeamsFile, VersionEntry
from tests.catalog.governance.sample import NOW, changed, sample


def cards_of(estate: Estate, counted: tuple[Counted, ...] | None = ()) -> dict[str, Scorecard]:
    return {f"{each.about}/{each.name}": each for each in scorecards(estate, Activity(), counted, NOW)}


def mark(criterion: str, estate: Estate, counted: tuple[Counted, ...] | None = ()) -> Mark | None:
    card = cards_of(estate, counted)["api/orders"]
    return next((each for each in card.marks if each.criterion == criterion), None)


def with_orders(**keys: Any) -> Estate:
    return changed(apis={"orders": keys})


def test_the_worst_comes_first_and_every_mark_can_be_mended() -> None:
    cards = scorecards(sample(), Activity(), (), NOW)
    assert [each.score for each in cards] == sorted(each.score for each in cards)
    marks = [each for card in cards for each in card.marks]
    assert {each.criterion for each in marks} == set(CRITERIA)
    assert all(each.file and each.page.startswith("/") and each.why for each in marks)


@pytest.mark.parametrize(
    ("criterion", "keys", "concerned"),
    [
        ("answered", {"contact": "old@example.com"}, ("contact-unknown",)),
        ("described", {"description": " "}, ("orders",)),
        ("placed", {"domain": None}, ("orders",)),
        ("promised", {"slo": None}, ("orders",)),
        ("ending", {"versions": {"v1": VersionEntry(state="deprecated", sunset="2029-01-01")}}, 2),
        ("retired", {"versions": {"v1": VersionEntry(state="deprecated", sunset="2026-01-01")}}, ("v1",)),
        ("lean", {"versions": {"v1": VersionEntry(), "v2": VersionEntry()}}, ("v1", "v2")),
    ],
)
def test_what_is_missed(criterion: str, keys: dict[str, Any], concerned: Any) -> None:
    found = mark(criterion, with_orders(**keys))
    assert found is not None
    assert (found.standing, found.earned) == ("missed", 0)
    assert (len(found.concerned) if isinstance(concerned, int) else found.concerned) == concerned


def test_what_does_not_apply_is_not_asked() -> None:
    young = with_orders(classification="internal", versions={"v1": VersionEntry()})
    for criterion in ("protected", "ending", "retired"):
        assert mark(criterion, young) is None, criterion
        assert mark(criterion, sample()) is not None, criterion


def test_the_linter_counts_once_it_has_looked() -> None:
    assert mark("clean", sample(), None) is None
    error = Counted("orders", "path-keys-unique", "error", 2)
    found = mark("clean", sample(), (error,))
    assert found is not None
    assert (found.standing, found.concerned) == ("missed", ("path-keys-unique (2)",))
    few, many = (
        mark("tidy", sample(), (Counted("orders", "x", "warning", number),)) for number in (TIDY, TIDY + 1)
    )
    assert few is not None
    assert many is not None
    assert (few.standing, few.earned, many.standing) == ("partly", 1, "missed")


def test_what_has_a_mark_of_its_own_is_not_counted_twice() -> None:
    twice = Counted("orders", "record-claimed-twice", "error", 1)
    clean, recorded = (mark(each, sample(), (twice,)) for each in ("clean", "recorded"))
    assert clean is not None
    assert recorded is not None
    assert (clean.standing, recorded.standing) == ("met", "missed")


def test_an_api_names_its_business_objects() -> None:
    none = mark("recorded", with_orders(system_of_record_for=(), business_objects=()))
    assert none is not None
    assert (none.standing, none.concerned) == ("missed", ("orders",))


def test_a_team_is_scored_by_its_apis_and_by_who_decides_in_it() -> None:
    cards = cards_of(sample())
    team, api = cards["team/logistics"], cards["api/shipments"]
    assert team.apis == ("shipments",)
    assert (team.earned, team.possible) == (api.earned, api.possible + CRITERIA["deputised"].weight)
    [alone] = team.marks
    assert (alone.standing, alone.concerned) == ("missed", ("jonas",))
    assert "team/aurora" not in cards  # it owns nothing


def test_a_team_without_members_is_named_itself() -> None:
    teams = dict(sample().teams.teams)
    teams["sales"] = msgspec.structs.replace(teams["sales"], members={})
    [alone] = cards_of(changed(teams=TeamsFile(teams)))["team/sales"].marks
    assert alone.concerned == ("sales",)
