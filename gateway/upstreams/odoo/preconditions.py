"""Entity tags of records, and the conditions that requests make by them (RFC 9110 §8.8.3 and §13). Pure.

A tag is made of `write_date` and of what is shown. `write_date` alone would not do: Odoo tells it in whole
seconds, and a line of an order, or the name of its customer, changes without it.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Final

from contracts.operations import OdooBackend, OdooField
from contracts.problems import Problem, problem
from gateway.upstreams.odoo.values import MappingError
from policies.exchange import Exchange

CHANGED_AT: Final = "write_date"
"""The field of Odoo's that says when a record was changed last; a view or a model without a log has none."""
STALE: Final = problem("precondition-failed", "The record is not the one that `If-Match` is about; get it again.")
_UNCONDITIONAL: Final = problem("precondition-required", "Send the entity tag of the record in `If-Match`.")

_TAG: Final = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def tag_of(row: dict[str, Any], document: bytes) -> bytes:
    """The strong tag of a record shown as `document`. Raises MappingError where the row does not say its age."""
    changed_at = row.get(CHANGED_AT)
    if not isinstance(changed_at, str):
        raise MappingError(
            "The upstream does not say when the record was changed, which its entity tag is made of."
        )
    digest = hashlib.sha256(changed_at.encode() + b"\n" + document).digest()
    return b'"' + urlsafe_b64encode(digest[:18]) + b'"'


def given(exchange: Exchange, name: bytes) -> bytes | None:
    """A condition's field value as it goes upstream: a policy may have taken it off or changed it."""
    if exchange.forward is None:
        return exchange.fields.get(name)
    values = [value for field, value in exchange.forward.headers if field.lower() == name]
    return b", ".join(values) if values else None


def asked_for(exchange: Exchange, backend: OdooBackend) -> bytes | Problem | None:
    """The `If-Match` that a write depends on; a problem where the contract requires one and there is none."""
    if backend.etag == "none":
        return None
    condition = given(exchange, b"if-match")
    return _UNCONDITIONAL if condition is None and backend.etag == "required" else condition


def matches(condition: bytes, tag: bytes) -> bool:
    """`If-Match`, by the strong comparison (§13.1.1)."""
    return condition.strip() == b"*" or any(not weak and found == tag for weak, found in _TAG.findall(condition))


def is_known(condition: bytes | None, tag: bytes) -> bool:
    """Whether by `If-None-Match` the client has the answer already: the weak comparison (§13.1.2)."""
    if condition is None:
        return False
    return condition.strip() == b"*" or any(found == tag for _, found in _TAG.findall(condition))


def alike(ours: Sequence[OdooField], theirs: Sequence[OdooField]) -> bool:
    """Whether both show a record in the same way."""
    return _shape(ours) == _shape(theirs)


def _shape(fields: Sequence[OdooField]) -> list[Any]:
    return [
        (entry.name, entry.field, entry.value, entry.model, _shape(entry.fields))
        for entry in fields
        if entry.readable
    ]
