"""Which kind of object stands where in an OpenAPI 3 document (OAS 3.0, 3.1, 3.2), for walking one.

Only objects in which a `$ref` can be reached are listed. Values that merely look like objects (examples,
defaults, enumerations, extensions) are left out, so that a `$ref` in them stays plain data.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Many:
    """A mapping or array of objects of one kind."""

    kind: str


Grammar = dict[str, "str | Many"]

SECTIONS: Final[dict[str, str]] = {
    "schemas": "schema",
    "responses": "response",
    "parameters": "parameter",
    "examples": "example",
    "requestBodies": "requestBody",
    "headers": "header",
    "securitySchemes": "securityScheme",
    "links": "link",
    "callbacks": "callback",
    "pathItems": "pathItem",
    "mediaTypes": "mediaType",
}
"""The sections of `components`, and the kind of object in each."""

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

_PARAMETER: Final[Grammar] = {"schema": "schema", "content": Many("mediaType"), "examples": Many("example")}
_SCHEMA: Final[Grammar] = {
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), Many("schema")),
    **dict.fromkeys(
        ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"), Many("schema")
    ),
    **dict.fromkeys(
        (
            *("not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"),
            *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
        ),
        "schema",
    ),
}

GRAMMAR: Final[dict[str, Grammar]] = {
    "openapi": {"paths": Many("pathItem"), "webhooks": Many("pathItem"), "components": "components"},
    "components": {section: Many(kind) for section, kind in SECTIONS.items()},
    "pathItem": {
        "parameters": Many("parameter"),
        **dict.fromkeys(METHODS, "operation"),
        "additionalOperations": Many("operation"),
    },
    "operation": {
        "parameters": Many("parameter"),
        "requestBody": "requestBody",
        "responses": Many("response"),
        "callbacks": Many("callback"),
    },
    "callback": {"*": "pathItem"},
    "parameter": _PARAMETER,
    "header": _PARAMETER,
    "requestBody": {"content": Many("mediaType")},
    "response": {"headers": Many("header"), "content": Many("mediaType"), "links": Many("link")},
    "mediaType": {
        "schema": "schema",
        "itemSchema": "schema",
        "examples": Many("example"),
        "encoding": Many("encoding"),
    },
    "encoding": {"headers": Many("header")},
    "schema": _SCHEMA,
    "example": {},
    "link": {},
    "securityScheme": {},
}
"""By kind: the members to go into. `*` stands for every other member."""

EXTENSIBLE_MAPS: Final = frozenset((("openapi", "paths"), ("operation", "responses"), ("operation", "callbacks")))
"""Mappings (by the kind that holds them) in which `x-…` is an extension and not a name."""


def kind_at(tokens: list[str]) -> str | None:
    """The kind of object at a place of an OpenAPI document (`x-…` in it: any kind, as ``any``); None for none."""
    kind, members_of = "openapi", ""
    for token in tokens:
        if members_of:
            kind, members_of = members_of, ""
            continue
        if token.startswith("x-"):
            return "any"
        rule = GRAMMAR[kind].get(token) or GRAMMAR[kind].get("*")
        if rule is None:
            return None
        if isinstance(rule, Many):
            members_of = rule.kind
        else:
            kind = rule
    return None if members_of else kind
