"""Whether a contract is valid OpenAPI, as openapi-spec-validator sees it; each error at its place, in few words.

The validator gets one self-contained document: what lies in other files is brought into `components` first,
so that it is checked as well, and errors are traced back to the file they came from. Nothing is fetched.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import quote, unquote

from jsonschema_path import SchemaPath
from openapi_spec_validator import (
    OpenAPIV30SpecValidator,
    OpenAPIV31SpecValidator,
    OpenAPIV32SpecValidator,
)
from openapi_spec_validator.schemas import schema_v30, schema_v31, schema_v32
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

from contracts.documents.document import Node, escape, tokens_of
from contracts.findings import has_errors
from contracts.openapi.errors import StructureCheck
from contracts.openapi.grammar import SECTIONS
from contracts.openapi.references import Key, References, has_reference, key_of
from contracts.openapi.rules import Report

_LONGEST: Final = 200
_CACHED: Final = 128
_SECTION_OF: Final = {kind: section for section, kind in SECTIONS.items()}
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


@cache
def _structure(minor: str) -> StructureCheck:
    return StructureCheck({"3.0": schema_v30, "3.1": schema_v31, "3.2": schema_v32}[minor])


def check_openapi(references: References, minor: str, report: Report) -> None:
    """Reports every error under `openapi-invalid`. `minor` is `3.0`, `3.1` or `3.2`."""
    flat = _Flat(references, minor)
    structural = _structure(minor).errors(flat.value)
    for error in structural:
        flat.report(report, error.path, error.message, at_key=error.at_key)
    if structural:
        return
    spec_validator, schema_validator = _VALIDATORS[minor]
    validator = spec_validator(
        SchemaPath.from_dict(flat.without_strays(), handlers=_NoHandlers(), resolved_cache_maxsize=_CACHED)
    )
    validator.keyword_validators_registry = KeywordValidatorRegistry(
        {**spec_validator.keyword_validators, "schema": schema_validator}
    )
    try:
        # Not by `validator.iter_errors`, which keeps every document that it has seen in a cache for ever.
        for found in validator.root_validator(validator.schema_path):
            if not isinstance(found, _OURS) and not _is_pattern(found):
                parts = flat.resolved([str(part) for part in getattr(found, "schema_parts", ())])
                message = found.message if len(found.message) <= _LONGEST else found.message[: _LONGEST - 1] + "…"
                inside = [str(part) for part in found.absolute_path]
                if flat.at([*parts, "default", *inside]) == found.instance:
                    parts, message = [*parts, "default"], f"the default does not fit its schema: {message}"
                flat.report(report, [*parts, *inside], message)
    except Exception as fault:
        # Its semantic half assumes much of a document; what it trips over, rules of ours have their word on.
        if not has_errors(report.findings):
            flat.report(report, [], f"the document cannot be checked: {type(fault).__name__}: {fault}")


def _is_pattern(error: Any) -> bool:
    """Patterns are ECMA-262's, which the validator takes for Python's; `pattern-unsupported` is about them."""
    return bool(error.validator == "format" and error.validator_value == "regex")


class _Flat:
    """The contract with everything from other files brought in, and the way back."""

    def __init__(self, references: References, minor: str) -> None:
        self._references = references
        self._inline_paths = minor == "3.0"
        self._names: dict[Key, tuple[str, str]] = {}
        self._origins: dict[tuple[str, str], Node] = {}
        foreign = references.foreign()
        if all(found.source.value["$ref"].startswith("#") for found in references.references.values()):
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
            return {"$ref": "#" + quote(pointer, safe="/~!$&'()*+,;=:@"), **rest}
        if isinstance(node.value, list):
            return [self._copy(item, in_callback=in_callback) for item in node.items()]
        return node.value

    def without_strays(self) -> Any:
        """The document without each `$ref` that leads to nothing in it: broken ones, which are reported where
        they stand, and plain data that looks like one (in a default or an example)."""
        return self._without_strays(self.value)

    def _without_strays(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._without_strays(item) for item in value]
        if not isinstance(value, dict):
            return value
        text = value.get("$ref")
        stray = isinstance(text, str) and (not text.startswith("#") or self.at(tokens_of(unquote(text))) is None)
        return {key: self._without_strays(item) for key, item in value.items() if not (stray and key == "$ref")}

    def resolved(self, parts: list[str]) -> list[str]:
        """The place in the flat document that a path through its references leads to."""
        path: list[str] = []
        for part in parts:
            path = [*path, part]
            value = self.at(path)
            while has_reference(value):
                path = tokens_of(unquote(value["$ref"]))
                value = self.at(path)
        return path

    def at(self, path: list[str]) -> Any:
        """The value at a path in the flat document; None where there is none."""
        value = self.value
        for part in path:
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def report(self, report: Report, path: list[str], message: str, *, at_key: bool = False) -> None:
        document, pointer = self._references.entry, ""
        if path[:1] == ["components"] and (
            origin := self._origins.get((path[1], path[2]) if path[2:] else ("", ""))
        ):
            document, pointer, path = origin.document, origin.pointer, path[3:]
        pointer += "".join("/" + escape(part) for part in path)
        place = document.place_of_key(pointer) if at_key else document.place(pointer)
        report.add("openapi-invalid", place, message)
