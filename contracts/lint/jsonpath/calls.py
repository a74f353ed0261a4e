"""The functions and methods that scripts may call, and no others."""

from typing import Any, Final

from contracts.lint.jsonpath.ast import Regex
from contracts.lint.jsonpath.values import UNDEFINED, is_number, number_of, same, text_of
from contracts.lint.patterns import BadPattern, matcher

_MOST_PIECES: Final = 10_000


def call_method(of: Any, name: str, arguments: list[Any]) -> Any:
    """`of.name(…)`; undefined where JavaScript would throw, and where the pattern is none."""
    first = arguments[0] if arguments else UNDEFINED
    try:
        if isinstance(of, Regex):
            return _found(of, text_of(first)) if name == "test" and first is not UNDEFINED else UNDEFINED
        if name == "toString":
            return UNDEFINED if of is None or of is UNDEFINED else text_of(of)
        if name == "hasOwnProperty":
            return isinstance(of, dict) and text_of(first) in of
        if is_number(of) and name == "match":
            of = text_of(of)  # nimma turns an array's index into a string here
        if isinstance(of, str):
            return _of_text(of, name, arguments, first)
        if isinstance(of, list):
            return _of_list(of, name, arguments, first)
    except BadPattern:
        pass
    return UNDEFINED


def call_function(name: str, arguments: list[Any]) -> Any:
    """A function of RFC 9535 §2.4, or one of the globals of JavaScript."""
    value = arguments[0] if arguments else UNDEFINED
    match name:
        case "length":
            return len(value) if isinstance(value, str | list | dict) else UNDEFINED
        case "count":
            return 0 if value is UNDEFINED else 1
        case "value":
            return value
        case "match" | "search":
            pattern = arguments[1]
            if not isinstance(value, str) or not isinstance(pattern, str):
                return False
            try:
                return matcher(f"^(?:{pattern})$" if name == "match" else pattern)(value)
            except BadPattern:
                return False
        case "Array.isArray":
            return isinstance(value, list)
        case "Object.keys":
            return list(value) if isinstance(value, dict) else UNDEFINED
        case "Object.values":
            return list(value.values()) if isinstance(value, dict) else UNDEFINED
        case _:
            return isinstance(value, int | float) and is_number(value) and float(value).is_integer()


def _found(pattern: Any, text: str) -> bool:
    if isinstance(pattern, Regex):
        return matcher(pattern.pattern, pattern.flags)(text)
    return matcher(text_of(pattern))(text)


def _of_text(of: str, name: str, arguments: list[Any], first: Any) -> Any:
    match name:
        case "match":
            # As a condition: null where nothing is found.
            return [of] if _found(first, of) else None
        case "search":
            return 0 if _found(first, of) else -1
        case "includes":
            return text_of(first) in of
        case "startsWith":
            return of.startswith(text_of(first))
        case "endsWith":
            return of.endswith(text_of(first))
        case "indexOf":
            return of.find(text_of(first))
        case "toLowerCase":
            return of.lower()
        case "toUpperCase":
            return of.upper()
        case "trim":
            return of.strip()
        case "charAt":
            index = _integer(first)
            return of[index] if 0 <= index < len(of) else ""
        case "split":
            separator = text_of(first)
            return of.split(separator, _MOST_PIECES) if separator else list(of[:_MOST_PIECES])
        case "slice" | "substring" | "substr":
            return _part(of, name, arguments)
        case _:
            return UNDEFINED


def _of_list(of: list[Any], name: str, arguments: list[Any], first: Any) -> Any:
    match name:
        case "includes":
            return any(same(first, item) for item in of)
        case "indexOf":
            return next((index for index, item in enumerate(of) if same(first, item)), -1)
        case "join":
            separator = text_of(first) if arguments else ","
            return separator.join("" if item is None else text_of(item) for item in of)
        case "slice":
            start, end = _integer(first), _integer(arguments[1]) if len(arguments) > 1 else len(of)
            return of[start:end]
        case _:
            return UNDEFINED


def _part(of: str, name: str, arguments: list[Any]) -> str:
    start = _integer(arguments[0])
    if name == "substr":
        start = start if start >= 0 else max(0, len(of) + start)
        return of[start : start + max(0, _integer(arguments[1]))] if len(arguments) > 1 else of[start:]
    end = _integer(arguments[1]) if len(arguments) > 1 else len(of)
    if name == "slice":
        return of[start:end]
    low, high = sorted((max(0, start), max(0, end)))
    return of[low:high]


def _integer(value: Any) -> int:
    number = number_of(value)
    return int(number) if number == number and abs(number) < 1e15 else 0
