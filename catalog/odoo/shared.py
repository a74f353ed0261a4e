"""What the operations of a contract share: responses, parameters and references to schemas."""

from collections.abc import Mapping
from typing import Any, Final

from catalog.odoo.schemas import Schema

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "401": ("Unauthorized", "The access token is missing or not valid."),
    "403": ("Forbidden", "The application may not do this."),
    "404": ("NotFound", "There is no such record."),
    "409": ("Conflict", "A request with this `Idempotency-Key` is under way, or nobody knows what became of it."),
    "412": ("PreconditionFailed", "The record is another by now than the one that the request is about."),
    "428": ("PreconditionRequired", "A change has to say which state it is about, by `If-Match`."),
    "422": ("Unprocessable", "The request does not match the contract, or a rule of the business refuses it."),
    "429": ("TooManyRequests", "A limit of the plan is used up."),
}
"""The responses that operations share: name and description by status."""

IDEMPOTENCY: Final = {"$ref": "#/components/parameters/IdempotencyKey"}


def answer(description: str, schema: Schema) -> dict[str, Any]:
    """A response with JSON."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def ref(schema: str) -> Schema:
    """One of the document's schemas."""
    return {"$ref": f"#/components/schemas/{schema}"}


def article(noun: str) -> str:
    """The indefinite one of an English noun."""
    return "an" if noun[:1] in "aeiou" else "a"
