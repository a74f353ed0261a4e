"""Whether every schema of a contract compiles, with the engine and options that enforcement uses."""

from typing import Any, Final

import jsonschema_rs

from contracts.documents.document import escape
from contracts.openapi.errors import StructureCheck
from contracts.openapi.keywords import absolute
from contracts.openapi.patterns import REGEX_ENGINE
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schemas import DIALECT, SchemaBundle
from contracts.operations import JsonSchema

_METASCHEMA: Final = StructureCheck({"$schema": DIALECT, "$ref": DIALECT})


def check_schemas(references: References, report: Report) -> None:
    """Rewrites every schema of a contract, used or not, and reports what is no JSON Schema (`schema-invalid`).

    What a bundle finds while it rewrites is reported too.
    """
    bundle = SchemaBundle(references, "urn:ostiary:check", "request", report)
    for node in references.schemas:
        bundle.inline(node)
    resource = bundle.resource()
    sound = True
    for node, schema in bundle.sources:
        for error in _METASCHEMA.errors(schema):
            sound = False
            pointer = node.pointer + "".join("/" + escape(part) for part in error.path)
            report.add("schema-invalid", node.document.place(pointer), f"this is no valid schema: {error.message}")
    schemas = [schema for node, schema in bundle.sources if schema is not True]
    if sound and not _compiles({"allOf": schemas}, bundle.uri, resource):
        for node, schema in bundle.sources:
            if not _compiles(schema, bundle.uri, resource):
                report.add("schema-invalid", node.place, "this schema does not compile")


def _compiles(schema: JsonSchema, uri: str, resource: dict[str, Any]) -> bool:
    try:
        jsonschema_rs.Draft202012Validator(
            absolute(schema, uri),
            registry=jsonschema_rs.Registry([(uri, resource)]),
            pattern_options=REGEX_ENGINE,
            validate_formats=True,
            offline=True,
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return False
    return True
