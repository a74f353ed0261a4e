"""A field's schema, in the answer and in a request, and its part of the mapping (`x-ostiary-odoo`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from catalog.odoo.facts import FieldFacts
from catalog.odoo.naming import property_of, reference_of
from catalog.odoo.wanted import WantedField, WishError

MOST_ID: Final = 2_147_483_647
"""Odoo's ids are 32-bit integers."""

_TEXT: Final = {"char": 1_024, "text": 65_536, "html": 65_536}
"""Characters that a request may have where Odoo has no bound of its own."""

_MOST_ITEMS: Final = 200
_MOST_NUMBER: Final = 1e15
_NEVER_WRITTEN: Final = frozenset(("id", "create_date", "create_uid", "write_date", "write_uid", "display_name"))

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an Odoo field. `answer` and `request` are its schemas, None where it is not there; `inner`
    are the properties of the records in it."""

    name: str
    facts: FieldFacts
    answer: Schema | None
    request: Schema | None
    required: bool = False
    """In a request that creates."""
    inner: "tuple[Property, ...]" = ()


def properties_of(fields: Sequence[WantedField], currencies: bool = True) -> tuple[Property, ...]:
    """The properties of a record, its id first, and with each amount its currency. Raises WishError for two of one
    name."""
    found = [Property("id", FieldFacts("id", "integer", "ID"), _identifier("Its number in Odoo."), None)]
    for wanted in fields:
        if wanted.facts.name != "id" and wanted.facts.type != "binary":
            found += _properties(wanted)
    if currencies:
        found += _currencies(fields, {each.facts.name for each in found})
    first: dict[str, Property] = {}
    for each in found:
        if first.setdefault(each.name, each) is not each:
            fields_of_both = f"{first[each.name].facts.name!r} and {each.facts.name!r}"
            raise WishError(f"--fields: {fields_of_both} would both be the property {each.name!r}")
    return tuple(found)


def object_of(properties: Iterable[Property], description: str) -> Schema:
    """The schema of a record in an answer. All properties are there, empty ones as null."""
    shown = {each.name: each.answer for each in properties if each.answer is not None}
    return {"type": "object", "description": description, "required": list(shown), "properties": shown}


def request_of(properties: Iterable[Property], description: str, *, creating: bool) -> Schema:
    """The schema of a record in a request: closed, and for a change with one property at least."""
    taken = [each for each in properties if each.request is not None]
    schema: Schema = {"type": "object", "description": description, "additionalProperties": False}
    required = [each.name for each in taken if each.required]
    if creating and required:
        schema["required"] = required
    if not creating:
        schema["minProperties"] = 1
    schema["properties"] = {each.name: each.request for each in taken}
    return schema


def mapping_of(
    properties: Iterable[Property], *, reading: bool, writing: bool, merge: bool = False
) -> dict[str, Any]:
    """The `fields` of a mapping, of those that the operation's schemas have. With `merge` the records of a list
    that a change does not name stay."""
    return {
        each.name: _mapped(each, reading=reading, writing=writing, merge=merge)
        for each in properties
        if (reading and each.answer is not None) or (writing and each.request is not None)
    }


def _mapped(each: Property, *, reading: bool, writing: bool, merge: bool) -> Any:
    field = each.facts.name
    if each.inner:
        taken = writing and each.request is not None
        nested = mapping_of(each.inner, reading=reading, writing=taken, merge=merge)
        merged = {"write": "merge"} if taken and merge else {}
        return {"field": field, "model": each.facts.relation, **merged, "fields": nested}
    if each.facts.type in ("one2many", "many2many") and field.endswith("_id"):
        return {"field": field, "as": "ids"}  # called as a many2one is
    return field


def _properties(wanted: WantedField) -> list[Property]:
    facts = wanted.facts
    name = property_of(facts.name, facts.type)
    about = _description(facts)
    writable = wanted.taken and not facts.readonly and facts.name not in _NEVER_WRITTEN
    if facts.type == "many2one":
        answer = _nullable(
            {
                "type": "object",
                "description": about,
                "required": ["id", "name"],
                "properties": {"id": _identifier(), "name": {"type": "string"}},
            },
            facts,
        )
        found = [Property(name, facts, answer, None)] if wanted.shown else []
        if writable:
            request = _nullable(_identifier(about), facts)
            found.append(Property(reference_of(name), facts, None, request, required=_needed(facts)))
        return found
    if wanted.nested:
        return _present(_records(name, about, wanted, writable))
    if facts.type in ("one2many", "many2many"):
        ids: Schema = {"type": "array", "description": about, "items": _identifier()}
        taken = {**ids, "maxItems": _MOST_ITEMS} if writable and facts.type == "many2many" else None
        return _present(Property(name, facts, ids if wanted.shown else None, taken))
    answer, request = _plain(facts, about)
    shown, taken = (answer if wanted.shown else None), (request if writable else None)
    return _present(Property(name, facts, shown, taken, _needed(facts) and writable))


def _present(made: Property) -> list[Property]:
    """None where neither answers nor requests have it."""
    return [] if made.answer is None and made.request is None else [made]


def _records(name: str, about: str, wanted: WantedField, writable: bool) -> Property:
    facts = wanted.facts
    # Their amounts are in the currency of the record that they belong to.
    inner = properties_of(wanted.nested, currencies=False)
    answer: Schema = {"type": "array", "description": about, "items": object_of(inner, f"One of {facts.label}.")}
    request: Schema | None = None
    if writable and facts.type == "one2many":
        item = request_of(inner, f"One of {facts.label}.", creating=True)
        item["properties"] = {"id": _identifier("Of one that is there already."), **item["properties"]}
        item.pop("required", None)  # a change of one that is there names what it changes
        request = {"type": "array", "description": about, "maxItems": _MOST_ITEMS, "items": item}
    shown = answer if wanted.shown else None
    return Property(name, facts, shown, request, _needed(facts) and request is not None, inner)


def _plain(facts: FieldFacts, about: str) -> tuple[Schema, Schema]:
    """In the answer, and in a request: what is sent is bounded."""
    match facts.type:
        case "boolean":
            schema: Schema = {"type": "boolean", "description": about}
            return schema, schema
        case "integer":
            schema = {"type": "integer", "description": about}
            return schema, {**schema, "minimum": -MOST_ID - 1, "maximum": MOST_ID}
        case "float" | "monetary":
            schema = {"type": "number", "description": about}
            return schema, {**schema, "minimum": -_MOST_NUMBER, "maximum": _MOST_NUMBER}
        case "date" | "datetime":
            form = "date" if facts.type == "date" else "date-time"
            schema = _nullable({"type": "string", "format": form, "description": about}, facts)
            return schema, {**schema, "maxLength": 10 if facts.type == "date" else 64}
        case "selection":
            schema = {"type": "string", "description": about}
            if facts.selection:
                schema["enum"] = [key for key, _ in facts.selection]
            schema = _nullable(schema, facts)
            return schema, schema if facts.selection else {**schema, "maxLength": 255}
        case _:
            schema = _nullable({"type": "string", "description": about}, facts)
            request = {**schema, "maxLength": facts.size or _TEXT[facts.type]}
            if facts.required:
                request["minLength"] = 1
            return schema, request


def _currencies(fields: Sequence[WantedField], there: set[str]) -> list[Property]:
    """An amount without its currency is a number: it goes with the amounts, unless it was named anyhow."""
    named = {each.facts.currency or "currency_id" for each in fields if each.facts.type == "monetary"} - there
    return [
        Property(
            property_of(field, "many2one"),
            FieldFacts(field, "many2one", "Currency", readonly=True, relation="res.currency"),
            {"type": ["string", "null"], "description": "The currency of the amounts (ISO 4217)."},
            None,
        )
        for field in sorted(named)
    ]


def _needed(facts: FieldFacts) -> bool:
    """Whether a request that creates has to say it."""
    return facts.required and not facts.defaulted


def _identifier(description: str = "") -> Schema:
    schema: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_ID}
    return {**schema, "description": description} if description else schema


def _nullable(schema: Schema, facts: FieldFacts) -> Schema:
    """Odoo says `false` of whatever is empty, and so null is among the types of what need not be there."""
    if facts.required:
        return schema
    changed = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        changed["enum"] = [*schema["enum"], None]
    return changed


def _description(facts: FieldFacts) -> str:
    """Odoo's help, or the label; of a selection, what its values mean."""
    text = " ".join(facts.help.split()) or facts.label
    text = text if text.endswith((".", "!", "?")) else text + "."
    meanings = "; ".join(f"`{key}`: {label}" for key, label in facts.selection)
    return f"{text} {meanings}." if meanings else text


def plain_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without its description, for a place that has one of its own."""
    return {key: value for key, value in found.items() if key != "description"}
