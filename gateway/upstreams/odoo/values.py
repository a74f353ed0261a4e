"""Values both ways: what Odoo stores, and what a contract says. Pure.

Odoo says `false` for every empty value but a boolean's, `[id, name]` for a many2one, and datetimes in UTC
without an offset, in whole seconds. A value of the wrong shape is never passed on half-mapped.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from contracts.operations import OdooValue

MAX_INTEGER: Final = 2**31 - 1
"""Odoo's integers and record ids are PostgreSQL's `integer`."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_ODOO_DATETIME: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?\Z")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII
)


class MappingError(Exception):
    """Odoo's answer does not fit the contract's mapping; the message names the contract's field, no value."""


class UnfitError(Exception):
    """A client's value, valid by its schema, that Odoo cannot take. It becomes a violation (`rule`)."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def from_odoo(kind: OdooValue, name: str, value: Any) -> Any:
    """The contract's value for Odoo's. Raises MappingError, which names the property `name`.

    `records` are not read here: Odoo gives their ids, and `records.py` reads what they hold.
    """
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        raise _mismatch(name, "a boolean")
    if value is False or value is None:
        if kind in ("ids", "records"):
            raise _mismatch(name, "a list of ids")
        return None
    return _FROM[kind](name, value)


def to_odoo(kind: OdooValue, value: Any) -> Any:
    """Odoo's value for the contract's. Raises UnfitError.

    Offsets of a date-time are converted to UTC and fractions of a second are cut off: Odoo keeps neither.
    """
    if kind == "ids":
        ids = [] if value is None else value
        if not isinstance(ids, list):
            raise UnfitError("type", "must be a list of record ids")
        return [[6, 0, [record_id(item) for item in ids]]]
    if value is None:
        return False
    return _TO[kind](value)


def record_id(value: Any) -> int:
    """A record's id in a client's value. Raises UnfitError."""
    if not _is_integer(value) or not 1 <= value <= MAX_INTEGER:
        raise UnfitError("type", "must be the id of a record")
    return int(value)


def utc(text: str, *, up: bool = False) -> str:
    """An RFC 3339 date-time in Odoo's form. `up` rounds up to the second. Raises UnfitError."""
    match = _RFC3339.match(text)
    if match is None:
        raise UnfitError("format", "must be an RFC 3339 date-time")
    day, clock, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}").astimezone(UTC)
        if up and fraction is not None and fraction.strip(".0"):
            moment += timedelta(seconds=1)
    except (ValueError, OverflowError):
        # Year 0, a leap second, or a moment that is out of range once it is converted.
        raise UnfitError("format", "must be a date-time between the years 1 and 9999") from None
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def _mismatch(name: str, expected: str) -> MappingError:
    return MappingError(f"The upstream's value for `{name}` is not {expected}.")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _mismatch(name, "text")


def _read_integer(name: str, value: Any) -> int:
    if _is_integer(value):
        return int(value)
    # A float field that a contract declares an integer (a quantity) is one as long as no digit is lost.
    if isinstance(value, float | Decimal) and -(2**53) <= value <= 2**53 and value == int(value):
        return int(value)
    raise _mismatch(name, "an integer")


def _read_number(name: str, value: Any) -> int | float | Decimal:
    if _is_integer(value) or isinstance(value, float | Decimal):
        return value  # type: ignore[no-any-return]  # the very number: no arithmetic, no rounding
    raise _mismatch(name, "a number")


