"""Patterns as the comparison runs them: as validators do, and with bounded backtracking where those refuse to.

A contract with look-around or back-references cannot be enforced, but it can be compared: a witness is made of a
few short strings, and all that matters is what the pattern says of these.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs

from contracts.openapi.patterns import REGEX_ENGINE, pattern_fault
from contracts.operations import JsonSchema

BACKTRACKING: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000)


class Unrun(ValueError):
    """The pattern is none, or takes too many steps on this text."""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text. Raises Unrun."""
    answer = _matches(pattern, text)
    if answer is None:
        raise Unrun(f"the pattern {pattern!r} cannot be run")
    return answer


def backtracking_in(schema: JsonSchema) -> frozenset[str]:
    """The patterns in a JSON Schema that only backtracking can run."""
    return frozenset(pattern for pattern in _patterns(schema) if pattern_fault(pattern))


def strings_of(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from strings_of(member)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


@lru_cache(maxsize=16_384)
def _matches(pattern: str, text: str) -> bool | None:
    found = _compiled(pattern)
    if found is None:
        return None
    if found.is_valid(text):
        return True
    exceeded = jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded
    return None if any(isinstance(error.kind, exceeded) for error in found.iter_errors(text)) else False


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> jsonschema_rs.Validator | None:
    try:
        engine = BACKTRACKING if pattern_fault(pattern) else REGEX_ENGINE
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=engine)
    except (jsonschema_rs.ValidationError, ValueError):
        return None


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, member in schema.items():
            if key == "pattern" and isinstance(member, str):
                yield member
            elif key == "patternProperties" and isinstance(member, dict):
                yield from member
            yield from _patterns(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _patterns(member)
