"""`schema`: a value fits a JSON Schema of one of the drafts 4 to 2020-12."""

from collections.abc import Iterable
from typing import Any, Final

import jsonschema_rs

from contracts.lint.functions.base import PROPERTY, BadOptions, Check, Context, Fault, Function, printed
from contracts.lint.jsonpath.values import UNDEFINED

Kind = jsonschema_rs.ValidationErrorKind
_PATTERNS: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
_DIALECTS: Final[dict[str, Any]] = {
    "draft4": jsonschema_rs.Draft4Validator,
    "draft6": jsonschema_rs.Draft6Validator,
    "draft7": jsonschema_rs.Draft7Validator,
    "draft2019-09": jsonschema_rs.Draft201909Validator,
    "draft2020-12": jsonschema_rs.Draft202012Validator,
}
_BY_URI: Final = {
    "draft-04": "draft4",
    "draft-06": "draft6",
    "draft-07": "draft7",
    "2019-09": "draft2019-09",
    "2020-12": "draft2020-12",
}
_MOST_FAULTS: Final = 200


def _bind(options: Any) -> Check:
    schema, every = options["schema"], options.get("allErrors", False)
    dialect = options.get("dialect", "auto")
    if dialect == "auto":
        uri = str(schema.get("$schema", "")) if isinstance(schema, dict) else ""
        dialect = next((name for part, name in _BY_URI.items() if part in uri), "draft7")
    try:
        validator = validator_of(schema, dialect)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        reason = getattr(error, "message", None) or str(error)
        raise BadOptions(f"`schema` is no JSON Schema that can be used: {reason.splitlines()[0][:200]}") from None

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if value is UNDEFINED:
            yield Fault(f"{PROPERTY}must exist")
            return
        yield from faults_of(validator, context.plain(value), context.path, every=every)

    return check


def validator_of(schema: Any, dialect: str) -> Any:
    """A validator with formats asserted and references kept inside of the schema."""
    return _DIALECTS[dialect](schema, validate_formats=True, pattern_options=_PATTERNS, retriever=_retrieve)


def _retrieve(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")


def faults_of(validator: Any, value: Any, path: tuple[str | int, ...], *, every: bool) -> Iterable[Fault]:
    """The faults of a plain value, or the first of them."""
    if validator.is_valid(value):
        return
    for number, error in enumerate(validator.iter_errors(value)):
        yield Fault(described(error), (*path, *error.instance_path))
        if not every or number + 1 >= _MOST_FAULTS:
            return


def described(error: jsonschema_rs.ValidationError) -> str:
    """An error in Spectral's words, for the keywords that rulesets use."""
    kind, at = error.kind, error.instance_path
    subject = f'"{at[-1]}" property ' if at and isinstance(at[-1], str) else PROPERTY if not at else ""
    if at and isinstance(at[-1], int):
        subject = f"Item at index {at[-1]} "
    match kind:
        case Kind.Required():
            return f'{subject}must have required property "{kind.property}"'
        case Kind.AdditionalProperties() | Kind.UnevaluatedProperties():
            return f'Property "{kind.unexpected[0]}" is not expected to be here'
        case Kind.Type():
            # "1" is an item here, of which no type is said.
            said = "" if at and isinstance(at[-1], int) else "type "
            return f"{subject}{said}must be {' or '.join(kind.types)}"
        case Kind.Enum():
            options = ", ".join(printed(each) for each in kind.options[:20])
            return f"{subject}must be equal to one of the allowed values: {options}"
        case Kind.Constant():
            return f"{subject}must be equal to constant {printed(kind.expected_value)}"
        case Kind.Pattern():
            return f'{subject}must match pattern "{kind.pattern}"'
        case Kind.Format():
            return f'{subject}must match format "{kind.format}"'
        case Kind.MinItems():
            return f"{subject}must not have fewer than {kind.limit} items"
        case Kind.MaxItems():
            return f"{subject}must not have more than {kind.limit} items"
        case Kind.UniqueItems():
            return f"{subject}must not have duplicate items"
        case Kind.MinLength():
            return f"{subject}must not have fewer than {kind.limit} characters"
        case Kind.MaxLength():
            return f"{subject}must not have more than {kind.limit} characters"
        case Kind.MinProperties():
            return f"{subject}must not have fewer than {kind.limit} properties"
        case Kind.MaxProperties():
            return f"{subject}must not have more than {kind.limit} properties"
        case Kind.Minimum():
            return f"{subject}must be >= {printed(kind.limit)}"
        case Kind.Maximum():
            return f"{subject}must be <= {printed(kind.limit)}"
        case _:
            text = error.message if len(error.message) <= 200 else error.message[:199] + "…"
            return f"{subject}{text}" if subject else text


SCHEMA: Final = Function(
    "schema",
    "A value fits a JSON Schema.",
    _bind,
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["schema"],
        "properties": {
            "schema": {"type": "object"},
            "dialect": {"enum": ["auto", *_DIALECTS]},
            "allErrors": {"type": "boolean"},
        },
    },
)
