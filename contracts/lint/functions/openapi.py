"""The functions behind Spectral's ruleset for OpenAPI, under its names."""

from collections.abc import Iterable
from typing import Any, Final

from contracts.lint.functions import examples, operations
from contracts.lint.functions.base import Check, Context, Fault, Function
from contracts.openapi.structure import structure

_VERSIONS: Final = {"oas2": "2.0", "oas3_2": "3.2", "oas3_1": "3.1", "oas3_0": "3.0"}
_OPTIONS: Final = {"type": ["object", "null"], "additionalProperties": False}


def _document_schema(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        minor = next((minor for format_, minor in _VERSIONS.items() if format_ in context.formats), None)
        if minor is not None:
            for error in structure(minor).errors(value):
                yield Fault(error.message, tuple(error.path))

    return check


def _reference_siblings(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, str):
            return
        path = context.path[:-1]
        holder = context.graph.locate(path, resolved=False).value
        for key in holder if isinstance(holder, dict) else ():
            if key != "$ref":
                yield Fault("$ref must not be placed next to any other properties", (*path, key))

    return check


def _discriminator(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        name = context.get(value, "discriminator")
        if not isinstance(name, str):
            return
        properties, required = context.get(value, "properties"), context.get(value, "required")
        if not isinstance(properties, dict) or name not in properties:
            message = "The discriminator property must be defined in this schema."
            yield Fault(message, (*context.path, "properties"))
        if not isinstance(required, list) or name not in required:
            message = "The discriminator property must be in the required property list."
            yield Fault(message, (*context.path, "required"))

    return check


def _options(**properties: Any) -> dict[str, Any]:
    return {**_OPTIONS, "properties": properties}


_VERSION: Final = {"enum": [2, 3]}
OPENAPI: Final[tuple[Function, ...]] = (
    Function("oasDiscriminator", "A discriminator is a required property (OpenAPI 2).", _discriminator),
    Function("oasDocumentSchema", "The document has the structure that its version asks for.", _document_schema),
    Function(
        "oasExample",
        "Examples and defaults fit their schema.",
        examples.fitting_example,
        _options(oasVersion=_VERSION, schemaField={"enum": ["$", "schema"]}, type={"enum": ["media", "schema"]}),
    ),
    Function(
        "oasOpFormDataConsumeCheck",
        "Form data has a media type for it (OpenAPI 2).",
        operations.form_data_consumed,
    ),
    Function("oasOpIdUnique", "No two operations have one operation id.", operations.unique_operation_ids),
    Function(
        "oasOpParams", "Parameters of an operation differ by name or location.", operations.operation_parameters
    ),
    Function("oasOpSuccessResponse", "There is a response 2xx or 3xx.", operations.success_response),
    Function("oasPathParam", "Templates and path parameters name the same things.", operations.path_parameters),
    Function(
        "oasSchema",
        "A value fits a JSON Schema in the document's dialect.",
        examples.openapi_schema,
        _options(schema={"type": "object"}),
    ),
    Function(
        "oasSecurityDefined",
        "Security requirements name schemes and scopes that are declared.",
        operations.security_defined,
        _options(oasVersion=_VERSION, roles={"type": "boolean"}),
    ),
    Function("oasTagDefined", "Tags of operations are declared.", operations.defined_tags),
    Function("oasUnusedComponent", "Every component is referred to.", operations.unused_components),
    Function("refSiblings", "Nothing stands beside a `$ref`.", _reference_siblings),
    Function(
        "serverVariables",
        "The variables of a server's URL are declared, used, and have a fitting default.",
        operations.server_variables,
        _options(checkSubstitutions={"type": "boolean"}, requireDefault={"type": "boolean"}),
    ),
    Function("typedEnum", "The values of an enumeration are of its type.", examples.typed_enum),
    Function("uniquenessTags", "No two tags have one name.", operations.unique_tags),
)
