"""What was not said by the portal itself: translated where it is a fixed text, and else marked as English."""

from catalog.portal.speech import refusal, speaking, told, translated, worded
from contracts.problems import problem

FIXED = "There is no page at this address."
COMPOSED = "`orders` & more has no owner"


def test_a_fixed_text_is_said_in_the_language_that_is_spoken() -> None:
    assert told(FIXED) == FIXED
    with speaking("de"):
        assert told(FIXED) == "Unter dieser Adresse gibt es keine Seite."
    assert told(FIXED) == FIXED


def test_a_composed_text_is_marked_as_english_and_escaped() -> None:
    assert told(COMPOSED) == "<code>orders</code> &amp; more has no owner"
    with speaking("de"):
        assert told(COMPOSED) == '<span lang="en"><code>orders</code> &amp; more has no owner</span>'


def test_what_was_translated_already_is_not_taken_for_english() -> None:
    with speaking("de"):
        text = translated(
            "This session asks faster than people do. Try again in %(wait)s s; nothing was changed.", wait=3
        )
        assert "in 3 s" in text
        assert told(text) == text
        assert worded("refused") == told(worded("refused"))


def test_a_refusal_in_another_language_begins_with_its_kind() -> None:
    refused = problem("own-change", "otto proposed it.")
    assert refusal(refused) == "otto proposed it."
    with speaking("de"):
        assert refusal(refused) == 'Eigene Änderung: <span lang="en">otto proposed it.</span>'
