"""JSON values as JSON Schema sees them: seven disjoint types, numbers by their mathematical value."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT = (1 << bit for bit in range(7))
NUMBER: Final = INTEGER | FRACTION
ALL: Final = (1 << 7) - 1
NAMES: Final = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}
"""Sets of types as bits. `1.0` is an integer (JSON Schema 2020-12 core §6.3); FRACTION is every other number."""

Key = tuple[str, Any]


def exact(value: float) -> Fraction:
    """A JSON number as the decimal that was written."""
    return Fraction(value) if isinstance(value, int) else Fraction(Decimal(repr(value)))


def plain(value: Fraction) -> int | float | None:
    """A JSON number of exactly this value; None where a double cannot hold it."""
    if value.denominator == 1:
        return value.numerator
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if exact(result) == value else None


def type_of(value: Any) -> int:
    """The bit of a value's type."""
    if isinstance(value, str):
        return STRING
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, float):
        return INTEGER if value.is_integer() else FRACTION
    if isinstance(value, list):
        return ARRAY
    return OBJECT if isinstance(value, dict) else NULL


def key_of_value(value: Any) -> Key:
    """Equal for values that JSON Schema holds equal (core §4.2.2): `1` and `1.0`, but not `1` and `true`."""
    if isinstance(value, str):
        return ("s", value)
    if isinstance(value, bool):
        return ("b", value)
    if isinstance(value, int | float):
        return ("f", exact(value))
    if isinstance(value, list):
        return ("a", tuple(key_of_value(item) for item in value))
    if isinstance(value, dict):
        return ("o", frozenset((name, key_of_value(member)) for name, member in value.items()))
    return ("n", None)
