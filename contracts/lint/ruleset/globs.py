"""Globs as Spectral matches `overrides[].files`: minimatch with `matchBase`."""

import re
from functools import lru_cache
from typing import Final

_MOST_BRACES: Final = 200


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_regex(each)) for each in _braces(pattern))


def matches(path: str, pattern: str) -> bool:
    """Whether a path (relative, with slashes) matches; a pattern without a slash is held against the last part."""
    while pattern.startswith("./"):
        pattern = pattern[2:]
    subject = path if "/" in pattern else path.rpartition("/")[2]
    return any(each.fullmatch(subject) for each in _compiled(pattern))


def _braces(pattern: str) -> list[str]:
    """`{a,b}` written out; nested ones too. Beyond a bound the pattern is taken as it is."""
    done: list[str] = []
    waiting = [pattern]
    while waiting and len(waiting) + len(done) < _MOST_BRACES:
        text = waiting.pop(0)
        match = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if match is None:
            done.append(text)
        else:
            waiting += [text[: match.start()] + part + text[match.end() :] for part in match[1].split(",")]
    return done + waiting


def _regex(pattern: str) -> str:
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        index += 1
        if character == "*" and pattern.startswith("*/", index) and (index < 2 or pattern[index - 2] == "/"):
            parts.append(r"(?:(?!\.)[^/]+/)*")
            index += 2
        elif character == "*" and pattern[index:] == "*":
            parts.append(r"(?:(?!\.)[^/]+/)*(?!\.)[^/]*")
            index += 1
        elif character == "*":
            at_start = index < 2 or pattern[index - 2] == "/"
            parts.append(r"(?!\.)[^/]*" if at_start else r"[^/]*")
        elif character == "?":
            parts.append(r"[^/]")
        elif character == "[" and "]" in pattern[index + 1 :]:
            end = pattern.index("]", index + 1)
            inside = pattern[index:end].replace("\\", "\\\\").replace("[", r"\[")
            parts.append("[" + ("^" + inside[1:] if inside[:1] in "!^" else inside) + "]")
            index = end + 1
        else:
            parts.append(re.escape(character))
    return "".join(parts)
