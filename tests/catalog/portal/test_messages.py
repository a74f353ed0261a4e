"""What the portal says is said in every language: each message of templates and pages has its translation."""

from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import catalog.portal
from catalog.calendar.entries import Phase
from catalog.calendar.extension import ExtensionState
from catalog.changes.records import EventKind, State
from catalog.changes.waiver_table import WaiverState
from catalog.credentials.credential import CredentialState
from catalog.governance.overview import Stage
from catalog.governance.scorecards import CRITERIA
from catalog.oauth.keys.schedule import KeyState
from catalog.oauth.registration.registration import RegistrationState
from catalog.portal.language import DOMAIN, LOCALES
from catalog.portal.reader import LANGUAGES
from catalog.portal.room import SECTIONS
from catalog.portal.words import WORDS
from catalog.subscriptions.request import RequestState
from catalog.upstream_credentials.credential import UpstreamState
from contracts.diff.diff import Verdict
from contracts.diff.rule import Bump
from contracts.findings import Severity

ROOT = Path(catalog.portal.__file__).parent
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "translated": None}


def said() -> set[str]:
    options = {"templates/**.html": {"trimmed": "false", "silent": "false"}}
    found = extract_from_dir(str(ROOT), METHODS, options_map=options, keywords=KEYWORDS)
    messages = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    criteria = {text for each in CRITERIA.values() for text in (each.title, each.why)}
    return messages | criteria | WORDS | {section.label for section in SECTIONS}


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


SHOWN_AS_THEY_ARE = (
    *(Stage, Phase, State, EventKind, WaiverState, ExtensionState, RequestState, CredentialState, KeyState),
    *(RegistrationState, UpstreamState, Severity, Verdict, Bump),
)


@pytest.mark.parametrize("words", SHOWN_AS_THEY_ARE, ids=str)
def test_every_word_of_a_badge_is_a_message(words: Any) -> None:
    """`kept`, which of a promise is another word, has a message of its own where it is shown."""
    assert set(get_args(words)) - WORDS - {"kept"} == set()
