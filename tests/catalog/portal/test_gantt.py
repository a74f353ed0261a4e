"""The calendar as a picture: where the stretches of a version begin and end."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from catalog.portal.calendar.gantt import LEFT, WIDTH, gantt_of

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def entry(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "state": "deprecated",
        "deprecation": datetime(2027, 1, 1, tzinfo=UTC),
        "sunset": datetime(2027, 7, 1, tzinfo=UTC),
        "brown_outs": [],
        "subscribers": [],
    }
    return made | changes


def spans(**changes: Any) -> dict[str, tuple[float, float]]:
    [line] = gantt_of([entry(**changes)], NOW).lines
    return {each.kind: (each.x, round(each.x + each.width, 1)) for each in line.spans}


def test_a_version_is_served_then_deprecated_until_it_ends() -> None:
    found = spans()
    assert found["announced"][0] == LEFT
    assert found["announced"][1] == found["deprecated"][0]
    assert found["deprecated"][0] < gantt_of([entry()], NOW).now < found["deprecated"][1] < WIDTH


def test_without_a_sunset_it_goes_on_to_the_edge() -> None:
    assert spans(sunset=None)["deprecated"][1] == WIDTH
    assert list(spans(state="published", deprecation=None)) == ["announced"]
    assert list(spans(deprecation=None)) == ["deprecated"]


def test_the_last_extension_is_drawn_behind_the_end() -> None:
    early, late = datetime(2027, 8, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC)
    one = [{"extended_until": early}]
    found, more = (
        spans(subscribers=one),
        spans(subscribers=[*one, {"extended_until": late}, {"extended_until": None}]),
    )
    assert found["extended"][0] == found["deprecated"][1]
    assert more["extended"][1] > more["extended"][0]
    assert gantt_of([entry(subscribers=one)], NOW).lines[0].extended_until == early


def test_a_brown_out_of_an_hour_is_wide_enough_to_be_seen() -> None:
    hour = {"from": datetime(2027, 6, 1, 10, tzinfo=UTC), "until": datetime(2027, 6, 1, 11, tzinfo=UTC)}
    begin, end = spans(brown_outs=[hour])["brown-out"]
    assert end - begin >= 4


def test_the_marks_lie_within_the_picture_and_apart() -> None:
    gantt = gantt_of([entry(sunset=datetime(2032, 1, 1, tzinfo=UTC))], NOW)
    places = [x for x, _ in gantt.months]
    assert places[0] >= LEFT
    assert places[-1] <= WIDTH
    assert min(b - a for a, b in pairwise(places)) > 40  # a label is about so wide
