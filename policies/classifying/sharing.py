"""Caches between the gateway and its callers: what one caller was shown is for nobody else.

An upstream that says `public` speaks of answers that are the same for all, and does not know what becomes of them.
A request with `Authorization` forbids shared caches to keep its answer unless they are told otherwise (RFC 9111
§3.5), but an API key may stand in a field of which they know nothing.
"""

import re
from typing import Final

from policies.exchange import Header

_DIRECTIVE: Final = re.compile(rb'[^,"\s][^,"]*(?:"(?:[^"\\]|\\.)*")?')
_FOR_ALL: Final = re.compile(rb"(?:public|private|s-maxage|proxy-revalidate)\s*(?:=|$)", re.IGNORECASE)
_OF_SHARED_CACHES: Final = frozenset({b"cdn-cache-control", b"surrogate-control"})
"""Fields that are for shared caches alone (RFC 9213)."""


def for_one_caller(headers: list[Header]) -> list[Header]:
    """The fields of an answer that no shared cache may keep."""
    made: list[Header] = []
    directives = [b"private"]
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"cache-control":
            found = (each.strip() for each in _DIRECTIVE.findall(value))
            directives += [each for each in found if not _FOR_ALL.match(each)]
        elif lowered not in _OF_SHARED_CACHES:
            made.append((name, value))
    made.append((b"cache-control", b", ".join(directives)))
    return made
