"""A domain, an order and what is grouped by, held to the fields that the guard opens."""

import re
from typing import Any, Final

from contracts.odoo_guard import GuardedModel
from policies.rpc.call import RefusedCallError
from policies.rpc.opened import Opened

_ARITY: Final = {"&": 2, "|": 2, "!": 1}
_COMPARISONS: Final = frozenset(
    {"=", "!=", "<", "<=", ">", ">=", "like", "not like", "ilike", "not ilike", "=like", "=ilike"}
)
_MEMBERSHIPS: Final = frozenset({"in", "not in"})
_HIERARCHIES: Final = frozenset({"child_of", "parent_of"})
_RELATIONAL: Final = ("_id", "_uid", "_ids")
_MOST_TERMS: Final = 200
_ORDER: Final = re.compile(r"([A-Za-z0-9_]+)( (?:asc|desc))?", re.IGNORECASE)
_GROUP: Final = re.compile(r"([A-Za-z0-9_]+)(?::(?:day|week|month|quarter|year))?")
_AGGREGATE: Final = re.compile(r"(?:([A-Za-z0-9_]+):)?(sum|avg|min|max|count|count_distinct)\(([A-Za-z0-9_]+)\)")
_SHORT_AGGREGATE: Final = re.compile(r"([A-Za-z0-9_]+)(?::(?:sum|avg|min|max|count|count_distinct))?")


def check_domain(opened: Opened, name: str, domain: Any) -> list[Any]:
    """The domain, if each of its terms compares an open field with plain values, and its operators are whole: none
    of them may take a term of the forced domain for its own. Raises RefusedCallError."""
    if domain is None or domain is False:
        return []
    if not isinstance(domain, list) or len(domain) > _MOST_TERMS:
        raise RefusedCallError(f"A domain is an array of at most {_MOST_TERMS} terms and operators.")
    wanted = 0
    for term in reversed(domain):
        if isinstance(term, str):
            arity = _ARITY.get(term)
            if arity is None or wanted < arity:
                raise RefusedCallError("The domain's operators are not whole.")
            wanted -= arity - 1
        else:
            _check_term(opened, name, term)
            wanted += 1
    return domain


def _check_term(opened: Opened, name: str, term: Any) -> None:
    if not isinstance(term, list) or len(term) != 3:
        raise RefusedCallError("A term of a domain is an array of field, operator and value.")
    path, operator, value = term
    if not isinstance(path, str) or not isinstance(operator, str):
        raise RefusedCallError("A term of a domain has a field and an operator.")
    holder, field = _follow(opened, name, path)
    several = isinstance(value, list)
    for item in value if several else [value]:
        if isinstance(item, list | dict):
            raise RefusedCallError("A domain compares with plain values.")
    relational = field == "id" or field.endswith(_RELATIONAL) or field in holder.relations
    if operator in _HIERARCHIES:
        if not relational:
            raise RefusedCallError(f"The operator {operator!r} is for records.")
    elif operator in _MEMBERSHIPS:
        if not several:
            raise RefusedCallError(f"The operator {operator!r} takes an array.")
    elif operator not in _COMPARISONS or several:
        raise RefusedCallError("The domain has an operator that is not open, or not for an array.")
    texts = any(isinstance(item, str) for item in (value if several else [value]))
    if relational and (texts or "like" in operator):
        # Odoo looks a text up among the names of the records that the field leads to.
        opened.related(holder, field, "display_name")


def _follow(opened: Opened, name: str, path: str) -> tuple[GuardedModel, str]:
    """The model and the field at the end of a path such as `partner_id.country_id`, each step of which is open."""
    model = opened.model(name, "read")
    *steps, field = path.split(".")
    for step in steps:
        model = opened.related(model, step, None)
    opened.readable(model, field)
    return model, field


def check_order(opened: Opened, name: str, order: Any) -> str | None:
    """An order by open fields of the model's own. Raises RefusedCallError."""
    if order is None or order is False or order == "":
        return None
    model = opened.model(name, "read")
    for part in order.split(",") if isinstance(order, str) else [""]:
        match = _ORDER.fullmatch(part.strip())
        if match is None:
            raise RefusedCallError("An order names fields, each with asc or desc.")
        opened.readable(model, match[1])
    return str(order)


def check_groups(opened: Opened, name: str, groups: Any) -> list[str]:
    """What is grouped by: open fields, dates by a span. Raises RefusedCallError."""
    model = opened.model(name, "read")
    several = [groups] if isinstance(groups, str) else groups
    if not isinstance(several, list):
        raise RefusedCallError("What is grouped by is a field, or an array of fields.")
    for each in several:
        match = _GROUP.fullmatch(each) if isinstance(each, str) else None
        if match is None:
            raise RefusedCallError("Groups are made by a field of the model's own, or a span of one.")
        opened.readable(model, match[1])
    return several


def check_aggregates(opened: Opened, name: str, fields: Any) -> list[str]:
    """What is aggregated: open fields, named one by one, as Odoo aggregates every field where none is named."""
    model = opened.model(name, "read")
    if not isinstance(fields, list) or not fields:
        raise RefusedCallError("What is aggregated has to be named.")
    for each in fields:
        if each == "__count":
            continue
        match = _AGGREGATE.fullmatch(each) if isinstance(each, str) else None
        if match is not None:
            opened.readable(model, match[3])
            continue
        match = _SHORT_AGGREGATE.fullmatch(each) if isinstance(each, str) else None
        if match is None:
            raise RefusedCallError("An aggregate is of one field, by one of Odoo's plain functions.")
        opened.readable(model, match[1])
    return fields
