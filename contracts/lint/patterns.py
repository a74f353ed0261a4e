"""Regular expressions of rulesets: ECMA-262's, on an engine whose backtracking is bounded.

A ruleset's patterns may look around, which the linear engine of our validators refuses. They meet texts that
others wrote, so the engine gives up after a number of steps, and what it gave up on counts as not matching.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import jsonschema_rs

_ENGINE: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
_FLAGS: Final = frozenset("dgimsuvy")
_INLINE: Final = frozenset("ims")
_LONGEST: Final = 2_000
_REPEAT: Final = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_ESCAPES: Final = frozenset("dDwWsSbBnrtvfcxupPk0123456789")

Matcher = Callable[[str], bool]


class BadPattern(ValueError):
    """The text is no regular expression that can be run; the message says why."""


@lru_cache(maxsize=1024)
def matcher(pattern: str, flags: str = "") -> Matcher:
    """Whether the pattern is found anywhere in a text (ECMA-262 §22.2.7.2). Raises BadPattern."""
    if len(pattern) > _LONGEST:
        raise BadPattern(f"a pattern is at most {_LONGEST} characters long")
    unknown = sorted(set(flags) - _FLAGS)
    if unknown:
        raise BadPattern(f"there is no flag `{unknown[0]}`")
    # `g`, `y`, `d` and `u` change how matches are walked or spelt, not whether there is one.
    inline = "".join(sorted(set(flags) & _INLINE))
    text = _strict(pattern)
    if inline:
        text = f"(?{inline}){text}"
    try:
        validator = jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=_ENGINE)
    except (jsonschema_rs.ValidationError, ValueError):
        raise BadPattern("it is no regular expression (ECMA-262), or too large") from None
    is_valid: Matcher = validator.is_valid
    return is_valid


def _strict(pattern: str) -> str:
    """The pattern without what only ECMA-262's Annex B.1.2 lets pass, such as a brace that repeats nothing."""
    parts: list[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\" and position < len(pattern):
            parts.append(_escape(pattern[position]))
            position += 1
        elif in_class:
            in_class = character != "]"
            # The engine reads nested classes and set operations there, which JavaScript has not.
            parts.append(f"\\{character}" if character in "[&~" else character)
        elif character == "[":
            if pattern.startswith("^]", position):
                parts.append(r"[\s\S]")
                position += 2
            elif pattern.startswith("]", position):
                parts.append("(?!)")
                position += 1
            else:
                in_class = True
                parts.append("[")
        elif character == "{" and (repeat := _REPEAT.match(pattern, position - 1)):
            parts.append(repeat[0])
            position = repeat.end()
        else:
            parts.append(f"\\{character}" if character in "{}]" else character)
    return "".join(parts)


def _escape(character: str) -> str:
    if character in _ESCAPES or not character.isascii():
        return f"\\{character}"
    # To the engine `\<` and `\>` are borders of a word; an escaped letter without a meaning is that letter.
    return character if character.isalnum() or character in "_<>" else f"\\{character}"


def literal_of(text: str) -> tuple[str, str]:
    """Pattern and flags of a text that may be written as `/pattern/flags`, as Spectral's `pattern` takes it."""
    if len(text) > 2 and text[0] == "/":
        body, slash, flags = text[1:].rpartition("/")
        if slash and body and (not flags or (flags.isascii() and flags.isalpha() and flags.islower())):
            return body, flags
    return text, ""
