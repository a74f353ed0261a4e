"""Conversions of one JSON value to another form. `null` stays what it is, whatever a value is converted to.

Numbers are exact: what is multiplied, or read from text, is counted in decimals, and refused rather than rounded.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from typing import Any, Final, Literal, TypeAlias, TypeGuard

import msgspec

Kind: TypeAlias = Literal["string", "integer", "number", "boolean"]
"""Of a JSON value. Between text and the others, text is as JSON writes it: `12`, `1.5`, `true`."""

DateForm: TypeAlias = Literal["date", "date-time", "unix", "unix-ms", "odoo"]
"""How a moment is written: `2026-05-01`, by RFC 3339 with an offset, in seconds or milliseconds since 1970 (UTC),
and as Odoo does it: `2026-05-01 10:00:00`, in UTC. A day is its first second."""

Conversion: TypeAlias = Callable[[Any], Any]

_MOST: Final = 10**18
_EXACT: Final = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow])
_INTEGER: Final = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,39})(\.\d{1,40})?([eE][+-]?\d{1,2})?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LEAP_SECOND: Final = re.compile(r"(T\d\d:\d\d):60")
"""Of which Python knows nothing (RFC 3339 §5.7)."""
_ODOO: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}


class UnconvertibleError(Exception):
    """A value has no such form. The message says why, and never holds the value."""


def is_number(value: Any) -> TypeGuard[int | float | Decimal]:
    """Whether it is a JSON number: to Python, `True` is one too."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_whole(number: int | float | Decimal) -> bool:
    """Whether a number is an integer, however it was written. One of more than 18 digits is not looked at: it may
    be written in ten characters and have a million digits."""
    return isinstance(number, int) or (-_MOST < number < _MOST and number == int(number))


def text_of(value: Any) -> str:
    """A text itself; a number or truth value as JSON writes it. Raises UnconvertibleError for others."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return str(int(value) if is_whole(value) else value)
    raise UnconvertibleError("is no text, number or truth value")


def to_kind(kind: Kind) -> Conversion:
    """A value of this kind that says the same."""
    return _KINDS[kind]


def _string(value: Any) -> Any:
    return None if value is None else text_of(value)


def _integer(value: Any) -> Any:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if is_number(value) and is_whole(value):
        return int(value)
    raise UnconvertibleError("is no whole number")


def _number(value: Any) -> Any:
    if value is None or is_number(value):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise UnconvertibleError("is no number")


def _boolean(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_number(value) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value in _TRUTH:
        return _TRUTH[value]
    raise UnconvertibleError("is neither true nor false")


_KINDS: Final[Mapping[Kind, Conversion]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}


def to_values(table: Mapping[str, Any], otherwise: Any = msgspec.UNSET) -> Conversion:
    """What the table has for a value's text, else `otherwise`."""

    def look_up(value: Any) -> Any:
        if value is None:
            return None
        try:
            found = table.get(text_of(value), otherwise)
        except UnconvertibleError:
            found = otherwise
        if found is msgspec.UNSET:
            raise UnconvertibleError("is none of the values that are mapped")
        return found

    return look_up


def multiplied(factor: float) -> Conversion:
    """A number in another unit."""
    exact = Decimal(repr(factor))

    def multiply(value: Any) -> Any:
        if value is None:
            return None
        if not is_number(value):
            raise UnconvertibleError("is no number")
        try:
            product = _EXACT.multiply(exact, value if isinstance(value, int | Decimal) else Decimal(repr(value)))
        except DecimalException:
            raise UnconvertibleError("has too many digits") from None
        return int(product) if is_whole(product) else product.normalize(_EXACT)

    return multiply


def redated(before: DateForm, after: DateForm) -> Conversion:
    """A moment, written in another form."""

    def redate(value: Any) -> Any:
        if value is None:
            return None
        try:
            return _written(_moment(value, before), after)
        except (ValueError, OverflowError, OSError):
            raise UnconvertibleError(f"is no moment of the form {before!r}") from None

    return redate


def _moment(value: Any, form: DateForm) -> datetime:
    """Raises ValueError, OverflowError and OSError for what is none."""
    if form in ("unix", "unix-ms"):
        if not is_number(value):
            raise ValueError
        return datetime.fromtimestamp(float(value) / (1000 if form == "unix-ms" else 1), UTC)
    if not isinstance(value, str):
        raise ValueError
    if form == "date-time":
        found = datetime.fromisoformat(_LEAP_SECOND.sub(r"\1:59", value.upper()))
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(UTC)
    if not (_DATE if form == "date" else _ODOO).fullmatch(value):
        raise ValueError
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _written(moment: datetime, form: DateForm) -> Any:
    if form == "date":
        return moment.strftime("%Y-%m-%d")
    if form == "odoo":
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    if form == "date-time":
        precision = "milliseconds" if moment.microsecond else "seconds"
        return moment.isoformat(timespec=precision).replace("+00:00", "Z")
    return round(moment.timestamp() * (1000 if form == "unix-ms" else 1))
