"""What the portal says, in the reader's language: gettext, from the `.po` files as translators write them.

They are compiled when the catalog starts, so that there is no build step. What has no translation is said in
English. Each language has a file for pages, one for what problems and explanations say, and one for why there are
rules: texts of the last two stand in tables outside of the portal, as the admin API and the CLI give them too.
"""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from catalog.portal.reader import LANGUAGES

LOCALES: Final = Path(__file__).with_name("locales")
DOMAINS: Final = ("portal", "problems", "rules")


@cache
def translations() -> Mapping[str, NullTranslations]:
    """By language. Raises OSError, ValueError for a file that is missing or malformed: a fault of the package."""
    found: dict[str, NullTranslations] = {LANGUAGES[0]: NullTranslations()}
    for language in LANGUAGES[1:]:
        spoken = Translations()
        for domain in DOMAINS:
            spoken.merge(_compiled(language, domain))
        found[language] = spoken
    return found


def _compiled(language: str, domain: str) -> Translations:
    with (LOCALES / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled, domain)
