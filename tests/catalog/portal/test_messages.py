"""What the portal says is said in every language: each message of templates and pages has its translation."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import catalog.portal
from catalog.governance.scorecards import CRITERIA
from catalog.portal.language import DOMAIN, LOCALES
from catalog.portal.reader import LANGUAGES
from catalog.portal.room import SECTIONS

ROOT = Path(catalog.portal.__file__).parent
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "translated": None}


def said() -> set[str]:
    options = {"templates/**.html": {"trimmed": "false", "silent": "false"}}
    found = extract_from_dir(str(ROOT), METHODS, options_map=options, keywords=KEYWORDS)
    messages = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    criteria = {text for each in CRITERIA.values() for text in (each.title, each.why)}
    return messages | criteria | {section.label for section in SECTIONS}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_message_is_translated(language: str) -> None:
    data = (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").read_bytes()
    messages = read_po(BytesIO(data), locale=language, abort_invalid=True)
    translated = {}
    for message in messages:
        singular = message.id if isinstance(message.id, str) else message.id[0]
        texts = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
        translated[singular] = all(texts)
    wanted = said()
    assert len(wanted) > 100
    assert sorted(each for each in wanted if not translated.get(each)) == []
    assert sorted(each for each in translated if each and each not in wanted) == []
