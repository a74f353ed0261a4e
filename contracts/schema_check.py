"""Whether every rewritten schema of a contract compiles, with the engine and options that enforcement uses."""

from typing import Any

import jsonschema_rs

from contracts.contract_rules import Report
from contracts.document import Node, escape
from contracts.operations import JsonSchema
from contracts.patterns import REGEX_ENGINE
from contracts.schemas import SchemaBundle


def check_schemas(bundle: SchemaBundle, resource: dict[str, Any], report: Report) -> None:
    """Reports what is no JSON Schema under `schema-invalid`, at its place in the contract."""
    sound = True
    for node, schema in bundle.sources:
        try:
            jsonschema_rs.meta.validate(_with_dialect(schema))
        except jsonschema_rs.ValidationError as error:
            sound = False
            pointer = node.pointer + "".join("/" + escape(str(part)) for part in error.instance_path)
            _add(report, node, pointer, "this is no valid schema: " + _reason(error))
    if not sound:
        return
    schemas = [schema for node, schema in bundle.sources if schema is not True]
    if not _compiles({"allOf": schemas}, bundle.uri, resource):
        for node, schema in bundle.sources:
            if not _compiles(schema, bundle.uri, resource):
                _add(report, node, node.pointer, "this schema does not compile")


def _add(report: Report, node: Node, pointer: str, message: str) -> None:
    # The same fault is often found by the document's validation too.
    if not report.has("openapi-invalid", node.document.file, pointer):
        report.add("schema-invalid", node.document.place(pointer), message)


def _compiles(schema: JsonSchema, uri: str, resource: dict[str, Any]) -> bool:
    try:
        registry = jsonschema_rs.Registry([(uri, resource)])
        jsonschema_rs.Draft202012Validator(
            _relocated(schema, uri), registry=registry, pattern_options=REGEX_ENGINE, validate_formats=True
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return False
    return True


def _relocated(value: Any, uri: str) -> Any:
    """A schema from inside the resource, with absolute references."""
    if isinstance(value, dict):
        return {
            key: uri + member
            if key == "$ref" and isinstance(member, str) and member.startswith("#")
            else _relocated(member, uri)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_relocated(item, uri) for item in value]
    return value


def _with_dialect(schema: JsonSchema) -> JsonSchema:
    return (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        if isinstance(schema, dict)
        else schema
    )


def _reason(error: jsonschema_rs.ValidationError) -> str:
    return error.message if len(error.message) <= 160 else error.message[:159] + "…"
