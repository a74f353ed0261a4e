"""Cursors of lists: where the next page begins, by the values that the list is ordered by. Pure.

An offset counts records, so that one that is deleted meanwhile makes a page skip another. A cursor names the last
record that was shown (its values of the order's fields, and its id), and the next page is what comes behind it. It
is encoded and not signed: all it can do is to choose a place within the domain that the caller has anyway.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from contracts.operations import OdooBackend, OdooValue
from gateway.upstreams.odoo.values import MAX_INTEGER, MappingError, UnfitError, from_odoo

_LONGEST: Final = 4096


class _Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`order` is that of the list that the cursor belongs to; `values` are of its fields but the id, as Odoo gives
    them."""

    order: str
    values: tuple[str, ...]
    id: int


def cursor_of(backend: OdooBackend, order: str, row: Mapping[str, Any]) -> str:
    """The cursor of what comes behind a record. Raises MappingError where the record has no place in the order."""
    kinds = _kinds(backend)
    values = []
    for field, _ in _terms(order):
        if field == "id":
            break  # no two records have one id: what comes behind it orders nothing
        value = row.get(field)
        if not isinstance(value, str):
            raise MappingError(f"The upstream's value for `{field}` is empty, and the list goes on by it.")
        from_odoo(kinds.get(field, "text"), field, value)
        values.append(value)
    place = _Place(order, tuple(values), row["id"])
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def behind(backend: OdooBackend, order: str, cursor: Any) -> list[Any]:
    """The domain of what comes behind a cursor, whole in itself. Raises UnfitError."""
    place = _read(cursor)
    if place.order != order:
        raise UnfitError("cursor", "must be a cursor of a list with the same order")
    terms = _terms(order)
    before_id = [field for field, _ in terms].index("id")
    kinds = _kinds(backend)
    if len(place.values) != before_id or not 0 < place.id <= MAX_INTEGER:
        raise _unknown()
    try:
        for (field, _), value in zip(terms[:before_id], place.values, strict=True):
            from_odoo(kinds.get(field, "text"), field, value)
    except MappingError:
        raise _unknown() from None
    keys: list[tuple[str, bool, Any]] = [
        (field, down, value)
        for (field, down), value in zip(terms[: before_id + 1], (*place.values, place.id), strict=True)
    ]
    # (a, b, id) > (x, y, z) is a > x, or a = x and (b > y, or b = y and id > z).
    field, down, value = keys[-1]
    found: list[Any] = [[field, "<" if down else ">", value]]
    for field, down, value in reversed(keys[:-1]):
        found = ["|", [field, "<" if down else ">", value], "&", [field, "=", value], *found]
    return found


def _read(cursor: Any) -> _Place:
    if not isinstance(cursor, str) or len(cursor) > _LONGEST or not cursor.isascii():
        raise _unknown()
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(text, type=_Place)
    except (ValueError, msgspec.DecodeError):  # no base64, no UTF-8, no such place
        raise _unknown() from None
    if any("\x00" in value for value in place.values):  # PostgreSQL takes none
        raise _unknown()
    return place


def _unknown() -> UnfitError:
    return UnfitError("cursor", "must be a cursor that a page of this list has given")


def _terms(order: str) -> list[tuple[str, bool]]:
    """Each field and whether it goes down."""
    return [(term.split()[0], term.endswith(" desc")) for term in order.split(", ")]


def _kinds(backend: OdooBackend) -> dict[str, OdooValue]:
    return {entry.field: entry.value for entry in backend.fields}
