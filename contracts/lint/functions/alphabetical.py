"""`alphabetical`: items or keys in order, as JavaScript's `localeCompare` has it in the root collation."""

import unicodedata
from collections.abc import Iterable
from typing import Any, Final

from contracts.lint.functions.base import PROPERTY, Check, Context, Fault, Function, printed
from contracts.lint.jsonpath.values import is_number, number_of

# The order of ASCII's marks in CLDR's root collation: before digits, which are before letters.
_MARKS: Final = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_RANKS: Final = {mark: index for index, mark in enumerate(" \t\n\r" + _MARKS)}


def _bind(options: Any) -> Check:
    keyed_by = (options or {}).get("keyedBy")

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, dict | list):
            return
        items = list(value)
        if len(items) < 2:
            return
        if keyed_by is not None:
            members = [context.follow(item) for item in items]
            if not all(isinstance(item, dict) for item in members):
                yield Fault(f"{PROPERTY}must be an object")
                return
            items = [item.get(keyed_by) for item in members]
        if not all(isinstance(item, str) or is_number(item) for item in items):
            yield Fault(f"{PROPERTY}must be one of the allowed types: number, string")
            return
        for index in range(len(items) - 1):
            if _after(items[index], items[index + 1]):
                yield _fault(value, items, index, context, keyed=keyed_by is not None)
                return

    return check


def _fault(value: Any, items: list[Any], index: int, context: Context, *, keyed: bool) -> Fault:
    if keyed:
        return Fault("properties must follow the alphabetical order")
    key = index if isinstance(value, list) else items[index]
    return Fault(f"{printed(items[index])} must be placed after {printed(items[index + 1])}", (*context.path, key))


def _after(left: Any, right: Any) -> bool:
    number_left, number_right = number_of(left), number_of(right)
    if (is_number(left) or number_left != number_left) and (is_number(right) or number_right == number_right):
        return number_left - number_right >= 1
    if not isinstance(left, str) or not isinstance(right, str):
        return False
    return _collated(left) > _collated(right)


def _collated(text: str) -> tuple[list[tuple[int, int, str]], str, list[bool]]:
    """Base letters first, then accents, then case with the small letter before the capital."""
    bases = [
        character for character in unicodedata.normalize("NFKD", text) if not unicodedata.combining(character)
    ]
    primary = [
        (0, _RANKS[base], "") if base in _RANKS else (1 + base.isalpha(), 0, base.casefold()) for base in bases
    ]
    accents = "".join(each for each in unicodedata.normalize("NFKD", text) if unicodedata.combining(each))
    return primary, accents, [base.isupper() for base in bases]


ALPHABETICAL: Final = Function(
    "alphabetical",
    "Items, keys, or a member of each item are in alphabetical order.",
    _bind,
    {"type": ["object", "null"], "additionalProperties": False, "properties": {"keyedBy": {"type": "string"}}},
)
