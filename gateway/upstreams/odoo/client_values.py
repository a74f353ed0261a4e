"""Odoo's errors that are the client's: those of which the contract proves that the mapping is right.

Odoo refuses a value of a field by an error that JSON-2 answers with 500, and tells of a record that is not there
as if one were being deleted. That a value is the client's, and no leftover of the contract, is proven where the
request had it in a property that the contract does not enumerate: what it enumerates, Odoo would have to take.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from contracts.operations import OdooBackend, OdooField
from contracts.problems import Problem, problem
from contracts.usage.fields import Place
from gateway.upstreams.odoo.domains import pointer
from gateway.upstreams.odoo.mismatch import Mismatch
from policies.exchange import Exchange, Violation

_GIVING_VALUES: Final = frozenset({"create", "write"})
_NO_SUCH_RECORD: Final = "The operation cannot be completed: another model requires the record being deleted."
"""What Odoo makes of PostgreSQL's `foreign_key_violation`, whichever side of the reference it was met from."""
_NO_REFERENCE: Final = problem("business-rule", "A record that the request refers to does not exist.")
_REFUSED: Final = problem("business-rule", "Odoo refused the values.")


def of_client(exchange: Exchange, backend: OdooBackend, method: str, outcome: Problem) -> Problem | None:
    """What the client is told where `outcome`, of a call of `method`, is proven to be of its making; else None."""
    if isinstance(outcome, Mismatch):
        if backend.action == "rpc":
            # Names are the guard's. Of an error that tells of none, what is left is a value, and the client's.
            return _REFUSED if outcome.part in ("value", "call") else None
        return _refused_value(exchange, backend, outcome) if method in _GIVING_VALUES else None
    if backend.action == "rpc" or method not in _GIVING_VALUES:
        return None
    if outcome.type.id == "business-rule" and outcome.detail.startswith(_NO_SUCH_RECORD):
        return _NO_REFERENCE  # nothing is being deleted
    if outcome.type.id == "record-not-found" and method == "create":
        return _NO_REFERENCE  # a new record is none that could be missing
    return None


def _refused_value(exchange: Exchange, backend: OdooBackend, outcome: Mismatch) -> Problem | None:
    labels = exchange.labels
    place = None if labels is None or exchange.forward is not None else labels.observable.body
    if outcome.part != "value" or place is None:
        return None
    if backend.bulk and place.other is not None and not place.properties:
        place = place.other
    for path, entry, where in _written(backend.fields, place):
        if entry.field == outcome.name and _is_given(exchange.body_value, path):
            if where is None or where.texts or where.scalars:
                return None
            violation = Violation("body", pointer(*path), "type", "Odoo does not take this value")
            return problem(
                "schema-violation",
                "A value is none that Odoo takes in its place.",
                violations=[violation.as_member()],
            )
    return None


def _written(
    fields: Sequence[OdooField], place: Place, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], OdooField, Place | None]]:
    """Properties that a request can write, as paths (`*` for any item), with their places in the contract."""
    for entry in fields:
        if not entry.writable:
            continue
        here = place.properties.get(entry.name)
        if entry.value != "records":
            yield (*above, entry.name), entry, here
        elif here is not None and here.other is not None:
            yield from _written(entry.fields, here.other, (*above, entry.name, "*"))


def _is_given(value: Any, path: tuple[str, ...]) -> bool:
    if isinstance(value, list) and path[0] != "*":
        return any(_is_given(item, path) for item in value)  # of several new records, any
    for number, step in enumerate(path):
        if step == "*":
            return isinstance(value, list) and any(_is_given(item, path[number + 1 :]) for item in value)
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True
