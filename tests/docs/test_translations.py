"""What the portal says is said in every language: each message of templates and pages has its translation."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import catalog
import catalog.portal
from catalog.calendar.entries import Phase
from catalog.calendar.extension import ExtensionState
from catalog.changes.records import EventKind, State
from catalog.changes.waiver_table import WaiverState
from catalog.credentials.bulk import DONE
from catalog.credentials.credential import CredentialKind, CredentialState
from catalog.credentials.leaks import LeakKind
from catalog.credentials.revocation import RevocationKind
from catalog.governance.overview import Stage
from catalog.governance.scorecards import CRITERIA
from catalog.governance.whys import ruleset_whys
from catalog.oauth.keys.schedule import KeyState
from catalog.oauth.registration.registration import RegistrationState
from catalog.portal.language import DOMAINS, LOCALES
from catalog.portal.reader import LANGUAGES
from catalog.portal.room import SECTIONS
from catalog.portal.words import WORDS
from catalog.reporting.explaining import TEXTS
from catalog.revisions.store import Kind as PublicationKind
from catalog.subscriptions.request import RequestState
from catalog.upstream_credentials.credential import UpstreamState
from contracts.diff.catalogue import DIFF_RULES
from contracts.diff.diff import Verdict
from contracts.diff.rule import Bump
from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate.governance import GOVERNANCE_RULES
from contracts.estate_words import Classification, Role
from contracts.findings import Severity

ROOT = Path(catalog.portal.__file__).parent
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "translated": None}


FIXED_DETAILS = {"problem": (2,), "Refusal": (2,), "Condition": (3,)}
"""What is refused or asked for, where nothing is put into the sentence; what is composed stays English, and is
marked so."""


def said() -> set[str]:
    options = {"templates/**.html": {"trimmed": "false", "silent": "false"}}
    found = extract_from_dir(str(ROOT), METHODS, options_map=options, keywords=KEYWORDS)
    messages = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    criteria = {text for each in CRITERIA.values() for text in (each.title, each.why)}
    return messages | criteria | WORDS | {section.label for section in SECTIONS}


def problems() -> set[str]:
    package = str(Path(catalog.__file__).parent)
    found = extract_from_dir(package, [("**.py", "python")], keywords=FIXED_DETAILS)
    return TEXTS | {message for _, _, message, _, _ in found if isinstance(message, str)}


def whys() -> set[str]:
    tables = (ESTATE_RULES, GOVERNANCE_RULES, DIFF_RULES)
    return {each.why for table in tables for each in table.values()} | set(ruleset_whys().values()) - {""}


WANTED = dict(zip(DOMAINS, (said, problems, whys), strict=True))


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_message_is_translated(language: str, domain: str) -> None:
    data = (LOCALES / language / "LC_MESSAGES" / f"{domain}.po").read_bytes()
    messages = read_po(BytesIO(data), locale=language, abort_invalid=True)
    translated = {}
    for message in messages:
        singular = message.id if isinstance(message.id, str) else message.id[0]
        texts = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
        translated[singular] = all(texts)
    wanted = WANTED[domain]()
    assert len(wanted) > 100
    missing = sorted(each for each in wanted if not translated.get(each))
    assert missing == [], f"say it in {LOCALES}/{language}/LC_MESSAGES/{domain}.po, too"
    assert sorted(each for each in translated if each and each not in wanted) == []


def test_a_text_has_one_translation() -> None:
    """Files of a language are one catalogue: where two have a message, the later would hold everywhere."""
    for language in LANGUAGES[1:]:
        found: dict[str, str] = {}
        for domain in DOMAINS:
            data = (LOCALES / language / "LC_MESSAGES" / f"{domain}.po").read_bytes()
            for message in read_po(BytesIO(data), locale=language):
                if message.id:
                    assert found.setdefault(str(message.id), str(message.string)) == str(message.string)


SHOWN_AS_THEY_ARE = (
    *(Stage, Phase, State, EventKind, WaiverState, ExtensionState, RequestState, CredentialState, KeyState),
    *(RegistrationState, UpstreamState, Severity, Verdict, Bump),
    *(CredentialKind, LeakKind, RevocationKind, PublicationKind, Classification, Role),
)


@pytest.mark.parametrize("words", SHOWN_AS_THEY_ARE, ids=str)
def test_every_word_of_a_badge_is_a_message(words: Any) -> None:
    """`kept`, which of a promise is another word, has a message of its own where it is shown."""
    assert set(_leaves(words)) - WORDS - {"kept"} == set()


def _leaves(words: Any) -> Iterator[str]:
    """The values of a literal, or of a union of some."""
    for each in get_args(words):
        yield from (each,) if isinstance(each, str) else _leaves(each)


def test_what_was_done_about_credentials_is_a_message() -> None:
    assert set(DONE.values()) <= WORDS
