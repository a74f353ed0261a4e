"""Entity tags (RFC 9110 §8.8.3) of answers that not everybody gets alike.

A tag names one representation. What is left of an answer for a clearance is another than the upstream's, so its
tag gets the class beside it: `"r7"` becomes `"r7;class=internal"`. On its way back the class is taken off again.
A write that depends on a tag (`If-Match`) is about the resource, whoever saw how much of it. A read that does
(`If-None-Match`) is about the representation, so that a tag of another clearance does not count: the caller would
keep what was right for that.
"""

import re
from typing import Final

from contracts.openapi.classification import LEVELS
from policies.exchange import Header

_TAG: Final = re.compile(rb'(?:W/)?"[^"]*"')
_MARKED: Final = re.compile(rb'((?:W/)?"[^"]*);class=([a-z]+)"')
_OF_THE_WHOLE: Final = frozenset(
    {b"content-digest", b"repr-digest", b"digest", b"content-md5", b"accept-ranges", b"content-range"}
)
"""Fields that say something of the whole content (RFC 9530, RFC 9110 §14)."""


def of_a_part(headers: list[Header], level: int) -> list[Header]:
    """The fields of an answer of which the caller gets what a clearance opens."""
    made: list[Header] = []
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"etag":
            value = marked(value, level)
        if lowered not in _OF_THE_WHOLE:
            made.append((name, value))
    return made


def marked(tag: bytes, level: int) -> bytes:
    """A tag with the class beside it; what is no tag stays as it is."""
    return tag[:-1] + b";class=" + LEVELS[level].encode() + b'"' if _TAG.fullmatch(tag) else tag


def unmarked(value: bytes, level: int | None) -> bytes:
    """The tags of a list as the upstream has them: with a `level` of those that were made for another clearance
    none, so that there may be nothing left."""
    if b";class=" not in value:
        return value
    tags: list[bytes] = []
    for tag in _TAG.findall(value):
        found = _MARKED.fullmatch(tag)
        if found is None or found[2].decode() not in LEVELS:
            tags.append(tag)
        elif level is None or found[2].decode() == LEVELS[level]:
            tags.append(found[1] + b'"')
    return b", ".join(tags)
