"""Dates of the lifecycle, as an estate writes them: a day (its first second, UTC) or a moment in UTC."""

from datetime import UTC, datetime


def timestamp(text: str) -> int:
    """Unix seconds of `2026-03-01` or `2026-03-01T09:30:00Z`. Raises ValueError for a day not in the calendar."""
    form = "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d"
    return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())


def written(seconds: int) -> str:
    """The shortest form that `timestamp` reads back to the same second."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%d" if seconds % 86_400 == 0 else "%Y-%m-%dT%H:%M:%SZ")
