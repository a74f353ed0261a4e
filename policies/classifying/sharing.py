"""Caches between the gateway and its callers: what one caller was shown is for nobody else.

An upstream that says `public` speaks of answers that are the same for all, and does not know what becomes of them.
A request with `Authorization` forbids shared caches to keep its answer unless they are told otherwise (RFC 9111
§3.5), but an API key may stand in a field of which they know nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

from policies.exchange import Header
from policies.field_lists import elements

_DIRECTIVE: Final = re.compile(
    rb'([!#$%&\'*+.^_`|~0-9A-Za-z-]++)(?:=(?:[^\s,;"]*+|"(?:[^"\\]++|\\.)*+"))?', re.DOTALL
)
_FOR_ALL: Final = frozenset({b"public", b"private", b"s-maxage", b"proxy-revalidate"})
_OF_SHARED_CACHES: Final = frozenset({b"cdn-cache-control", b"surrogate-control"})
"""Fields that are for shared caches alone (RFC 9213)."""


def for_one_caller(headers: list[Header]) -> list[Header]:
    """The fields of an answer that no shared cache may keep."""
    made: list[Header] = []
    directives = [b"private"]
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"cache-control":
            directives += _others(value)
        elif lowered not in _OF_SHARED_CACHES:
            made.append((name, value))
    made.append((b"cache-control", b", ".join(directives)))
    return made


def _others(value: bytes) -> Iterator[bytes]:
    """The directives that say nothing of who may keep it. One that cannot be read may have forbidden to."""
    for element in elements(value):
        found = _DIRECTIVE.fullmatch(element)
        if found is None:
            yield b"no-store"
        elif found[1].lower() not in _FOR_ALL:
            yield element
