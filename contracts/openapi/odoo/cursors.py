"""What a list can be ordered by so that its pages go on by a cursor."""

from collections.abc import Iterator
from typing import Final

from contracts.documents.builder import quote
from contracts.openapi.classification import CLASSIFICATION
from contracts.openapi.references import References
from contracts.openapi.schema_types import Types, types_of
from contracts.operations import OdooField

_KINDS: Final = ("text", "date", "datetime")
_KEPT_FINER: Final = ("create_date", "write_date")


def order_faults(
    orders: tuple[str, ...], fields: tuple[OdooField, ...], record: Types | None, references: References
) -> Iterator[str]:
    """Why a page could not go on behind its last record, in one of the orders that a list may have.

    Every such value has to be known from the answer itself, and Odoo has to order by it as it compares with it: of
    numbers an empty one is read as 0 and stands elsewhere, many2ones stand by names, and an empty value stands
    first or last by the direction.
    """
    for field in dict.fromkeys(term.split()[0] for order in orders for term in order.split(",")):
        if fault := _fault(field, fields, record, references):
            yield f"a list with a cursor cannot be ordered by {quote(field)}, {fault}"


def _fault(field: str, fields: tuple[OdooField, ...], record: Types | None, references: References) -> str:
    entry = next((entry for entry in fields if entry.field == field and entry.readable), None)
    schema = record.properties.get(entry.name) if entry is not None and record is not None else None
    if field == "id":
        return ""
    if entry is None or schema is None:
        return "which no property shows"
    if field in _KEPT_FINER:
        return "whose fractions of a second Odoo does not tell"
    if entry.value not in _KINDS:
        return "which is no text, date or date-time"
    if "null" in types_of(schema, references).names:
        return "which can be null"
    followed = references.follow(schema)
    if any(node is not None and node.get(CLASSIFICATION) is not None for node in (schema, followed)):
        return "which is classified: a cursor holds the value for all to read"
    return ""
