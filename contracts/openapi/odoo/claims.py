"""Terms of a domain whose value is a claim of the caller's token: `[partner_id, "=", {claim: partner_id}]`.

They are what keeps partners apart, so that only comparisons are admitted that a value can narrow and never widen:
no patterns, no negations, and no text for a record, by which Odoo would search names.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts.documents.builder import quote
from contracts.operations import OdooField, is_claimed

_OPERATORS: Final = ("=", "in", "child_of")
_KINDS: Final = ("reference-id", "integer", "text")
_RELATION_ENDINGS: Final = ("_id", "_uid", "_ids")


def claim_fault(field: str, operator: str, value: dict[str, Any]) -> str:
    """Of a term whose value is a mapping; an empty text where it names a claim."""
    claim, kind = value.get("claim"), value.get("as", "text")
    if value.keys() - {"claim", "as"} or not isinstance(claim, str) or not claim:
        return "a domain compares with plain values, or with `{claim: …}`"
    if kind not in _KINDS:
        return f"{quote(str(kind))} is none of {', '.join(_KINDS)}"
    if operator not in _OPERATORS:
        return (
            f"the operator {quote(operator)} could widen a domain by a claim; it is one of {', '.join(_OPERATORS)}"
        )
    if kind != "reference-id" and "as" in value and (operator == "child_of" or _is_relation(field)):
        return f"{quote(field)} is compared with a record's id: `as` is `reference-id`"
    return ""


def with_kinds(domain: Iterable[Any]) -> tuple[Any, ...]:
    """A domain without faults, in which each claim says what it has to be (`as`)."""
    return tuple(_with_kind(term) if is_claimed(term) else term for term in domain)


def write_faults(action: str, domain: tuple[Any, ...], fields: tuple[OdooField, ...]) -> Iterator[str]:
    """Why a record could be written into, or out of, what the caller's claims admit."""
    claimed = [term for term in domain if is_claimed(term)]
    for name in dict.fromkeys(term[0].partition(".")[0] for term in claimed):
        for entry in fields:
            if entry.field == name and entry.writable:
                yield f"{quote(entry.name)} can be written, and a claim forces it: it has to be `readOnly`"
    if action != "create" or not claimed:
        return
    if "|" in domain or "!" in domain:
        yield "a record cannot be created by a claim below `|` or `!`"
    for field, operator, _ in claimed:
        if operator != "=" or "." in field:
            yield f"a record is created with a claim in a field of its own, by `=`: not {quote(field)} {operator}"


def _with_kind(term: Any) -> list[Any]:
    field, operator, value = term
    kind = "reference-id" if operator == "child_of" or _is_relation(field) else "text"
    return [field, operator, {"as": kind, **value}]


def _is_relation(field: str) -> bool:
    name = field.rpartition(".")[2]
    return name == "id" or name.endswith(_RELATION_ENDINGS)
