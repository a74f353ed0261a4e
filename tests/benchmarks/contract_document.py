"""A large contract as a company would write it, and its successor: what diff and lint are measured with.

Every four operations have a resource with schemas of its own, which refer to shared ones: nested objects, lists,
maps, enums, compositions with a discriminator, and trees that hold themselves. The same seed gives the same text.
"""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import yaml

Json = dict[str, Any]

OPERATIONS = 1_000
BYTES = 5_000_000
CHANGES = 100
_TEXT = (
    "account address agreement amount article asset balance batch bill booking branch budget campaign carrier "
    "cart category channel charge claim client code company contact container contract country coupon credit "
    "currency customer delivery deposit device discount document employee entry event expense fee file "
    "freight group holder invoice item journal label ledger line location lot machine market message method "
    "mileage note notice number offer office order origin owner package parcel partner payment period permit "
    "person phone picking place plan plant point policy position price product project promise proof quantity "
    "quote rate reason receipt record refund region release rental report request reserve return review risk "
    "route sale sample schedule season serial service shift shipment site source stage stock store supplier "
    "survey task tax team term ticket token trade transfer unit user value variant vendor visit voucher "
    "warehouse warranty week weight window worker zone"
)
_WORDS = tuple(_TEXT.split())


def document(operations: int = OPERATIONS, least_bytes: int = BYTES, seed: int = 4) -> Json:
    """A sound OpenAPI 3.1 document. What is missing to `least_bytes` (of JSON, indented by two) is prose."""
    chance = random.Random(seed)
    resources = [_name(number) for number in range((operations + 3) // 4)]
    schemas = _shared()
    paths: Json = {}
    for number, name in enumerate(resources):
        schemas |= _schemas(name, resources[number - 1], chance)
        item = f"/{name.lower()}s/{{id}}"
        paths[f"/{name.lower()}s"] = {"get": _list(name, chance), "post": _create(name)}
        paths[item] = {"parameters": [_id()], "get": _get(name), "patch": _update(name)}
    left = operations - 4 * len(resources)
    for path in list(paths)[left:] if left else ():
        paths[path].popitem()
    made: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Everything", "version": "1.0.0", "description": "All resources of a company."},
        "servers": [{"url": "https://api.example.com/v1"}],
        "security": [{"oauth": ["read"]}],
        "tags": [{"name": name, "description": f"All about a {name.lower()}."} for name in resources],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": _parameters(),
            "responses": _responses(),
            "securitySchemes": {"oauth": _oauth()},
        },
    }
    _fill(made, least_bytes, chance)
    return made


def successor(base: Json, changes: int = CHANGES, seed: int = 5) -> Json:
    """The document with so many changes, of every grave and harmless kind: one in a resource, and no more than
    there are resources."""
    made, chance = copy.deepcopy(base), random.Random(seed)
    entities = [name for name in made["components"]["schemas"] if f"{name}Create" in made["components"]["schemas"]]
    for number, name in enumerate(chance.sample(entities, min(changes, len(entities)))):
        _CHANGES[number % len(_CHANGES)](made, name, chance)
    made["info"]["version"] = "2.0.0"
    return made


def as_json(made: Json) -> str:
    return json.dumps(made, indent=2)


def as_yaml(made: Json) -> str:
    """In block style without aliases, as people write it."""
    return yaml.dump(made, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _name(number: int) -> str:
    first, second = divmod(number, len(_WORDS))
    return _WORDS[second].capitalize() + (_WORDS[(first * 7) % len(_WORDS)].capitalize() if first else "")


def _reference(name: str, kind: str = "schemas") -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def _shared() -> Json:
    return {
        "Money": {
            "type": "object",
            "description": "An amount with its currency.",
            "required": ["amount", "currency"],
            "properties": {
                "amount": {"type": "number", "multipleOf": 0.01},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "minLength": 3, "maxLength": 3},
            },
            "additionalProperties": False,
        },
        "Problem": {
            "type": "object",
            "description": "What went wrong (RFC 9457).",
            "required": ["type", "title", "status"],
            "properties": {
                "type": {"type": "string", "format": "uri", "maxLength": 500},
                "title": {"type": "string", "maxLength": 200},
                "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
                "detail": {"type": "string", "maxLength": 2000},
            },
        },
        "Category": {
            "type": "object",
            "description": "A tree of categories.",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "maxLength": 80},
                "children": {"type": "array", "maxItems": 100, "items": _reference("Category")},
                "parent": {"anyOf": [_reference("Category"), {"type": "null"}]},
            },
        },
        "Filter": {
            "description": "A condition, or several of them joined.",
            "oneOf": [_reference("Comparison"), _reference("Junction")],
            "discriminator": {"propertyName": "kind"},
        },
        "Comparison": {
            "type": "object",
            "required": ["kind", "field", "value"],
            "properties": {
                "kind": {"const": "Comparison"},
                "field": {"type": "string", "maxLength": 60},
                "value": {"type": ["string", "number", "boolean", "null"]},
            },
        },
        "Junction": {
            "type": "object",
            "required": ["kind", "of"],
            "properties": {
                "kind": {"const": "Junction"},
                "all": {"type": "boolean"},
                "of": {"type": "array", "minItems": 1, "maxItems": 20, "items": _reference("Filter")},
            },
        },
        "Page": {
            "type": "object",
            "required": ["total"],
            "properties": {
                "total": {"type": "integer", "format": "int64", "minimum": 0},
                "next": {"type": ["string", "null"], "maxLength": 200},
            },
        },
    }


