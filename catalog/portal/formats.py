"""Values as a reader sees them: moments in its zone, numbers in its language, Markdown without anything active."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

import nh3
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from catalog.clock import DAY
from catalog.portal.reader import Reader
from catalog.usage.periods import HOUR

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS: Final = {
    *(
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
    ),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_UNITS: Final = {"day": DAY, "hour": HOUR, "minute": 60}
_CODE: Final = re.compile(r"`([^`\n]+)`")
_DEEPER: Final = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
MOST_MARKDOWN: Final = 100_000
"""Characters of a text that is rendered; of a longer one the beginning is."""


class Formats:
    """The filters of one reader. Naive times are UTC; numbers are Unix seconds."""

    def __init__(self, reader: Reader, now: datetime) -> None:
        self._reader = reader
        self._now = now

    def moment(self, at: datetime | float | str | None) -> str | Markup:
        """Date and time, as a `<time>`."""
        when = _datetime(at)
        if when is None:
            return ""
        local = when.astimezone(self._reader.zone)
        text = format_datetime(local, "medium", tzinfo=self._reader.zone, locale=self._reader.locale)
        name = local.tzname() or ""
        return Markup('<time datetime="{}" title="{}">{} {}</time>').format(
            when.isoformat(), when.strftime("%Y-%m-%d %H:%M:%S UTC"), text, name
        )

    def day(self, at: date | datetime | float | str | None) -> str | Markup:
        """The date alone. Of a date without a time, that very date in every zone."""
        if isinstance(at, date) and not isinstance(at, datetime):
            return Markup('<time datetime="{}">{}</time>').format(
                at.isoformat(), format_date(at, "medium", locale=self._reader.locale)
            )
        when = _datetime(at)
        if when is None:
            return ""
        text = format_date(when.astimezone(self._reader.zone), "medium", locale=self._reader.locale)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            when.isoformat(), when.strftime("%Y-%m-%d %H:%M:%S UTC"), text
        )

    def ago(self, at: datetime | float | str | None) -> str | Markup:
        """How long it is until or since then."""
        when = _datetime(at)
        if when is None:
            return ""
        text = format_timedelta(when - self._now, add_direction=True, locale=self._reader.locale)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            when.isoformat(), when.strftime("%Y-%m-%d %H:%M:%S UTC"), text
        )

    def span(self, seconds: int) -> str:
        """A length of time in the largest unit that it is a whole number of: `1 day` for 86,400 seconds."""
        for unit, length in _UNITS.items():
            if seconds and seconds % length == 0:
                return format_unit(seconds // length, f"duration-{unit}", locale=self._reader.locale)
        return format_unit(seconds, "duration-second", locale=self._reader.locale)

    def duration(self, seconds: float) -> str:
        """How long it is about: `1 day` for 86,331 seconds."""
        return str(format_timedelta(timedelta(seconds=seconds), locale=self._reader.locale))

    def number(self, value: float | None) -> str:
        """A number; nothing for None."""
        return "" if value is None else str(format_decimal(value, locale=self._reader.locale))

    def percent(self, share: float | None) -> str:
        """A share of one, with up to two decimals."""
        return "" if share is None else str(format_percent(share, "#,##0.##%", locale=self._reader.locale))


def coded(text: str) -> Markup:
    """A message of ours, in which names and values stand between backticks."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (what was escaped)


def markdown(text: str | None) -> Markup:
    """Text that strangers wrote, as CommonMark: rendered without raw HTML, and then held to a list of tags.

    Its headings stand below those of the page. Links lead to the web or a mail and are not followed by robots.
    """
    if not text:
        return Markup()
    rendered = str(_MARKDOWN.render(text[:MOST_MARKDOWN]))
    for level, deeper in reversed(_DEEPER.items()):
        rendered = rendered.replace(f"<{level}>", f"<{deeper}>").replace(f"</{level}>", f"</{deeper}>")
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704  (held to a list of tags just now)


def _datetime(at: date | datetime | float | str | None) -> datetime | None:
    match at:
        case None | "":
            return None
        case datetime():
            return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        case date():
            return datetime(at.year, at.month, at.day, tzinfo=UTC)
        case str():
            return _datetime(datetime.fromisoformat(at))
    return datetime.fromtimestamp(at, UTC)
