"""From the text of a parameter to values: percent-decoding and the types of the contract.

Text is read as a number only in the spelling that JSON has (RFC 8259 §6), so `01`, `+1` and `1e999` are none,
and as an integer only without fraction and exponent. Numbers are exact: a decimal that a double cannot hold
stays a Decimal.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_to_bytes

from policies.validation.violations import types_text


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a parameter's text has no value. `below` is the pointer under the parameter's name."""

    rule: str
    message: str
    below: str = ""


Reader: TypeAlias = Callable[[str], Any]
"""From text to a value, or to a Rejected."""

NOT_UTF8: Final = Rejected("encoding", "must be percent-encoded UTF-8")

is_integer: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,400})").fullmatch
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})").search


def decode_path(text: str) -> str | Rejected:
    """Percent-decodes (RFC 3986 §2.1), strictly as UTF-8."""
    if "%" not in text:
        return text
    if _BAD_ESCAPE(text):
        return NOT_UTF8
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8


def decode_query(text: str) -> str | Rejected:
    """As `decode_path`, and `+` is a space: so forms write it, and so every upstream will read it."""
    return decode_path(text.replace("+", " ") if "+" in text else text)


def decode_header(text: str) -> str | Rejected:
    """A header field's value is not percent-encoded; white space around it or its parts is not of it."""
    return text.strip(" \t")


def read_integer(text: str) -> int | None:
    return int(text) if is_integer(text) else None


def plain_integer(text: str, low: float, high: float) -> int | None:
    """The integer that `text` is, if it is one from `low` to `high` in the plainest spelling: digits, at most 15,
    which a double holds exactly.

    None says nothing: the text may still be an integer, or be refused with a reason.
    """
    size = len(text)
    if not 0 < size <= 15 or text[0] == "0":
        return None
    value = 0
    # Compiled, a digit is a few instructions; to ask for them with the methods of `str` takes five hundred.
    for index in range(size):
        digit = ord(text[index]) - 48
        if not 0 <= digit <= 9:
            return None
        value = 10 * value + digit
    return value if low <= float(value) <= high else None


def read_number(text: str) -> int | float | Decimal | None:
    if is_integer(text):
        return int(text)
    if not _NUMBER(text):
        return None
    exact = Decimal(text)
    near = float(text)
    if near in (float("inf"), float("-inf")):
        return None
    # repr is the shortest text of a double: where it means the same decimal, nothing is lost.
    return near if Decimal(repr(near)) == exact else exact


_BOOLEANS: Final = {"true": True, "false": False}


def coercion(types: frozenset[str]) -> Reader | None:
    """How text becomes a value of `types`; None where it stays as it is.

    Where both a string and something else are admitted, the something else is preferred if the text spells
    one. Types that text cannot spell (`array`, `object`) are left to the style.
    """
    others = types & {"boolean", "integer", "null", "number"}
    if not others:
        return None
    wrong = Rejected("type", f"must be {types_text(types)}")
    number: Callable[[str], Any] | None = None
    if "number" in types:
        number = read_number
    elif "integer" in types:
        number = read_integer
    string = "string" in types
    if others in ({"integer"}, {"number"}) and not string:
        assert number is not None
        return _only(number, wrong)

    def read(text: str) -> Any:
        if number is not None:
            value = number(text)
            if value is not None:
                return value
        if "boolean" in others and text in _BOOLEANS:
            return _BOOLEANS[text]
        if "null" in others and text == "null":
            return None
        return text if string else wrong

    return read


def _only(number: Callable[[str], Any], wrong: Rejected) -> Reader:
    def read(text: str) -> Any:
        value = number(text)
        return wrong if value is None else value

    return read
