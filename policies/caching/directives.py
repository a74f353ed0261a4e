"""Cache-Control (RFC 9111 §5.2), as a request or an answer has it."""

import re
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 2_147_483_648
"""Seconds, for whatever is more than a recipient can count (§1.2.2)."""

_DIRECTIVE: Final = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,;\"]*)))?[ \t]*(?:,|$)"
)


class Directives:
    """By lower-case name, with the argument's text; of a directive that comes twice the first counts (§4.2.1)."""

    __slots__ = ("_found",)

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = found

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def is_bare(self, name: str) -> bool:
        """Whether it is there without an argument."""
        return self._found.get(name) == ""

    def seconds(self, name: str) -> int | None:
        """A directive's delta-seconds; None where it is not there. What is no number is 0: nothing fresh is made
        of what cannot be read (§4.2.1)."""
        text = self._found.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            return 0
        return LONGEST if len(text) > 10 else min(int(text), LONGEST)


_NONE: Final = Directives({})


def directives(field: bytes | None) -> Directives:
    """Those of a field's value. What cannot be read ends the reading: what stands before it counts."""
    if not field:
        return _NONE
    text = field.decode("latin-1")
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        if text[position] in ", \t":  # RFC 9110 §5.6.1.2: empty elements are none
            position += 1
            continue
        match = _DIRECTIVE.match(text, position)
        if match is None:
            found.setdefault("no-store", "")  # who is not understood may have meant just that
            break
        quoted, plain = match[2], match[3]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        found.setdefault(match[1].lower(), value or "")
        position = match.end()
    return Directives(found)


def asked_for(fields: Mapping[bytes, bytes]) -> Directives:
    """A request's. `Pragma: no-cache` counts where there is no Cache-Control (§5.4)."""
    field = fields.get(b"cache-control")
    if field is None and b"no-cache" in fields.get(b"pragma", b"").lower():
        return Directives({"no-cache": ""})
    return directives(field)
