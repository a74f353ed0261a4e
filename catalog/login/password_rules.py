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
_SERVICE: Final = ("ostiary", "gateway", "catalog", "odoo")


def fault(password: str, member: Member) -> str | None:
    """What is wrong with a password for this member, in a sentence; None where nothing is."""
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters; several words make a good password."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    if "\0" in password:
        return "This has a character in it that no keyboard has."
    estimate = zxcvbn(password[:_ESTIMATED], user_inputs=list(own_words(member)))
    if estimate["score"] >= _LEAST_SCORE:
        return None
    why = estimate["feedback"]["warning"] or "It is made of what is tried first."
    return f"This is too easily guessed. {why} Several words that do not belong together are better."


def own_words(member: Member) -> tuple[str, ...]:
    """What a stranger who knows the member would try."""
    parts = re.split(r"[^\w]+", f"{member.name} {member.title} {member.email}")
    whole = (member.name, member.title, member.email, *member.memberships, *_SERVICE)
    return tuple(dict.fromkeys(each.casefold() for each in (*whole, *parts) if each))
