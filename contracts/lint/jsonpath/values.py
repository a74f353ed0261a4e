"""JSON values as JavaScript's operators see them (ECMA-262 §7.1, §7.2), for scripts that were written for it."""

import math
from typing import Any, Final


class _Undefined:
    """What a missing member is; unlike null."""

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = _Undefined()


def truthy(value: Any) -> bool:
    """ToBoolean: empty arrays and objects are true."""
    if isinstance(value, dict | list):
        return True
    return bool(value) and value == value  # NaN is false


def type_name(value: Any) -> str:
    """What `typeof` says."""
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object"


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(left: Any, right: Any) -> bool:
    """`===`: of objects and arrays, whether they are one."""
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return left is right
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def alike(left: Any, right: Any) -> bool:
    """`==`, with JavaScript's conversions of scalars."""
    if left is None or left is UNDEFINED or right is None or right is UNDEFINED:
        return (left is None or left is UNDEFINED) and (right is None or right is UNDEFINED)
    if type_name(left) == type_name(right):
        return same(left, right)
    if isinstance(left, dict | list):
        left = text_of(left)
    if isinstance(right, dict | list):
        right = text_of(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return number_of(left) == number_of(right)


def equal(left: Any, right: Any) -> bool:
    """`==` of RFC 9535 §2.3.5.2.2: by value, and deep."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right) and (type(left) is type(right) or (is_number(left) and is_number(right)))


def number_of(value: Any) -> float:
    """ToNumber; NaN for what is no number."""
    if isinstance(value, bool | int | float):
        return float(value)
    if value is None:
        return 0.0
    if isinstance(value, str):
        text = value.strip()
        try:
            return float(text) if text else 0.0
        except ValueError:
            return math.nan
    return math.nan


def text_of(value: Any) -> str:
    """ToString."""
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join("" if item is None or item is UNDEFINED else text_of(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


def less(left: Any, right: Any) -> bool:
    """`<`: of two strings by code units, else as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    return number_of(left) < number_of(right)