def _schemas(name: str, neighbour: str, chance: random.Random) -> Json:
    properties: Json = {
        "id": {"type": "integer", "format": "int64", "minimum": 1, "readOnly": True},
        "state": {"type": "string", "enum": ["draft", "open", "held", "done", "cancelled"]},
        "total": _reference("Money"),
        "category": _reference("Category"),
        "neighbour": {"anyOf": [_reference(f"{neighbour}Key"), {"type": "null"}]},
        "created": {"type": "string", "format": "date-time", "maxLength": 40, "readOnly": True},
        "labels": {
            "type": "object",
            "maxProperties": 50,
            "additionalProperties": {"type": "string", "maxLength": 60},
        },
        "secret": {"type": "string", "writeOnly": True, "minLength": 8, "maxLength": 64},
    }
    for word in chance.sample(_WORDS, 12):
        properties[f"{word}_value"] = _field(word, chance)
    properties["lines"] = {
        "type": "array",
        "maxItems": 500,
        "items": {
            "type": "object",
            "required": ["number", "price"],
            "properties": {
                "number": {"type": "integer", "format": "int32", "minimum": 1},
                "price": _reference("Money"),
                "note": {"type": ["string", "null"], "maxLength": 500},
            },
            "additionalProperties": False,
        },
    }
    for key, value in properties.items():
        if "$ref" not in value:
            value["description"] = f"The {key.replace('_', ' ')} of the {name.lower()}."
    new = {key: value for key, value in properties.items() if not value.get("readOnly")}
    return {
        name: {
            "type": "object",
            "description": f"A {name}.",
            "required": ["id", "state"],
            "properties": properties,
        },
        f"{name}Key": {
            "type": "object",
            "description": f"What identifies a {name}.",
            "required": ["id"],
            "properties": {"id": {"type": "integer", "format": "int64", "minimum": 1}},
        },
        f"{name}Create": {
            "type": "object",
            "description": f"A new {name}.",
            "required": ["state", "total"],
            "properties": copy.deepcopy(new),
        },
        f"{name}Page": {
            "description": f"A page of {name}.",
            "allOf": [
                _reference("Page"),
                {
                    "type": "object",
                    "required": ["items"],
                    "properties": {"items": {"type": "array", "maxItems": 200, "items": _reference(name)}},
                },
            ],
        },
    }


def _field(word: str, chance: random.Random) -> Json:
    return chance.choice(
        (
            {"type": "string", "maxLength": chance.choice((20, 60, 200))},
            {"type": "integer", "format": "int32", "minimum": 0, "maximum": 1_000_000},
            {"type": "number", "minimum": 0, "exclusiveMaximum": 1e9},
            {"type": "boolean"},
            {"type": "string", "format": "date", "maxLength": 10},
            {"type": ["string", "null"], "pattern": "^[A-Z0-9-]{2,20}$", "maxLength": 20},
            {"type": "string", "enum": [f"{word}_{letter}" for letter in "abcdefgh"]},
            {"type": "array", "maxItems": 20, "uniqueItems": True, "items": {"type": "string", "maxLength": 40}},
            {"oneOf": [{"type": "string", "maxLength": 40}, {"type": "integer", "minimum": 0, "maximum": 99}]},
        )
    )


def _id() -> Json:
    schema = {"type": "integer", "format": "int64", "minimum": 1}
    return {"name": "id", "in": "path", "required": True, "description": "Its number.", "schema": schema}


def _parameters() -> Json:
    return {
        "Limit": {
            "name": "limit",
            "in": "query",
            "description": "How many at most.",
            "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50},
        },
        "Cursor": {
            "name": "cursor",
            "in": "query",
            "description": "Where to go on.",
            "schema": {"type": "string", "maxLength": 200},
        },
    }


def _responses() -> Json:
    titles = {"BadRequest": "Wrong request", "Unauthorized": "No token", "Forbidden": "Not allowed"}
    titles |= {"NotFound": "Not there", "TooMany": "Too many requests"}
    content = {"application/problem+json": {"schema": _reference("Problem")}}
    return {name: {"description": title, "content": copy.deepcopy(content)} for name, title in titles.items()}


