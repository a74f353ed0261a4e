"""By what a list is filtered: query parameters, and the conditions of a domain that become of them."""

from collections.abc import Sequence
from typing import Any, Final

from catalog.odoo.facts import FieldFacts
from catalog.odoo.schemas import MOST_ID, Property, Schema, plain_of
from catalog.odoo.wanted import WishError

_RANGES: Final = ("date", "datetime")
_NEVER: Final = frozenset({"one2many", "many2many", "text", "html", "binary"})


def is_filterable(facts: FieldFacts) -> bool:
    """Whether a list can be filtered by a field."""
    return facts.type not in _NEVER and facts.searchable


def filtering(
    properties: Sequence[Property], fields: Sequence[str]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The parameters of a list that is filtered by these fields, and the mapping's `filters`. Raises WishError."""
    parameters: list[dict[str, Any]] = []
    conditions: dict[str, Any] = {}
    for field in fields:
        each = next((one for one in properties if one.facts.name == field and one.answer), None)
        if each is None or each.facts.type in _NEVER:
            raise WishError(f"--filters: {field!r} is none of the fields that a list can be filtered by")
        if not each.facts.searchable:
            raise WishError(f"--filters: Odoo cannot search by {field!r}")
        parameter, found = _condition(each)
        parameters.append(parameter)
        conditions |= found
    return parameters, conditions


def _condition(each: Property) -> tuple[dict[str, Any], dict[str, Any]]:
    facts, answer = each.facts, each.answer
    assert answer is not None
    about = facts.label.lower()
    if facts.type in _RANGES:
        form = "date" if facts.type == "date" else "date-time"
        moment = {"type": "string", "format": form}
        parameter = {
            "name": each.name,
            "in": "query",
            "description": f"Only those whose {about} is in this span, `{each.name}[from]=…&{each.name}[to]=…`.",
            "style": "deepObject",
            "explode": True,
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"from": moment, "to": moment},
            },
        }
        return parameter, {
            f"{each.name}[from]": {"field": facts.name, "operator": ">="},
            f"{each.name}[to]": {"field": facts.name, "operator": "<="},
        }
    if facts.type == "selection" and facts.selection:
        values = [key for key, _ in facts.selection]
        schema: Schema = {
            "type": "array",
            "minItems": 1,
            "maxItems": len(values),
            "uniqueItems": True,
            "items": {"type": "string", "enum": values},
        }
        parameter = {
            "name": each.name,
            "in": "query",
            "description": f"Only those with one of these values of {about}, separated by commas.",
            "style": "form",
            "explode": False,
            "schema": schema,
        }
        return parameter, {each.name: {"field": facts.name, "operator": "in"}}
    name, schema = each.name, dict(plain_of(answer))
    if facts.type == "many2one":
        name, schema = f"{each.name}_id", {"type": "integer", "minimum": 1, "maximum": MOST_ID}
    elif isinstance(schema["type"], list):
        schema["type"] = schema["type"][0]
    if schema["type"] == "string":
        schema |= {"minLength": 1, "maxLength": facts.size or 255}
    parameter = {"name": name, "in": "query", "description": f"Only those with this {about}.", "schema": schema}
    return parameter, {name: {"field": facts.name, "operator": "="}}
