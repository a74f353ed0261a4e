"""From a request's query to Odoo's search: the domain, the page and the order. Pure.

A domain is a list in prefix notation (`["|", A, B, C]` is `(A or B) and C`). The forced part stands first and
is checked to be whole, so that nothing a request adds can become an operand of one of its operators.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.operations import OdooBackend, OdooFilter
from gateway.upstreams.odoo.cursors import behind
from gateway.upstreams.odoo.values import UnfitError, to_odoo, utc
from policies.exchange import Violation

Domain = list[Any]

_ARITY: Final = {"&": 2, "|": 2, "!": 1}
_OF_LISTS: Final = frozenset({"in", "not in"})
# Odoo compares whole seconds: `< 10:00:00.5` is `< 10:00:01`, `>= 10:00:00.5` is `>= 10:00:01`.
_ROUNDS_UP: Final = frozenset({"<", ">="})


@dataclass(frozen=True, slots=True)
class Page:
    """What a list operation asks for. A `limit` of 0 asks for no record (Odoo itself would give all)."""

    conditions: Domain
    limit: int
    offset: int
    order: str
    behind: Domain
    """Conditions that a cursor adds: they choose the page, and not what is counted."""


def is_whole(domain: Sequence[Any]) -> bool:
    """Whether each operator of the domain has its operands within it."""
    wanted = 0
    for term in reversed(domain):
        arity = _ARITY.get(term) if isinstance(term, str) else None
        if arity is None:
            if not isinstance(term, list | tuple) or len(term) != 3:
                return False
            wanted += 1
        elif wanted < arity:
            return False
        else:
            wanted -= arity - 1
    return True


def forced(domain: Sequence[Any], conditions: Domain) -> Domain:
    """Both at once: the contract's domain, and what is asked within it. Raises ValueError if it is not whole."""
    if not is_whole(domain):
        raise ValueError("the contract's domain is not whole")
    return [*domain, *conditions]


def page(backend: OdooBackend, query: Mapping[str, Any]) -> tuple[Page, list[Violation]]:
    """What `query` (decoded values by name) asks of a list operation, and what of it cannot be asked."""
    violations: list[Violation] = []
    conditions: Domain = []
    for entry in backend.filters:
        conditions += _condition(entry, query, violations)
    limit = _count(query, backend.limit_parameter, backend.default_limit, violations)
    if limit > backend.maximum_limit:
        # Not cut to the maximum: a client that steps by its own limit would skip records and not know.
        message = f"must be at most {backend.maximum_limit}"
        violations.append(Violation("query", pointer(backend.limit_parameter or ""), "maximum", message))
    offset = _count(query, backend.offset_parameter, 0, violations)
    order = _order(backend, query, violations)
    return Page(conditions, limit, offset, order, _behind(backend, query, order, offset, violations)), violations


def _behind(
    backend: OdooBackend, query: Mapping[str, Any], order: str, offset: int, violations: list[Violation]
) -> Domain:
    name = backend.cursor_parameter
    cursor = None if name is None else query.get(name)
    if name is None or cursor is None:
        return []
    if offset:
        violations.append(Violation("query", pointer(name), "cursor", "goes without an offset"))
        return []
    try:
        return behind(backend, order, cursor)
    except UnfitError as unfit:
        violations.append(Violation("query", pointer(name), unfit.rule, unfit.message))
        return []


def pointer(*tokens: str) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def _condition(entry: OdooFilter, query: Mapping[str, Any], violations: list[Violation]) -> Domain:
    value = query.get(entry.parameter)
    if entry.property is not None:
        value = value.get(entry.property) if isinstance(value, dict) else None
    if value is None:
        return []
    try:
        if entry.operator in _OF_LISTS:
            values = value if isinstance(value, list) else [value]
            return [[entry.field, entry.operator, [_operand(entry, item) for item in values]]]
        return [[entry.field, entry.operator, _operand(entry, value)]]
    except UnfitError as unfit:
        tokens = (entry.parameter,) if entry.property is None else (entry.parameter, entry.property)
        violations.append(Violation("query", pointer(*tokens), unfit.rule, unfit.message))
        return []


def _operand(entry: OdooFilter, value: Any) -> Any:
    if entry.value == "datetime" and isinstance(value, str):
        return utc(value, up=entry.operator in _ROUNDS_UP)
    if entry.value == "reference-name":
        return to_odoo("text", value)  # Odoo looks a many2one up by its display name
    if entry.value in ("reference", "ids", "records"):
        return to_odoo("reference-id", value)  # a query names a record by its id
    return to_odoo(entry.value, value)


def _count(query: Mapping[str, Any], name: str | None, default: int, violations: list[Violation]) -> int:
    value = default if name is None else query.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**31 - 1:
        return value
    violations.append(Violation("query", pointer(name or ""), "minimum", "must be an integer, at least 0"))
    return default


def _order(backend: OdooBackend, query: Mapping[str, Any], violations: list[Violation]) -> str:
    """Odoo's order. It ends with `id`, so that pages neither repeat nor skip a record among equals."""
    asked = None if backend.sort_parameter is None else query.get(backend.sort_parameter)
    items = asked.split(",") if isinstance(asked, str) else asked
    if not items:
        return _with_id(backend.order)
    allowed = dict(backend.sort_fields)
    terms: list[str] = []
    for item in items:
        name = item.removeprefix("-") if isinstance(item, str) else ""
        if name not in allowed:
            message = "must name fields that the contract allows to sort by"
            violations.append(Violation("query", pointer(backend.sort_parameter or ""), "enum", message))
            return _with_id(backend.order)
        terms.append(allowed[name] + (" desc" if item.startswith("-") else ""))
    return _with_id(", ".join(terms))


def _with_id(order: str) -> str:
    terms = [term.strip() for term in order.split(",") if term.strip()]
    if not any(term.split()[0] == "id" for term in terms):
        terms.append("id")
    return ", ".join(terms)
