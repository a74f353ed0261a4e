"""What openapi-spec-validator says of a document beyond its structure: a default that does not fit, say."""

from collections.abc import Iterator
from typing import Any, Final

from jsonschema_path import SchemaPath
from openapi_spec_validator import (
    OpenAPIV30SpecValidator,
    OpenAPIV31SpecValidator,
    OpenAPIV32SpecValidator,
)
from openapi_spec_validator.validation.exceptions import (
    DuplicateOperationIDError,
    ExtraParametersError,
    ParameterDuplicateError,
    UnresolvableParameterError,
)
from openapi_spec_validator.validation.keywords import (
    OpenAPIV30SchemaValidator,
    OpenAPIV31SchemaValidator,
    OpenAPIV32SchemaValidator,
)
from openapi_spec_validator.validation.registries import KeywordValidatorRegistry
from openapi_spec_validator.validation.validators import SpecValidator

_CACHED: Final = 128
_OURS: Final = (
    # Found by rules of our own, which say it better; the last one is no error in OpenAPI at all.
    DuplicateOperationIDError,
    UnresolvableParameterError,
    ParameterDuplicateError,
    ExtraParametersError,
)


class _NoHandlers(dict[str, Any]):
    """Handles every scheme of a URI by refusing it: without one, the library would fetch what it names."""

    def __contains__(self, scheme: object) -> bool:
        return True

    def __getitem__(self, scheme: str) -> Any:
        raise LookupError(f"nothing is fetched by {scheme!r}")


class _Ids(set[int]):
    """Stands in for the validator's lists of schemas seen, whose look-up takes longer with each."""

    append = set.add


class _Located:
    """Notes at which schema an error was found; the validator itself forgets it."""

    def __init__(self, registry: Any) -> None:
        super().__init__(registry)  # type: ignore[call-arg]
        self.__dict__.update(visited_schema_ids=_Ids(), meta_checked_schema_ids=_Ids())

    def __call__(self, schema: SchemaPath, *arguments: Any, **options: Any) -> Iterator[Any]:
        for error in super().__call__(schema, *arguments, **options):  # type: ignore[misc]
            if not hasattr(error, "schema_parts"):
                error.schema_parts = schema.parts
            yield error


class _Schema30(_Located, OpenAPIV30SchemaValidator):
    pass


class _Schema31(_Located, OpenAPIV31SchemaValidator):
    pass


class _Schema32(_Located, OpenAPIV32SchemaValidator):
    pass


_VALIDATORS: Final[dict[str, tuple[type[SpecValidator], type[Any]]]] = {
    "3.0": (OpenAPIV30SpecValidator, _Schema30),
    "3.1": (OpenAPIV31SpecValidator, _Schema31),
    "3.2": (OpenAPIV32SpecValidator, _Schema32),
}


def semantic_errors(value: Any, minor: str) -> Iterator[Any]:
    """The errors of a self-contained document of sound structure, with the attributes of jsonschema's. Raises
    whatever the library trips over: it assumes much of a document."""
    spec_validator, schema_validator = _VALIDATORS[minor]
    validator = spec_validator(SchemaPath.from_dict(value, handlers=_NoHandlers(), resolved_cache_maxsize=_CACHED))
    validator.keyword_validators_registry = KeywordValidatorRegistry(
        {**spec_validator.keyword_validators, "schema": schema_validator}
    )
    # Not by `validator.iter_errors`, which keeps every document that it has seen in a cache for ever.
    for found in validator.root_validator(validator.schema_path):
        if not isinstance(found, _OURS) and not _is_pattern(found):
            yield found


def _is_pattern(error: Any) -> bool:
    """Patterns are ECMA-262's, which the validator takes for Python's; `pattern-unsupported` is about them."""
    return bool(error.validator == "format" and error.validator_value == "regex")
