"""Odoo's names, domains and orders as a contract may write them. Each checker gives a fault, or an empty text."""

import re
from collections.abc import Sequence
from typing import Any, Final

from contracts.documents.builder import quote
from contracts.openapi.odoo.claims import claim_fault

_MODEL: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_FIELD: Final = re.compile(r"[a-z][A-Za-z0-9_]*")
_METHOD: Final = re.compile(r"[a-z][A-Za-z0-9_]*")
_ORDER: Final = re.compile(r"([a-z][A-Za-z0-9_]*)( asc| desc)?")

COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=", "like", "not like", "ilike", "not ilike", "=like", "=ilike")
MEMBERSHIPS: Final = ("in", "not in")
HIERARCHIES: Final = ("child_of", "parent_of")

# Methods of Odoo's base model that change who or what a call speaks for; Odoo 17 and later refuse them by RPC.
_NOT_CALLABLE: Final = frozenset(
    (
        *("browse", "sudo", "with_user", "with_env", "with_context", "with_company", "with_prefetch"),
        *("init", "mapped", "filtered", "filtered_domain", "sorted", "flush", "invalidate_cache", "modified"),
    )
)
# These are actions of their own, with a mapping that says which fields pass.
_ACTIONS_INSTEAD: Final = frozenset(
    (
        *("create", "write", "unlink", "copy", "read", "search", "search_read", "search_count", "load"),
        *("export_data", "web_read", "web_save", "web_search_read", "name_create", "read_group"),
    )
)


def model_fault(name: Any) -> str:
    """Of a model's technical name, such as `sale.order`."""
    return (
        "" if isinstance(name, str) and _MODEL.fullmatch(name) else f"{_shown(name)} is no name of an Odoo model"
    )


def field_fault(name: Any, *, dotted: bool = False) -> str:
    """Of a field's name; `dotted` admits a path through relations, such as `partner_id.country_id`."""
    parts = name.split(".") if isinstance(name, str) and dotted else [name]
    if all(isinstance(part, str) and _FIELD.fullmatch(part) for part in parts):
        return ""
    return f"{_shown(name)} is no name of a public Odoo field"


def method_fault(name: Any) -> str:
    """Of a method that the action `call` runs on one record."""
    if isinstance(name, str) and name.startswith("_"):
        return f"the method {quote(name)} is private in Odoo (it starts with `_`)"
    if not isinstance(name, str) or not _METHOD.fullmatch(name):
        return f"{_shown(name)} is no name of an Odoo method"
    if name in _NOT_CALLABLE:
        return f"the method {quote(name)} is private in Odoo"
    if name in _ACTIONS_INSTEAD:
        return f"the method {quote(name)} would pass by the mapping; use one of the other actions"
    return ""


def order_fault(text: Any) -> str:
    """Of an order such as `date_order desc, id desc`."""
    if isinstance(text, str) and all(_ORDER.fullmatch(part.strip()) for part in text.split(",")):
        return ""
    return f"{_shown(text)} is no order such as `date_order desc, id`"


def domain_fault(domain: Any) -> tuple[str, int | None]:
    """Of a domain in prefix notation; also the index of the term at fault, if it is one term's."""
    if not isinstance(domain, list):
        return "a domain is an array of terms and of `&`, `|`, `!`", None
    for index, term in enumerate(domain):
        if term in ("&", "|", "!"):
            continue
        if fault := _term_fault(term):
            return fault, index
    # From the right, an operator takes its operands off the stack; what is left is joined by `&`.
    depth = 0
    for index in range(len(domain) - 1, -1, -1):
        needed = {"&": 2, "|": 2, "!": 1}.get(domain[index], 0) if isinstance(domain[index], str) else 0
        if depth < needed:
            return f"the operator {quote(domain[index])} lacks an operand", index
        depth += 1 - needed
    return "", None


def _term_fault(term: Any) -> str:
    if not isinstance(term, list) or len(term) != 3:
        return "a domain's term is `[field, operator, value]`"
    field, operator, value = term
    if fault := field_fault(field, dotted=True):
        return fault
    known: Sequence[str] = (*COMPARISONS, *MEMBERSHIPS, *HIERARCHIES)
    if operator not in known:
        return f"{_shown(operator)} is none of Odoo's operators ({', '.join(known)})"
    if isinstance(value, dict):
        return claim_fault(field, operator, value)
    values = value if isinstance(value, list) else [value]
    if operator in MEMBERSHIPS and not isinstance(value, list):
        return f"the operator {quote(operator)} takes an array"
    if any(isinstance(item, dict | list) for item in values):
        return "a domain compares with plain values"
    return ""


def _shown(value: Any) -> str:
    return quote(value if isinstance(value, str) else str(value))