def _oauth() -> Json:
    scopes = {"read": "Read everything.", "write": "Change everything.", "admin": "Do everything."}
    flows = {"clientCredentials": {"tokenUrl": "https://id.example.com/token", "scopes": scopes}}
    return {"type": "oauth2", "description": "Our own server.", "flows": flows}


def _operation(name: str, verb: str, success: str, schema: str, **more: Any) -> Json:
    problems = {
        "400": "BadRequest",
        "401": "Unauthorized",
        "403": "Forbidden",
        "404": "NotFound",
        "429": "TooMany",
    }
    content = {"application/json": {"schema": _reference(schema)}}
    return {
        "operationId": f"{verb}{name}",
        "summary": f"{verb.capitalize()} {name}",
        "description": f"{verb.capitalize()} a {name} as far as the caller may.",
        "tags": [name],
        **more,
        "responses": {
            success: {"description": "Done", "content": content},
            **{status: _reference(response, "responses") for status, response in problems.items()},
        },
    }


def _list(name: str, chance: random.Random) -> Json:
    own = [
        {
            "name": f"{word}_is",
            "in": "query",
            "description": f"Only of this {word}.",
            "schema": {"type": "string", "maxLength": 60},
        }
        for word in chance.sample(_WORDS, 4)
    ]
    shared = [_reference("Limit", "parameters"), _reference("Cursor", "parameters")]
    return _operation(name, "list", "200", f"{name}Page", parameters=[*shared, *own])


def _create(name: str) -> Json:
    body = {"required": True, "content": {"application/json": {"schema": _reference(f"{name}Create")}}}
    return _operation(name, "create", "201", name, requestBody=body, security=[{"oauth": ["write"]}])


def _get(name: str) -> Json:
    return _operation(name, "get", "200", name)


def _update(name: str) -> Json:
    part = {"allOf": [_reference(f"{name}Create"), {"type": "object", "minProperties": 1}]}
    body = {"required": True, "content": {"application/merge-patch+json": {"schema": part}}}
    return _operation(name, "update", "200", name, requestBody=body, security=[{"oauth": ["write"]}])


def _fill(made: Json, least_bytes: int, chance: random.Random) -> None:
    """Prose to each operation, evenly, as contracts with a history have it."""
    missing = least_bytes - len(as_json(made))
    operations = [one for item in made["paths"].values() for key, one in item.items() if key != "parameters"]
    if missing <= 0:
        return
    each = missing // len(operations) + 20
    for operation in operations:
        text: list[str] = []
        length = 0
        while length < each:
            text.append(chance.choice(_WORDS))
            length += len(text[-1]) + 1
        operation["description"] += " Also of note: " + " ".join(text) + "."


def _entity(made: Json, name: str) -> Json:
    found: Json = made["components"]["schemas"][name]["properties"]
    return found


def _new(made: Json, name: str) -> Json:
    found: Json = made["components"]["schemas"][f"{name}Create"]["properties"]
    return found


def _listing(made: Json, name: str) -> Json:
    found: Json = made["paths"][f"/{name.lower()}s"]["get"]
    return found


_CHANGES: tuple[Callable[[Json, str, random.Random], Any], ...] = (
    lambda made, name, chance: _entity(made, name).update(added={"type": "string", "maxLength": 20}),
    lambda made, name, chance: _new(made, name).update(added={"type": "string", "maxLength": 20}),
    lambda made, name, chance: _entity(made, name)["state"]["enum"].append("late"),
    lambda made, name, chance: _new(made, name)["state"]["enum"].remove("held"),
    lambda made, name, chance: _new(made, name)["secret"].update(minLength=12),
    lambda made, name, chance: _entity(made, name).pop("neighbour"),
    lambda made, name, chance: made["components"]["schemas"][name]["required"].remove("state"),
    lambda made, name, chance: made["components"]["schemas"][f"{name}Create"]["required"].append("category"),
    lambda made, name, chance: _listing(made, name)["parameters"].pop(),
    lambda made, name, chance: _listing(made, name)["parameters"][2].update(required=True),
    lambda made, name, chance: _listing(made, name).update(deprecated=True),
    lambda made, name, chance: _listing(made, name).update(description="Written anew."),
    lambda made, name, chance: _listing(made, name)["responses"].pop("404"),
    lambda made, name, chance: _listing(made, name).update(security=[{"oauth": ["read", "admin"]}]),
    lambda made, name, chance: made["paths"].pop(f"/{name.lower()}s/{{id}}", None),
    lambda made, name, chance: made["paths"].update({f"/new-{name.lower()}": {"get": _get(f"{name}")}}),
    # These say the same in other words.
    lambda made, name, chance: _entity(made, name).update(total={"allOf": [_reference("Money")]}),
    lambda made, name, chance: _new(made, name)["state"]["enum"].reverse(),
    lambda made, name, chance: _entity(made, name)["id"].update(exclusiveMinimum=0),
    lambda made, name, chance: _entity(made, name)["labels"].update(description="Free words."),
)
