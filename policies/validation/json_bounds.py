"""How large what is inside a JSON text may be, whatever its contract says: levels, items, members, texts, digits.

A contract that forgets a `maxItems` leaves it to the body's limit, and a megabyte of brackets or digits costs who
parses it far more than a megabyte of text. Nearly every text is cleared by its length and by counting bytes; only
one that could exceed a bound is looked at.
"""

import re
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
import msgspec

from policies.validation.json_text import MAXIMUM_DEPTH, Malformed, parse_lax

_OF_NUMBERS: Final = bytes(ord("0") if chr(byte) in "0123456789.eE+-" else ord(" ") for byte in range(256))
"""Translates every byte that may stand in a number to `0`."""
_SAMPLES: Final = 8
_RUN: Final = b"0" * _SAMPLES
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.?)*+"?', re.DOTALL)
"""Up to its end, or to that of the text: what begins as a string is never looked at twice."""


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """`depth` counts nested arrays and objects, `characters` those of one text or name, `digits` the bytes of one
    number as it is written."""

    depth: int
    items: int
    members: int
    characters: int
    digits: int


class JsonBounds:
    """Judges texts by `bounds`."""

    __slots__ = ("_bounds", "_small", "_step")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        # An item takes two bytes, a member six (`"a":1,`), a level its two brackets.
        levels = 2 * bounds.depth + 1 if bounds.depth < MAXIMUM_DEPTH else bounds.characters
        self._small = min(2 * bounds.items, 6 * bounds.members, bounds.characters, levels)
        self._step = max(bounds.digits // _SAMPLES, 1)

    def exceeded(self, text: bytes) -> str:
        """The name of a bound that the text exceeds; empty for none, and for what is no JSON."""
        size = len(text)
        bounds = self._bounds
        # A longer number has so many of every so many bytes.
        if (
            size > bounds.digits
            and _RUN in text[:: self._step].translate(_OF_NUMBERS)
            and _long_number(text, bounds)
        ):
            return "digits"
        return _exceeded(text, bounds) if size > self._small and _possible(text, bounds) else ""


def _possible(text: bytes, bounds: Bounds) -> bool:
    if len(text) > bounds.characters or text.count(b",") >= min(bounds.items, bounds.members):
        return True
    return bounds.depth < MAXIMUM_DEPTH and text.count(b"{") + text.count(b"[") > bounds.depth


def _long_number(text: bytes, bounds: Bounds) -> bool:
    return re.search(rb"[0-9.eE+-]{%d}" % (bounds.digits + 1), _STRING.sub(b'""', text)) is not None


def _exceeded(text: bytes, bounds: Bounds) -> str:
    value = parse_lax(text)
    if type(value) is Malformed:
        return ""  # who reads it for its meaning says so
    if _validator(bounds).is_valid(value):
        return ""
    wide: Final = 2**53
    for name in ("depth", "items", "members"):
        alone = dict.fromkeys(Bounds.__struct_fields__, wide) | {"depth": MAXIMUM_DEPTH}
        alone[name] = getattr(bounds, name)
        if not _validator(Bounds(**alone)).is_valid(value):
            return name
    return "characters"


def _validator(bounds: Bounds) -> jsonschema_rs.Draft202012Validator:
    return _validator_of(bounds.depth, bounds.items, bounds.members, bounds.characters)


@lru_cache(maxsize=256)
def _validator_of(depth: int, items: int, members: int, characters: int) -> jsonschema_rs.Draft202012Validator:
    """By single numbers, as mypyc leaves out what makes a `Struct` frozen, and with it what makes it a key."""
    text = {"maxLength": characters}
    beside: dict[str, Any] = {**text, "propertyNames": text, "maxItems": items, "maxProperties": members}
    return jsonschema_rs.Draft202012Validator(_depth_schema(depth, beside))


def _depth_schema(most: int, beside: dict[str, Any]) -> dict[str, Any]:
    """A schema that a value of at most so many levels matches, if on each of them it matches what is `beside`.

    The validator walks a value in a quarter of the time that Python takes.
    """
    levels: dict[str, Any] = {"0": {**beside, "not": {"type": ["array", "object"]}}}
    for depth in range(1, most + 1):
        below = {"$ref": f"#/$defs/{depth - 1}"}
        levels[str(depth)] = {**beside, "items": below, "additionalProperties": below}
    return {"$defs": levels, "$ref": f"#/$defs/{most}"}
