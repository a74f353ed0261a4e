"""What the portal says, in the reader's language: gettext, from the `.po` files as translators write them.

They are compiled when the catalog starts, so that there is no build step. What has no translation is said in
English.
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
DOMAIN: Final = "portal"


@cache
def translations() -> Mapping[str, NullTranslations]:
    """By language. Raises OSError, ValueError for a file that is missing or malformed: a fault of the package."""
    found: dict[str, NullTranslations] = {LANGUAGES[0]: NullTranslations()}
    for language in LANGUAGES[1:]:
        with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
            messages = read_po(file, locale=language, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, messages)
        compiled.seek(0)
        found[language] = Translations(compiled, DOMAIN)
    return found
