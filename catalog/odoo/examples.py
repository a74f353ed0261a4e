"""Examples for a contract: of the shape of a record that is there, without anything that tells of a person.

Numbers, dates, choices and the codes of documents are kept. Every other text is replaced by one that fits its
field, and so is the name of whatever a record refers to.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from catalog.odoo.facts import FieldFacts
from catalog.odoo.schemas import Property

_CODE: Final = re.compile(r"[A-Z]{1,6}[-/]?\d{1,10}([-/]\d{1,10}){0,3}")
"""Such as `S00021` and `INV/2026/00007`."""

_TEXTS: Final = (
    (re.compile(r"e?mail"), "jane.doe@example.com"),
    (re.compile(r"phone|mobile|fax"), "+32 2 555 01 23"),
    (re.compile(r"\bvat|_vat|tax_id|company_registry"), "BE0477472701"),
    (re.compile(r"street2"), "Second floor"),
    (re.compile(r"street|address"), "1 Example Street"),
    (re.compile(r"zip|postal"), "1000"),
    (re.compile(r"city|town"), "Brussels"),
    (re.compile(r"website|url"), "https://www.example.com"),
    (re.compile(r"iban|acc_number|bank"), "BE68 5390 0754 7034"),
    (re.compile(r"ref$|reference|code$|number"), "REF-0042"),
)
_NAMES: Final[Mapping[str, str]] = {
    "res.company": "Example Company",
    "res.country": "Belgium",
    "res.currency": "EUR",
    "res.partner": "Example Partner",
    "product.product": "Example product",
}


def answer_example(properties: Iterable[Property], record: Mapping[str, Any] | None) -> dict[str, Any]:
    """A record as an answer has it; `record` is one as Odoo has it."""
    found = record or {}
    return {
        each.name: _answered(each, found.get(each.facts.name, _UNKNOWN))
        for each in properties
        if each.answer is not None
    }


def request_example(
    properties: Iterable[Property], answer: Mapping[str, Any], *, creating: bool
) -> dict[str, Any]:
    """What a request may say: all that it has to, or, of a change, one property."""
    taken = [each for each in properties if each.request is not None]
    chosen = [each for each in taken if each.required] if creating else taken[:1]
    return {each.name: _requested(each, answer) for each in chosen or taken[:1]}


_UNKNOWN: Final = object()


def _answered(each: Property, value: Any) -> Any:
    facts, schema = each.facts, each.answer
    assert schema is not None
    if value is _UNKNOWN or (value is False and facts.type != "boolean"):
        if value is False and "null" in _types(schema):
            return None
        return _made_up(each)
    match facts.type:
        case "many2one":
            number = value[0] if isinstance(value, list) and value else 1
            name = _named(facts)
            return {"id": number, "name": name} if "object" in _types(schema) else name
        case "one2many" | "many2many":
            return _made_up(each)
        case "datetime":
            return str(value)[:19].replace(" ", "T") + "Z"
        case "char" | "text" | "html":
            text = str(value)
            return text if _CODE.fullmatch(text) else _text(facts)
        case _:
            return value


def _made_up(each: Property) -> Any:
    facts, schema = each.facts, each.answer or each.request or {}
    match facts.type:
        case "boolean":
            return True
        case "integer":
            return 1
        case "float" | "monetary":
            return 12.5
        case "date":
            return "2026-03-02"
        case "datetime":
            return "2026-03-02T09:30:00Z"
        case "selection":
            return facts.selection[0][0] if facts.selection else None
        case "many2one":
            return {"id": 7, "name": _named(facts)} if "object" in _types(schema) else _named(facts)
        case "one2many" | "many2many":
            return [_of_schema(schema["items"])]
        case _:
            return _text(facts)


def _of_schema(schema: Mapping[str, Any]) -> Any:
    """Of records in a record, of which nothing was read."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = next(iter(_types(schema)))
    match kind:
        case "object":
            return {name: _of_schema(below) for name, below in schema["properties"].items()}
        case "array":
            return [_of_schema(schema["items"])]
        case "integer":
            return 7
        case "number":
            return 12.5
        case "boolean":
            return True
    return {"date": "2026-03-02", "date-time": "2026-03-02T09:30:00Z"}.get(schema.get("format", ""), "Example")


def _requested(each: Property, answer: Mapping[str, Any]) -> Any:
    assert each.request is not None
    if each.facts.type == "many2one":
        there = answer.get(each.name.removesuffix("_id"))
        return there["id"] if isinstance(there, dict) else 7
    if each.facts.type == "one2many":
        item = {name: below for name, below in each.request["items"]["properties"].items() if name != "id"}
        return [{name: _of_schema(below) for name, below in item.items()}]
    value = answer.get(each.name)
    return _made_up(each) if value is None else value


def _text(facts: FieldFacts) -> str:
    for pattern, text in _TEXTS:
        if pattern.search(facts.name):
            return text[: facts.size or None]
    return f"Example {facts.label.lower()}"[: facts.size or None]


def _named(facts: FieldFacts) -> str:
    return _NAMES.get(facts.relation, f"Example {facts.label.lower()}")


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema["type"]
    return kind if isinstance(kind, list) else [kind]
