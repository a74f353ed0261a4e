"""Functions about `x-ostiary-odoo`: an operation's mapping and the schemas that it fills."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts.lint.functions.base import Check, Context, Fault, Function
from contracts.lint.jsonpath.values import UNDEFINED

_KEY: Final = "x-ostiary-odoo"
_METHODS: Final = {
    "list": ("get",),
    "get": ("get",),
    "create": ("post",),
    "update": ("patch", "put"),
    "delete": ("delete",),
    "call": ("post",),
}
_MOMENT: Final = re.compile(r"(?:.+_)?(?:date|datetime)(?:_.+)?|(?:create|write)_date|.*_(?:on|at)")
_MONEY: Final = re.compile(
    r"amount_.+|.*price_(?:unit|subtotal|total|tax)|list_price|standard_price|(?:.+_)?(?:total|subtotal|debit|credit)"
)
_RELATION: Final = re.compile(r".+_id")


def _mapping(operation: Any, context: Context) -> dict[str, Any]:
    mapping = context.get(operation, _KEY)
    return mapping if isinstance(mapping, dict) else {}


def _fields(fields: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each property with its Odoo field and the keys to it, nested ones too."""
    stack: list[tuple[Any, tuple[str, ...]]] = [(fields, path)]
    while stack:
        members, at = stack.pop()
        for name, field in members.items() if isinstance(members, dict) else ():
            if isinstance(field, str):
                yield name, field, (*at, name)
            elif isinstance(field, dict) and isinstance(field.get("field"), str):
                yield name, field["field"], (*at, name)
                stack.append((field.get("fields"), (*at, name, "fields")))


def _record(operation: Any, mapping: dict[str, Any], context: Context) -> Any:
    """The schema of the record that the operation answers; undefined where there is none."""
    responses = context.get(operation, "responses")
    for status, raw in responses.items() if isinstance(responses, dict) else ():
        if not status.startswith("2"):
            continue
        schema = context.get(context.follow(raw), "content", "application/json", "schema")
        if mapping.get("action") != "list":
            return schema
        items = mapping.get("items")
        array = context.get(schema, "properties", items) if isinstance(items, str) else schema
        return context.get(array, "items")
    return UNDEFINED


def _properties(schema: Any, context: Context, depth: int = 0) -> dict[str, Any]:
    """The properties of a schema, through `allOf`."""
    found: dict[str, Any] = {}
    properties = context.get(schema, "properties")
    if isinstance(properties, dict):
        found.update(properties)
    parts = context.get(schema, "allOf")
    for part in parts if isinstance(parts, list) and depth < 8 else ():
        found.update(_properties(context.follow(part), context, depth + 1))
    return found


def _types(schema: Any, context: Context, depth: int = 0) -> set[str]:
    """The types that a schema admits, through `oneOf` and its kin."""
    kind = context.get(schema, "type")
    found = {each for each in (kind if isinstance(kind, list) else [kind]) if isinstance(each, str)}
    for key in ("oneOf", "anyOf", "allOf"):
        parts = context.get(schema, key)
        for part in parts if isinstance(parts, list) and depth < 8 else ():
            found |= _types(context.follow(part), context, depth + 1)
    return found


def _action_method(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        action = _mapping(value, context).get("action")
        method = str(context.path[-1]) if context.path else ""
        wanted = _METHODS.get(action, ()) if isinstance(action, str) else ()
        if wanted and method not in wanted:
            message = f"The action `{action}` belongs to {' or '.join(wanted).upper()}, not to {method.upper()}"
            yield Fault(message, (*context.path, _KEY, "action"))

    return check


def _moment_format(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        mapping = _mapping(value, context)
        properties = _properties(_record(value, mapping, context), context)
        for name, field, path in _fields(mapping.get("fields"), (_KEY, "fields")):
            schema = context.follow(properties.get(name, UNDEFINED))
            if len(path) > 3 or not _MOMENT.fullmatch(field) or "string" not in _types(schema, context):
                continue
            if context.get(schema, "format") not in ("date", "date-time"):
                message = (
                    f"`{name}` is filled from `{field}`, a date, and has neither format `date-time` nor `date`"
                )
                yield Fault(message, (*context.path, *path))

    return check


def _money_currency(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        mapping = _mapping(value, context)
        fields = list(_fields(mapping.get("fields"), (_KEY, "fields")))
        if any("currency" in field for _, field, _ in fields):
            return
        properties = _properties(_record(value, mapping, context), context)
        for name, field, path in fields:
            schema = context.follow(properties.get(name, UNDEFINED))
            if _MONEY.fullmatch(field) and "number" in _types(schema, context) and len(path) == 3:
                message = f"`{name}` is an amount (`{field}`), and the record does not say in which currency"
                yield Fault(message, (*context.path, *path))
                return

    return check


def _relation_shape(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        mapping = _mapping(value, context)
        properties = _properties(_record(value, mapping, context), context)
        for name, field, path in _fields(mapping.get("fields"), (_KEY, "fields")):
            if len(path) > 3 or not _RELATION.fullmatch(field):
                continue
            schema = context.follow(properties.get(name, UNDEFINED))
            if mapping["fields"][path[2]] == {"field": field, "as": "ids"}:
                continue  # a many2many whose name ends as a many2one's does
            if schema is not UNDEFINED and "array" in _types(schema, context):
                message = f"`{name}` shows the pair `[id, name]` of `{field}`; say an object, an id or a name"
                yield Fault(message, (*context.path, *path))

    return check


def _search_bounded(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        filters = _mapping(value, context).get("filters")
        parameters: dict[str, Any] = {}
        for holder in (context.graph.locate(context.path[:-1]).value, value):
            listed = context.get(holder, "parameters")
            for raw in listed if isinstance(listed, list) else ():
                parameter = context.follow(raw)
                parameters[str(context.get(parameter, "name"))] = context.get(parameter, "schema")
        for name, each in filters.items() if isinstance(filters, dict) else ():
            operator = each.get("operator") if isinstance(each, dict) else None
            least = context.get(parameters.get(name), "minLength")
            if operator in ("like", "ilike", "=like", "=ilike") and not (isinstance(least, int) and least > 0):
                message = (
                    f"`{name}` searches within texts (`{operator}`) and has no `minLength`: empty text finds all"
                )
                yield Fault(message, (*context.path, _KEY, "filters", name))

    return check


def _idempotent(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        if _mapping(value, context).get("action") not in ("create", "call"):
            return
        for holder in (context.graph.locate(context.path[:-1]).value, value):
            listed = context.get(holder, "parameters")
            for raw in listed if isinstance(listed, list) else ():
                if str(context.get(context.follow(raw), "name")).lower() == "idempotency-key":
                    return
        yield Fault("The operation writes and takes no `Idempotency-Key`: who tries again writes twice")

    return check


ODOO: Final[tuple[Function, ...]] = (
    Function("odooActionMethod", "The action of a mapping suits the method.", _action_method),
    Function("odooIdempotent", "An operation that creates or calls takes an `Idempotency-Key`.", _idempotent),
    Function("odooMoment", "What is filled from a date has its format.", _moment_format),
    Function("odooMoney", "A record with an amount has a currency.", _money_currency),
    Function("odooRelation", "A many2one is shown as an object, an id or a name.", _relation_shape),
    Function("odooSearch", "A search within texts asks for some text.", _search_bounded),
)
