"""Which passwords are taken: NIST SP 800-63B §3.1.1.2. No I/O.

At least 12 characters, and not easily guessed; no rule about which characters, and none that a password ends
with time. What is easily guessed `zxcvbn` estimates (Wheeler, USENIX Security 2016), by the most common
passwords, names and words, keyboard rows, repetitions and dates, and by the member's own words, in all their
usual spellings.
"""

import re
from typing import Final

from zxcvbn import zxcvbn

from catalog.login.passwords import MAX_LENGTH
from catalog.people.members import Member

MIN_LENGTH: Final = 12
_LEAST_SCORE: Final = 3
"""Of 4: at least 10^8 guesses, of which the pace of log-ins lets nobody make more than some hundred a day."""
_ESTIMATED: Final = 72  # characters: the estimate's time grows faster than their number
_LEAST_REST: Final = 6
"""Letters beside the member's own words, which whoever knows the member tries with all digits and marks."""
_SERVICE: Final = ("ostiary", "gateway", "catalog", "odoo")


def length_fault(password: str) -> str | None:
    """What is wrong with its length, which can be said to anybody; None where nothing is."""
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters; several words make a good password."
    return f"Use at most {MAX_LENGTH} characters." if len(password) > MAX_LENGTH else None


def fault(password: str, member: Member) -> str | None:
    """What is wrong with a password for this member, in a sentence; None where nothing is. It takes some
    hundredths of a second, and shows what the member's words are: for the member alone."""
    wrong = length_fault(password)
    if wrong is not None:
        return wrong
    words = own_words(member)
    if _is_of(password, words):
        return "This is made of your own name, address or teams. Several other words are better."
    estimate = zxcvbn(password[:_ESTIMATED], user_inputs=list(words))
    if estimate["score"] >= _LEAST_SCORE:
        return None
    why = estimate["feedback"]["warning"] or "It is made of what is tried first."
    return f"This is too easily guessed. {why} Several words that do not belong together are better."


def own_words(member: Member) -> tuple[str, ...]:
    """What a stranger who knows the member would try."""
    parts = re.split(r"[^\w]+", f"{member.name} {member.title} {member.email}")
    whole = (member.name, member.title, member.email, *member.memberships, *_SERVICE)
    return tuple(dict.fromkeys(each.casefold() for each in (*whole, *parts) if each))


def _is_of(password: str, words: tuple[str, ...]) -> bool:
    """Whether a password is made of these words, and of hardly a letter more."""
    rest = whole = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 2:
            rest = rest.replace(word, " ")
    return rest != whole and sum(each.isalpha() for each in rest) < _LEAST_REST
