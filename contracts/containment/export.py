"""A schema with all that it refers to as one JSON Schema 2020-12, for validators."""

from typing import Any, Final

import jsonschema_rs
import msgspec

from contracts.containment.regexes import BACKTRACKING, backtracking_in, matches, strings_of
from contracts.containment.source import Exported, Schema
from contracts.openapi.keywords import NAMED_SCHEMAS, ONE_SCHEMA, SAME_OBJECT, SCHEMAS, VALUES
from contracts.openapi.patterns import REGEX_ENGINE
from contracts.operations import JsonSchema

_UNCOMPILED: Final = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError)


class Unreadable(Exception):
    """The schema is none, or leads to none; the message says why."""


def export(schema: Schema) -> JsonSchema:
    """The schema in the words of 2020-12 with its targets under `$defs`. Raises Unreadable."""
    result, targets = _rewritten(schema)
    if not isinstance(result, dict) or not targets:
        return result
    definitions: dict[str, JsonSchema] = {}
    pending = list(targets)
    while pending:
        target = pending.pop()
        name = _name(target)
        if name not in definitions:
            definitions[name], more = _rewritten(target)
            pending += more
    return {**result, "$defs": definitions}


def _rewritten(schema: Schema) -> Exported:
    known = schema.schemas.exported.get((schema.place, schema.hidden))
    if known is None:
        targets: list[Schema] = []
        known = schema.schemas.exported[schema.place, schema.hidden] = (_rewrite(schema, targets), targets)
    return known


def _name(target: Schema) -> str:
    names = target.schemas.names
    return names.setdefault(target.place, str(len(names)))


def _once(branches: list[JsonSchema]) -> list[JsonSchema]:
    return list({msgspec.json.encode(branch, order="sorted"): branch for branch in branches}.values())


class Judge:
    """A schema as enforcement would validate it, were it to run all patterns. Raises Unreadable."""

    def __init__(self, schema: Schema) -> None:
        exported = export(schema)
        self._backtracking = frozenset[str]()
        try:
            self._validator = _validator(exported, REGEX_ENGINE)
        except _UNCOMPILED:
            self._backtracking = backtracking_in(exported)
            try:
                self._validator = _validator(exported, BACKTRACKING)
            except _UNCOMPILED as error:
                raise Unreadable("the schema does not compile") from error

    def admits(self, value: Any) -> bool:
        """Whether the value is an instance. Raises Unrun."""
        for pattern in self._backtracking:
            # A validator takes a search that it gives up for one that found nothing.
            for text in strings_of(value):
                matches(pattern, text)
        return self._validator.is_valid(value)

    def fault(self, value: Any) -> jsonschema_rs.ValidationError:
        """The first reason why a value is no instance."""
        return next(iter(self._validator.iter_errors(value)))


def _validator(
    schema: JsonSchema, engine: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions
) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(schema, pattern_options=engine, validate_formats=True, offline=True)


def _rewrite(schema: Schema, targets: list[Schema]) -> JsonSchema:
    words = schema.read()
    if not isinstance(words, dict):
        return words
    schema = schema.with_hidden()
    result: dict[str, Any] = {}
    for keyword, value in words.items():
        same = keyword in SAME_OBJECT
        if keyword == "$ref":
            target = schema.target()
            if target is None:
                raise Unreadable(f"the reference {value!r} leads nowhere")
            targets.append(target)
            result["$ref"] = f"#/$defs/{_name(target)}"
        elif keyword in ONE_SCHEMA:
            result[keyword] = _rewrite(schema.child(value, keyword, same_object=same), targets)
        elif keyword in SCHEMAS:
            branches = [
                _rewrite(schema.child(item, keyword, index, same_object=same), targets)
                for index, item in enumerate(value)
            ]
            # A branch that is there twice costs a validator twice, again at each level.
            result[keyword] = _once(branches) if keyword in ("allOf", "anyOf") else branches
        elif keyword in NAMED_SCHEMAS:
            result[keyword] = {
                name: _rewrite(schema.child(member, keyword, name), targets) for name, member in value.items()
            }
        elif keyword in VALUES:
            result[keyword] = value
        elif keyword in ("$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor"):
            raise Unreadable(f"the keyword {keyword!r} is not supported")
    return result
