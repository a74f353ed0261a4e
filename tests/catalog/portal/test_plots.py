"""Usage as pictures: bars that are as high as their counts, kinds that are told apart, and quotas."""

from datetime import UTC, date, datetime

import pytest

from catalog.portal.plots import HEIGHT, LEFT, MOST_KINDS, REST, WIDTH, by_status, by_version, status_kind
from catalog.portal.quotas import quotas_of
from contracts.limits import RateLimit

TODAY = date(2026, 11, 28)


def point(day: int, status: str, calls: int, version: str = "v1", api: str = "orders") -> dict[str, object]:
    start = datetime(2026, 11, day, tzinfo=UTC)
    return {"start": start, "api": api, "version": version, "status": status, "calls": calls}


def test_days_are_stacked_by_status_as_high_as_they_were_called() -> None:
    points = [point(27, "200", 60), point(27, "404", 20), point(28, "503", 40), point(28, "201", 40)]
    drawn = by_status(points, date(2026, 11, 22), TODAY)
    assert [(kind.name, kind.calls) for kind in drawn.kinds] == [("2xx", 100), ("4xx", 20), ("5xx", 40)]
    assert [bar.day.day for bar in drawn.bars] == [22, 23, 24, 25, 26, 27, 28]
    before, last = drawn.bars[-2:]
    assert before.calls == (60, 20, 0)
    assert before.total == last.total == 80
    ok, refused = before.segments
    assert ok.height == pytest.approx(3 * refused.height, abs=0.2)
    assert refused.y + refused.height == pytest.approx(ok.y, abs=0.1)
    assert not drawn.bars[0].segments
    assert drawn.ticks[-1][1] >= 80
    assert all(bar.x >= LEFT and bar.x + bar.width <= WIDTH for bar in drawn.bars)
    assert all(0 <= part.y <= HEIGHT for bar in drawn.bars for part in bar.segments)


def test_no_two_kinds_of_status_look_alike_without_their_colour() -> None:
    points = [point(28, status, 1) for status in ("200", "302", "404", "429", "499", "503", "aborted")]
    kinds = by_status(points, TODAY, TODAY).kinds
    assert len({(kind.tone, kind.mark) for kind in kinds}) == len(kinds) == 7


@pytest.mark.parametrize(
    ("status", "kind"),
    [("101", "2xx"), ("2xx", "2xx"), ("429", "429"), ("418", "4xx"), ("aborted", "aborted"), ("other", "aborted")],
)
def test_a_status_has_its_class(status: str, kind: str) -> None:
    assert status_kind(status) == kind


def test_what_is_called_rarely_is_one_kind() -> None:
    points = [point(28, "200", number, f"v{number}") for number in range(1, 12)]
    kinds = by_version(points, TODAY, TODAY).kinds
    assert len(kinds) == MOST_KINDS
    assert kinds[0].name == "orders v11"
    assert (kinds[-1].name, kinds[-1].calls) == (REST, 1 + 2 + 3 + 4)


def test_a_quota_is_drawn_where_it_can_be_seen() -> None:
    assert by_status([point(28, "200", 60)], TODAY, TODAY, quota=100).quota_y is not None
    assert by_status([point(28, "200", 60)], TODAY, TODAY, quota=50_000).quota_y is None


def test_nothing_is_a_picture_too() -> None:
    drawn = by_version([], date(2026, 11, 1), TODAY)
    assert drawn.total == 0
    assert len(drawn.bars) == 28


def test_quotas_are_what_was_called_in_their_days() -> None:
    points = [
        point(27, "200", 30),
        point(28, "200", 5),
        point(28, "429", 9),
        point(2, "200", 7),
        point(28, "200", 1, "v2"),
    ]
    limits = [
        RateLimit("burst", 20, 1),
        RateLimit("per-day", 50, 86_400),
        RateLimit("per-month", 1000, 2_592_000, "calendar", period="month"),
        RateLimit("all", 5, 86_400, by=("consumer",)),
    ]
    day, month = quotas_of([("orders", "v1", limits)], points, TODAY)
    assert (day.limit.name, day.days, day.used, day.share) == ("per-day", 1, 5, 0.1)
    assert (month.limit.name, month.days, month.used) == ("per-month", 28, 42)
