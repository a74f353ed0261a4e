import pytest

from contracts.limits_text import parse_limit
from contracts.snapshot import RateLimit


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
