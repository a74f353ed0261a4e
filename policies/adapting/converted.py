"""What a conversion makes of all instances of a schema, as a schema."""

from decimal import Decimal
from typing import Any, Final, TypeAlias

from contracts.operations import JsonSchema
from policies.mapping.conversions import Conversion, UnconvertibleError, is_number
from policies.mapping.mapping import conversion_of
from policies.mapping.steps import Step

Doubts: TypeAlias = list[str]

_ANY_INTEGER: Final = r"^-?(0|[1-9][0-9]*)$"
_NOT_NEGATIVE: Final = r"^(0|[1-9][0-9]*)$"
_ANY_NUMBER: Final[JsonSchema] = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"}
_DATES: Final[dict[str, JsonSchema]] = {
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
    "odoo": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"},
    "unix": {"type": "integer"},
    "unix-ms": {"type": "integer"},
}
_LAST_SECOND: Final = 253_402_300_799
"""Of the year 9999."""
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_OPPOSITE: Final = {
    "minimum": "maximum",
    "maximum": "minimum",
    "exclusiveMinimum": "exclusiveMaximum",
    "exclusiveMaximum": "exclusiveMinimum",
}


def converted(step: Step, schema: dict[str, Any], doubts: Doubts) -> JsonSchema:
    """Of one alternative of a schema: it has no combinations, and one type at most."""
    kind = schema.get("type")
    if kind == "null":
        return schema
    convert = conversion_of(step)
    if "const" in schema or "enum" in schema or kind == "boolean":
        values = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else [True, False]
        return _each(values, convert, doubts, step)
    if step.kind is not None:
        return _to_kind(step, schema, doubts)
    if step.values is not None:
        if isinstance(step.otherwise, str | int | float | bool) or step.otherwise is None:
            return {"enum": [*step.values.values(), step.otherwise]}
        return _doubt(step, doubts, "may be a value that is not mapped", {"enum": [*step.values.values()]})
    if step.multiply is not None:
        return _multiplied(step, schema, Decimal(repr(step.multiply)), doubts)
    return _redated(step, schema, doubts)


def _doubt(step: Step, doubts: Doubts, why: str, schema: JsonSchema) -> JsonSchema:
    doubts.append(f"{step.convert} {why}")
    return schema


def _each(values: list[Any], convert: Conversion, doubts: Doubts, step: Step) -> JsonSchema:
    found: list[Any] = []
    for value in values:
        try:
            made = convert(value)
        except UnconvertibleError as error:
            doubts.append(f"{step.convert} {error}, where it is one of its values")
            continue
        found.append(float(made) if isinstance(made, Decimal) else made)
    return {"enum": found} if found else False


def _to_kind(step: Step, schema: dict[str, Any], doubts: Doubts) -> JsonSchema:
    kind, target = schema.get("type"), step.kind
    if kind == target or (kind, target) == ("integer", "number"):
        return schema
    if target == "string" and kind == "integer":
        return _digits(schema)
    if target == "string" and kind == "number":
        return _ANY_NUMBER
    return _doubt(step, doubts, f"may have no form as {target}", {"type": target or "string"})


def _digits(schema: dict[str, Any]) -> JsonSchema:
    """The texts of integers, as far as bounds say how long they are."""
    low, high = schema.get("minimum"), schema.get("maximum")
    result: dict[str, Any] = {"type": "string", "pattern": _ANY_INTEGER, "minLength": 1}
    if is_number(low) and low >= 0:
        result["pattern"] = _NOT_NEGATIVE
    if is_number(low) and is_number(high):
        result["maxLength"] = max(len(str(int(low))), len(str(int(high))))
    return result


def _multiplied(step: Step, schema: dict[str, Any], factor: Decimal, doubts: Doubts) -> JsonSchema:
    if schema.get("type") not in ("integer", "number"):
        return _doubt(step, doubts, "may be no number", {"type": "number"})
    whole = schema["type"] == "integer" and factor == factor.to_integral_value()
    result: dict[str, Any] = {"type": "integer" if whole else "number"}
    for key in _BOUNDS:
        if is_number(schema.get(key)):
            bound = float(Decimal(repr(schema[key])) * factor)
            result[key if factor > 0 else _OPPOSITE[key]] = int(bound) if bound.is_integer() else bound
    step_size = schema.get("multipleOf", 1 if schema["type"] == "integer" else None)
    if is_number(step_size):
        size = abs(float(Decimal(repr(step_size)) * factor))
        result["multipleOf"] = int(size) if size.is_integer() else size
    return result


def _redated(step: Step, schema: dict[str, Any], doubts: Doubts) -> JsonSchema:
    assert step.dates is not None
    before, after = step.dates.before, _DATES[step.dates.after]
    if before in ("unix", "unix-ms"):
        last = _LAST_SECOND * (1000 if before == "unix-ms" else 1)
        within = is_number(schema.get("minimum")) and is_number(schema.get("maximum"))
        if within and schema["minimum"] >= 0 and schema["maximum"] <= last and schema.get("type") == "integer":
            return after
    elif before == "odoo":
        if schema.get("pattern") == _DATES["odoo"]["pattern"]:  # type: ignore[index]
            return _doubt(step, doubts, "may be no day of the calendar", after)
    elif schema.get("format") == before and schema.get("type") == "string":
        return after
    return _doubt(step, doubts, f"may be no moment of the form {before!r}", after)
