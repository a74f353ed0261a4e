"""How a reader likes pages: in which language, time zone and theme. It is kept in the browser alone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, negotiate_locale
from starlette.requests import Request
from starlette.responses import Response

Theme = Literal["auto", "light", "dark"]

LANGUAGES: Final = ("en", "de")
"""Those that the portal speaks; the first where nobody says anything else."""
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)
UTC: Final = ZoneInfo("UTC")

LANGUAGE_COOKIE: Final = "__Host-ostiary-language"
ZONE_COOKIE: Final = "__Host-ostiary-zone"
"""The one that a script sets, from what the browser knows: it is no secret."""
THEME_COOKIE: Final = "__Host-ostiary-theme"

_YEAR: Final = 31_536_000


@dataclass(frozen=True, slots=True)
class Reader:
    """`zone_known` says whether the zone was told, by the reader or the browser."""

    language: str = LANGUAGES[0]
    zone: ZoneInfo = UTC
    theme: Theme = "auto"
    zone_known: bool = False

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language)


def reader_of(request: Request) -> Reader:
    """By the cookies; where there is none for the language, by `Accept-Language` (RFC 9110 §12.5.4)."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    if language not in LANGUAGES:
        language = _negotiated(request.headers.get("accept-language", ""))
    zone = request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    known = is_zone(zone)
    theme = next((each for each in THEMES if each == request.cookies.get(THEME_COOKIE)), THEMES[0])
    return Reader(language, ZoneInfo(zone) if known else UTC, theme, known)


def prefer(response: Response, *, language: str = "", zone: str = "", theme: str = "") -> None:
    """Keeps what is given and exists; what does not is left as it was."""
    for name, value, good in (
        (LANGUAGE_COOKIE, language, language in LANGUAGES),
        (ZONE_COOKIE, zone, is_zone(zone)),
        (THEME_COOKIE, theme, theme in THEMES),
    ):
        if good:
            response.set_cookie(name, value, max_age=_YEAR, path="/", secure=True, samesite="lax")


def is_zone(name: str) -> bool:
    """Whether there is such a time zone (IANA)."""
    return name in _zones()


@lru_cache(1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(256)
def _negotiated(header: str) -> str:
    weighted: list[tuple[float, str]] = []
    for part in header[:512].split(","):
        name, _, parameters = part.strip().partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if name and weight > 0:
            weighted.append((-weight, name.replace("-", "_")))
    return (
        negotiate_locale([name for _, name in sorted(weighted, key=lambda each: each[0])], LANGUAGES)
        or LANGUAGES[0]
    )
