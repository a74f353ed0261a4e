"""Requests and answers of an operation as one JSON value each, and the schemas of all that its contract admits."""

from typing import Any, Final

from contracts.operations import JsonSchema, MediaType, Operation
from policies.adapting.requests import PLACES
from policies.validation.media_types import declares_json
from policies.validation.parameters import RESERVED_HEADERS

_TEXTS: Final = {
    "path": r"^([^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*|\.[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*"
    r"|\.\.[^/\\\x00-\x1f\x7f]+)$",
    "header": r"^[^\x00-\x1f\x7f]*$",
}
"""What text can be: a segment of a path that is no dot segment, and a line of a header field."""
_SAFE: Final = ("integer", "number", "boolean")
_NO_TEXT: Final = ["null", "boolean", "number", "array", "object"]


def request_schema(operation: Operation, *, open_to_others: bool = False) -> JsonSchema:
    """Of requests as `RequestAdapter` has them. `open_to_others`: parameters beside the contract's are ignored."""
    members: dict[str, Any] = {}
    for place in PLACES[:-1]:
        own = [each for each in operation.parameters if each.location == place]
        own = [each for each in own if place != "header" or each.name.lower() not in RESERVED_HEADERS]
        members[place] = {
            "type": "object",
            "properties": {each.name: _within(each.schema, _TEXTS.get(place)) for each in own},
            "required": [each.name for each in own if each.required],
            "additionalProperties": open_to_others,
        }
    required = list(members)
    if operation.body is not None:
        schema = json_of(operation.body.content)
        if schema is not None:
            members["body"] = schema
            if operation.body.required:
                required.append("body")
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _within(schema: JsonSchema, pattern: str | None) -> JsonSchema:
    """As far as it can stand in its place of a request: see `policies.parameter_writing`."""
    if pattern is None or (isinstance(schema, dict) and schema.get("type") in _SAFE):
        return schema
    return {"allOf": [schema, {"anyOf": [{"type": _NO_TEXT}, {"type": "string", "pattern": pattern}]}]}


def answer_schema(body: JsonSchema) -> JsonSchema:
    """Of answers as `AnswerAdapter` has them."""
    return {"type": "object", "properties": {"body": body}, "required": ["body"], "additionalProperties": False}


def json_of(content: tuple[MediaType, ...]) -> JsonSchema | None:
    """What JSON a body may be; None where it is never JSON."""
    schemas = [True if each.schema is None else each.schema for each in content if declares_json(each.range)]
    if not schemas:
        return None
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def status_schemas(operation: Operation) -> dict[str, JsonSchema | None]:
    """By status as the contract has it, what JSON an answer may be."""
    return {each.status.upper(): json_of(each.content) for each in operation.responses}