def _read_date(name: str, value: Any) -> str:
    if isinstance(value, str) and _DATE.match(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise _mismatch(name, "a date") from None
        return value
    raise _mismatch(name, "a date")


def _read_datetime(name: str, value: Any) -> str:
    if isinstance(value, str) and _ODOO_DATETIME.match(value):
        try:
            datetime.fromisoformat(value[:19])
        except ValueError:
            raise _mismatch(name, "a date and time") from None
        return value.replace(" ", "T") + "Z"
    raise _mismatch(name, "a date and time")


def _pair(name: str, value: Any) -> tuple[int, str | None]:
    if isinstance(value, list) and len(value) == 2 and _is_integer(value[0]):
        # A record without a name gives [id, false].
        if isinstance(value[1], str):
            return value[0], value[1]
        if value[1] is False:
            return value[0], None
    raise _mismatch(name, "a reference to a record")


def _read_reference(name: str, value: Any) -> dict[str, Any]:
    key, label = _pair(name, value)
    return {"id": key, "name": label}


def _read_reference_id(name: str, value: Any) -> int:
    return int(value) if _is_integer(value) else _pair(name, value)[0]


def _read_reference_name(name: str, value: Any) -> str | None:
    return _pair(name, value)[1]


def _read_ids(name: str, value: Any) -> list[int]:
    if isinstance(value, list) and all(_is_integer(item) for item in value):
        return list(value)
    raise _mismatch(name, "a list of ids")


def _write_text(value: Any) -> str:
    if isinstance(value, str):
        if "\x00" in value:
            raise UnfitError("pattern", "must not contain the character U+0000")  # PostgreSQL cannot store it
        return value
    raise UnfitError("type", "must be text")


def _read_binary(name: str, value: Any) -> str:
    """As Odoo has it, but for line ends, which its older fields have in them."""
    if isinstance(value, str):
        text = value.replace("\n", "")
        if len(text) % 4 == 0 and _BASE64.fullmatch(text):
            return text
    raise _mismatch(name, "base64")


def _write_binary(value: Any) -> str | bool:
    if isinstance(value, str) and len(value) % 4 == 0 and _BASE64.fullmatch(value):
        return value or False
    raise UnfitError("contentEncoding", "must be base64 (RFC 4648 §4)")


def _write_integer(value: Any) -> int:
    if isinstance(value, float | Decimal) and -MAX_INTEGER - 1 <= value <= MAX_INTEGER and value == int(value):
        value = int(value)  # JSON Schema: 2.0 is an integer
    if not _is_integer(value):
        raise UnfitError("type", "must be an integer")
    if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
        raise UnfitError("maximum", "must be an integer of 32 bits")
    return int(value)


def _write_number(value: Any) -> int | float | Decimal:
    if _is_integer(value) or isinstance(value, float | Decimal):
        return value  # type: ignore[no-any-return]
    raise UnfitError("type", "must be a number")


def _write_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise UnfitError("type", "must be a boolean")


def _write_date(value: Any) -> str:
    try:
        return _read_date("", value)
    except MappingError:
        raise UnfitError("format", "must be an RFC 3339 date") from None


def _write_datetime(value: Any) -> str:
    if not isinstance(value, str):
        raise UnfitError("format", "must be an RFC 3339 date-time")
    return utc(value)


def _write_reference(value: Any) -> int:
    if not isinstance(value, dict) or "id" not in value:
        raise UnfitError("required", "must be an object with the record's `id`")
    return record_id(value["id"])


def _write_reference_name(value: Any) -> Any:
    raise UnfitError("readOnly", "cannot be set by name")


def _write_records(value: Any) -> Any:
    raise UnfitError("type", "cannot be set here")


_FROM: Final[Mapping[OdooValue, Callable[[str, Any], Any]]] = {
    "text": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "date": _read_date,
    "datetime": _read_datetime,
    "reference": _read_reference,
    "reference-id": _read_reference_id,
    "reference-name": _read_reference_name,
    "ids": _read_ids,
    "records": _read_ids,
    "binary": _read_binary,
}

_TO: Final[Mapping[OdooValue, Callable[[Any], Any]]] = {
    "text": _write_text,
    "integer": _write_integer,
    "number": _write_number,
    "boolean": _write_boolean,
    "date": _write_date,
    "datetime": _write_datetime,
    "reference": _write_reference,
    "reference-id": record_id,
    "reference-name": _write_reference_name,
    "records": _write_records,
    "binary": _write_binary,
}
