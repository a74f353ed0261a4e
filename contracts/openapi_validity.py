"""Whether a contract is valid OpenAPI, as openapi-spec-validator sees it; each error at its place, in few words.

The validator gets one self-contained document: what lies in other files is brought into `components` first,
so that it is checked as well, and errors are traced back to the file they came from. Nothing is fetched.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from jsonschema.exceptions import ValidationError, best_match  # type: ignore[import-untyped]
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

from contracts.contract_rules import Report
from contracts.document import Node, escape, tokens_of
from contracts.document_builder import quote
from contracts.openapi_grammar import SECTIONS
from contracts.references import Key, References, has_reference, key_of

_SECTION_OF: Final = {kind: section for section, kind in SECTIONS.items()}
_OURS: Final = (
    # Found by rules of our own, which say it better; the last one is no error in OpenAPI at all.
    DuplicateOperationIDError,
    UnresolvableParameterError,
    ParameterDuplicateError,
    ExtraParametersError,
)


class _Located:
    """Notes at which schema an error was found; the validator itself forgets it."""

    def __call__(self, schema: SchemaPath, *arguments: Any, **options: Any) -> Iterator[ValidationError]:
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


def check_openapi(references: References, minor: str, report: Report) -> None:
    """Reports every error under `openapi-invalid`. `minor` is `3.0`, `3.1` or `3.2`."""
    flat = _Flat(references, minor)
    spec_validator, schema_validator = _VALIDATORS[minor]
    validator = spec_validator(flat.value)
    validator.keyword_validators_registry = KeywordValidatorRegistry(
        {**spec_validator.keyword_validators, "schema": schema_validator}
    )
    # `validator.iter_errors` keeps every document it has seen in a cache for ever, so its two halves are run here.
    structural = _distinct(validator.schema_validator.iter_errors(flat.value))
    for error in structural:
        node_path = [str(part) for part in error.absolute_path]
        message, key = _describe(error)
        flat.report(report, [*node_path, key] if key else node_path, message, at_key=bool(key))
    if structural:
        return
    try:
        for error in validator.root_validator(validator.schema_path):
            if not isinstance(error, _OURS):
                parts = [str(part) for part in getattr(error, "schema_parts", ())]
                flat.report(report, flat.resolved(parts), _describe(error)[0], error.absolute_path)
    except Exception as error:
        # Its semantic half assumes much of a document; what it trips over, rules of ours have their word on.
        if not any(finding.severity == "error" for finding in report.findings):
            flat.report(report, [], f"the document cannot be checked: {type(error).__name__}: {error}")


class _Flat:
    """The contract with everything from other files brought in, and the way back."""

    def __init__(self, references: References, minor: str) -> None:
        self._references = references
        self._inline_paths = minor == "3.0"
        self._names: dict[Key, tuple[str, str]] = {}
        self._origins: dict[tuple[str, str], Node] = {}
        foreign = references.foreign()
        if not foreign:
            self.value = references.entry.value
            return
        for number, reference in enumerate(foreign):
            place = (_SECTION_OF[reference.kind], f"ostiary.{number}")
            self._names[key_of(reference.target)] = place
            self._origins[place] = reference.target
        self.value = self._copy(references.entry.root, in_callback=False)
        components = self.value.setdefault("components", {})
        for (section, name), target in self._origins.items():
            if section == "pathItems" and self._inline_paths:
                continue
            if isinstance(components, dict) and isinstance(components.setdefault(section, {}), dict):
                components[section][name] = self._copy(target, in_callback=False)

    def _copy(self, node: Node, *, in_callback: bool) -> Any:
        if isinstance(node.value, dict):
            reference = self._references.references.get(key_of(node))
            if reference is None:
                return {
                    key: self._copy(child, in_callback=in_callback or key == "callbacks")
                    for key, child in node.members()
                }
            if reference.kind == "pathItem" and self._inline_paths:
                return {} if in_callback else self._copy(reference.target, in_callback=False)
            section, name = self._names.get(key_of(reference.target), ("", ""))
            pointer = f"/components/{section}/{name}" if name else reference.target.pointer
            rest = {
                key: self._copy(child, in_callback=in_callback) for key, child in node.members() if key != "$ref"
            }
            return {"$ref": "#" + pointer.replace("%", "%25").replace("{", "%7B").replace("}", "%7D"), **rest}
        if isinstance(node.value, list):
            return [self._copy(item, in_callback=in_callback) for item in node.items()]
        return node.value

    def resolved(self, parts: list[str]) -> list[str]:
        """The place in the flat document that a path through its references leads to."""
        path: list[str] = []
        for part in parts:
            path = [*path, part]
            value = self._at(path)
            while has_reference(value):
                path = tokens_of(value["$ref"].replace("%7B", "{").replace("%7D", "}").replace("%25", "%"))
                value = self._at(path)
        return path

    def _at(self, path: list[str]) -> Any:
        value = self.value
        for part in path:
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def report(
        self, report: Report, path: list[str], message: str, below: Any = (), *, at_key: bool = False
    ) -> None:
        path = [*path, *(str(part) for part in below)]
        document, pointer = self._references.entry, ""
        if path[:1] == ["components"] and (
            origin := self._origins.get((path[1], path[2]) if path[2:] else ("", ""))
        ):
            document, pointer, path = origin.document, origin.pointer, path[3:]
        pointer += "".join("/" + escape(part) for part in path)
        place = document.place_of_key(pointer) if at_key else document.place(pointer)
        report.add("openapi-invalid", place, message)


def _distinct(errors: Iterator[ValidationError]) -> list[ValidationError]:
    """The errors that name a cause: each descended to its most telling part, and without the echoes that a
    failing part raises in the objects around it (`unevaluatedProperties` sees nothing as evaluated then)."""
    found = [best_match([error]) or error for error in errors]
    paths = [tuple(error.absolute_path) for error in found]
    return [
        error
        for error, path in zip(found, paths, strict=True)
        if error.validator != "unevaluatedProperties"
        or not any(other != path and other[: len(path)] == path for other in paths)
    ]


def _describe(error: ValidationError) -> tuple[str, str]:
    """A short sentence, and the key below the error's place that it is about (or an empty text)."""
    instance, value = error.instance, error.validator_value
    if error.validator == "required" and isinstance(instance, dict):
        missing = [name for name in value if name not in instance]
        return f"{' and '.join(quote(name) for name in missing)} is missing here", ""
    if error.validator in ("additionalProperties", "unevaluatedProperties") and isinstance(instance, dict):
        names = re.findall(r"'([^']*)'", error.message) or [*instance]
        unknown = [name for name in names if name in instance]
        if unknown:
            return f"{', '.join(quote(str(name)) for name in unknown)} is not allowed here", str(unknown[0])
    if error.validator == "type":
        kinds = value if isinstance(value, str) else " or ".join(value)
        return f"this must be of type {kinds}, not {_kind(instance)}", ""
    if error.validator == "enum":
        return f"{quote(str(instance))} is none of {', '.join(quote(str(item)) for item in value)}", ""
    if error.validator == "const":
        return f"{quote(str(instance))} must be {quote(str(value))}", ""
    if error.validator == "pattern":
        return f"{quote(str(instance))} does not match {quote(str(value))}", ""
    if error.validator == "format":
        return f"{quote(str(instance))} is not a valid {value}", ""
    message = error.message
    return message if len(message) <= 200 else message[:199] + "…", ""


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")
