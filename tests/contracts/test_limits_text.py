import msgspec
import pytest

from contracts.limits import RateLimit
from contracts.limits_text import LimitEntry, limit_of, parse_limit, written_limit


@pytest.mark.parametrize(
    ("text", "quota", "window"),
    [
        ("100/minute", 100, 60),
        ("20 per 5 second", 20, 5),
        ("1/day", 1, 86_400),
        (" 7 per 2 hours ", 7, 7_200),
        ("5/month", 5, 2_592_000),
    ],
)
def test_quota_and_window(text: str, quota: int, window: int) -> None:
    assert parse_limit("burst", text) == RateLimit("burst", quota, window)


@pytest.mark.parametrize("text", ["0/minute", "many", "", "5/fortnight", "-1/minute"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_limit("burst", text)


@pytest.mark.parametrize(
    ("entry", "limit", "words"),
    [
        (
            LimitEntry(limit="1000/month", window="calendar", time_zone="Europe/Brussels"),
            RateLimit("x", 1000, 2_592_000, "calendar", period="month", time_zone="Europe/Brussels"),
            " calendar (Europe/Brussels)",
        ),
        (
            LimitEntry(limit="100/second", window="gcra", burst=5, on_unavailable="closed"),
            RateLimit("x", 100, 1, "gcra", burst=5, on_unavailable="closed"),
            " gcra, burst 5",
        ),
        (
            LimitEntry(limit="60/hour", window="sliding", by="operation+consumer"),
            RateLimit("x", 60, 3600, "sliding", ("consumer", "operation")),
            " by consumer+operation, sliding",
        ),
        (LimitEntry(limit="60/hour", by="subscription"), RateLimit("x", 60, 3600), ""),
    ],
)
def test_the_long_form(entry: LimitEntry, limit: RateLimit, words: str) -> None:
    assert parse_limit("x", entry) == limit
    assert written_limit(limit) == words
    assert limit_of("x", msgspec.to_builtins(entry)) == limit


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (LimitEntry(limit="5/hour", window="calendar"), "one day or one month"),
        (LimitEntry(limit="5 per 2 days", window="calendar"), "one day or one month"),
        (
            LimitEntry(limit="5/day", window="calendar", time_zone="Europe/Atlantis"),
            "no time zone 'Europe/Atlantis'",
        ),
        (LimitEntry(limit="5/day", window="calendar", time_zone="../../etc/passwd"), "no time zone"),
        (LimitEntry(limit="5/day", time_zone="Europe/Brussels"), "has no time zone"),
        (LimitEntry(limit="5/day", window="gcra"), "needs a burst"),
        (LimitEntry(limit="5/day", burst=3), "no other has one"),
        (LimitEntry(limit="10001/day", window="log"), "more than a log holds"),
        (LimitEntry(limit="100000000/month", window="sliding"), "too many units"),
        (LimitEntry(limit="5/month", window="gcra", burst=10**9), "too many units"),
    ],
)
def test_what_does_not_go_together(entry: LimitEntry, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_limit("x", entry)


@pytest.mark.parametrize("value", [5, None, {}, {"limit": "5/day", "window": "round"}, {"limit": 5}])
def test_a_value_that_is_neither_form(value: object) -> None:
    with pytest.raises(ValueError):
        limit_of("x", value)
