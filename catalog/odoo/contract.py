"""An OpenAPI 3.1 contract of the models that were named."""

from collections.abc import Sequence
from typing import Any

from catalog.odoo.operations import Resource
from catalog.odoo.shared import REFUSALS

_VIOLATION = {
    "type": "object",
    "required": ["in", "pointer", "rule", "message"],
    "properties": {
        "in": {"type": "string", "enum": ["path", "query", "header", "cookie", "body"]},
        "pointer": {"type": "string"},
        "rule": {"type": "string"},
        "message": {"type": "string"},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "violations": {"type": "array", "items": _VIOLATION},
    },
}


def contract_of(title: str, base_path: str, contact: str, resources: Sequence[Resource]) -> dict[str, Any]:
    """The whole document."""
    nouns = [resource.many.replace("-", " ") for resource in resources]
    every = ", ".join(nouns[:-1]) + (f" and {nouns[-1]}" if len(nouns) > 1 else nouns[-1])
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    scopes: dict[str, str] = {}
    for resource in resources:
        paths |= resource.paths()
        schemas |= resource.schemas()
        scopes |= resource.scopes
    used = str(paths)
    parameters = {} if "IdempotencyKey" not in used else {"parameters": {"IdempotencyKey": _idempotency_key()}}
    refusals = {name: _refusal(status, text) for status, (name, text) in REFUSALS.items() if f"/{name}'" in used}
    flow = {"tokenUrl": "/oauth/token", "scopes": scopes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1.0.0",
            "summary": f"The {every} of our Odoo.",
            "description": f"Read {every}, and change them where an operation says so. Empty properties are null.",
            "contact": {"name": title, "email": contact},
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
        },
        "servers": [{"url": base_path, "description": "Behind the gateway"}],
        "tags": [
            {
                "name": resource.many,
                "description": f"{resource.wanted.model.label}, by `{resource.wanted.model.name}`.",
            }
            for resource in resources
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {"oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}}},
            **parameters,
            "responses": refusals,
            "schemas": {**schemas, "Problem": _PROBLEM},
        },
    }


def _refusal(status: str, description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    response: dict[str, Any] = {"description": description}
    if status == "429":
        seconds = {"type": "integer", "minimum": 1, "maximum": 31_622_400}
        response["headers"] = {
            "Retry-After": {"description": "Seconds until it is worth asking again.", "schema": seconds}
        }
    return {**response, "content": {"application/problem+json": {"schema": schema}}}


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A text of the caller's own, in quotation marks: what is sent again with it is done once.",
        "schema": {"type": "string", "minLength": 3, "maxLength": 255},
    }
