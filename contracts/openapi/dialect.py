"""What OpenAPI says otherwise than JSON Schema 2020-12, said in its keywords.

Whoever validates by a schema and whoever compares two have to read it alike.
"""

from typing import Any, Final

_BOUNDS: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_BASE64: Final = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def modernise(schema: dict[str, Any], *, nullable: bool) -> None:
    """Rewrites, in place, what OAS 3.0 says otherwise. `nullable` is the keyword's value, which may be taken out.

    OAS 3.0.4 §4.7.24.1: `null` joins the type, and only a type that stands in the same schema; an `enum` still has
    to list it.
    """
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if nullable and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]


def apply_format(schema: dict[str, Any]) -> None:
    """Adds, in place, what formats of OpenAPI's registry assert and JSON Schema does not know."""
    found = schema.get("format")
    bounds = _BOUNDS.get(found) if isinstance(found, str) else None
    types = schema.get("type")
    if bounds is not None and (types == "integer" or (isinstance(types, list) and "integer" in types)):
        lower, upper = bounds
        if not (_is_number(schema.get("minimum")) and schema["minimum"] >= lower):
            schema["minimum"] = lower
        if not (_is_number(schema.get("maximum")) and schema["maximum"] <= upper):
            schema["maximum"] = upper
    elif found == "byte" and "pattern" not in schema:
        schema["pattern"] = _BASE64


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
