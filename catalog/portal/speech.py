"""What pages say, in the language of the visit that is being handled: gettext, over texts of the portal's own,
words of the admin API, and fixed texts that stand elsewhere in tables.

What has no translation is said in English, and marked as English, so that a screen reader speaks it so and a
browser can translate it (WCAG 2.2, 3.1.2).
"""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from babel.support import NullTranslations
from markupsafe import Markup

from catalog.portal.formats import coded
from catalog.portal.language import translations
from catalog.portal.reader import LANGUAGES
from catalog.portal.words import WORDS
from contracts.problems import Problem

_language: Final[contextvars.ContextVar[str]] = contextvars.ContextVar("language", default=LANGUAGES[0])


class Said(str):
    """A text that is in the reader's language already."""

    __slots__ = ()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is said within is said in this language."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def spoken() -> NullTranslations:
    """The messages of the language that is spoken now."""
    return translations()[_language.get()]


def translated(text: str, **values: object) -> str:
    """A fixed text, with `%(name)s` of its values put in after it was translated: `Said`, in any case."""
    found = str(spoken().gettext(text))
    return Said(found % values if values else found)


def worded(text: Any) -> Any:
    """A word of the admin API; anything else as it is."""
    return translated(text) if isinstance(text, str) and text in WORDS else text


def told(text: str) -> Markup:
    """A text that the portal was told, with names and values between backticks: translated where it is one of the
    fixed ones, else marked as what it is."""
    found = text if isinstance(text, Said) else translated(text)
    if isinstance(text, Said) or found != text or _language.get() == LANGUAGES[0]:
        return coded(found)
    return Markup('<span lang="{}">{}</span>').format(LANGUAGES[0], coded(found))


def refusal(refused: Problem) -> Markup:
    """A refusal: what happened. Where that may be English, its kind before it, which never is."""
    detail = told(refused.detail)
    if _language.get() == LANGUAGES[0]:
        return detail
    return Markup("{}: {}").format(translated(refused.type.title), detail)
