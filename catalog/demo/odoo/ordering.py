"""Sorting as PostgreSQL sorts for Odoo: case and punctuation count last, empty values come last."""

import re
from functools import partial

from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import UserError
from catalog.demo.odoo.store import Cell

_TERM = re.compile(r"^\s*([\w.]+)(?:\s+(asc|desc))?(?:\s+nulls\s+(?:first|last))?\s*$", re.IGNORECASE)

SortKey = tuple[object, ...]


def parse_order(order: str) -> list[tuple[str, bool]]:
    """`[(field, descending)]` of an order such as `"name desc, id"`.

    Raises:
        UserError: not an order.
    """
    terms: list[tuple[str, bool]] = []
    for part in order.split(","):
        match = _TERM.match(part)
        if match is None:
            raise UserError(
                f'Invalid "order" specified ({order}). A valid "order" specification is a comma-separated '
                "list of valid field names (optionally followed by asc/desc for the direction)"
            )
        terms.append((match[1], (match[2] or "").lower() == "desc"))
    return terms


def sort(env: Environment, model: str, records: list[int], order: str | None) -> list[int]:
    """The records in order, by the model's own where none is asked for.

    Raises:
        ValueError: the order names a field the model has not.
    """
    terms = parse_order(order or env.models[model].order)
    result = sorted(records)
    for name, descending in reversed(terms):
        if name not in env.models[model].fields:
            raise ValueError(f"Invalid field {name!r} on {model!r}")
        # `reverse` keeps the order of equals, and puts the empty values first, as PostgreSQL does.
        result.sort(key=partial(field_key, env, model, name), reverse=descending)
    return result


def field_key(env: Environment, model: str, name: str, record: int) -> SortKey:
    """A key for one field of a record; a many2one sorts as its target does."""
    field = env.models[model].fields[name]
    cell = env.cell(model, record, name)
    if field.type == "many2one":
        if not isinstance(cell, int) or env.store.row(field.relation, cell) is None:
            return (1,)
        target = env.models[field.relation]
        keys: list[object] = [0]
        for key, _ in parse_order(target.order):
            if key != name:
                keys.append(cell_key(env.cell(field.relation, cell, key)))
        return tuple(keys)
    return cell_key(cell)


def cell_key(cell: Cell) -> SortKey:
    if cell is None:
        return (1,)
    if isinstance(cell, str):
        return (0, re.sub(r"\W", "", cell).casefold(), cell)
    if isinstance(cell, list):
        return (0, len(cell))
    return (0, cell)
