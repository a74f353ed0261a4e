"""Spectral's core functions: same options, same faults, same words."""

import re
from collections.abc import Iterable
from typing import Any, Final

from contracts.lint.functions.alphabetical import ALPHABETICAL
from contracts.lint.functions.base import (
    PROPERTY,
    VALUE,
    BadOptions,
    Check,
    Context,
    Fault,
    Function,
    is_scalar,
    printed,
)
from contracts.lint.functions.schema import SCHEMA
from contracts.lint.jsonpath.values import UNDEFINED, is_number, same, truthy
from contracts.lint.patterns import BadPattern, literal_of, matcher

_NONE: Final[tuple[Fault, ...]] = ()
_CASES: Final = {
    "flat": "[a-z][a-z{}]*",
    "camel": "[a-z][a-z{}]*(?:[A-Z{}](?:[a-z{}]+|$))*",
    "pascal": "[A-Z][a-z{}]*(?:[A-Z{}](?:[a-z{}]+|$))*",
    "kebab": "[a-z][a-z{}]*(?:-[a-z{}]+)*",
    "cobol": "[A-Z][A-Z{}]*(?:-[A-Z{}]+)*",
    "snake": "[a-z][a-z{}]*(?:_[a-z{}]+)*",
    "macro": "[A-Z][A-Z{}]*(?:_[A-Z{}]+)*",
}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _truthy(_: Any) -> Check:
    fault = (Fault(f"{PROPERTY}must be truthy"),)
    return lambda value, _: _NONE if truthy(value) else fault


def _falsy(_: Any) -> Check:
    fault = (Fault(f"{PROPERTY}must be falsy"),)
    return lambda value, _: fault if truthy(value) else _NONE


def _defined(_: Any) -> Check:
    fault = (Fault(f"{PROPERTY}must be defined"),)
    return lambda value, _: fault if value is UNDEFINED else _NONE


def _undefined(_: Any) -> Check:
    fault = (Fault(f"{PROPERTY}must be undefined"),)
    return lambda value, _: _NONE if value is UNDEFINED else fault


def _enumeration(options: Any) -> Check:
    allowed = options["values"]
    fault = Fault(
        f"{VALUE} must be equal to one of the allowed values: {', '.join(printed(each) for each in allowed)}"
    )

    def check(value: Any, _: Context) -> Iterable[Fault]:
        if is_scalar(value) and not any(same(value, each) for each in allowed):
            yield fault

    return check


def _length(options: Any) -> Check:
    least, most = options.get("min"), options.get("max")

    def check(value: Any, _: Context) -> Iterable[Fault]:
        if isinstance(value, str):
            # JavaScript counts UTF-16 code units.
            size: float = len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
        elif isinstance(value, dict | list):
            size = len(value)
        elif is_number(value):
            size = value
        else:
            return
        if least is not None and size < least:
            yield Fault(f"{PROPERTY}must be longer than {printed(least)}")
        if most is not None and size > most:
            yield Fault(f"{PROPERTY}must be shorter than {printed(most)}")

    return check


def _pattern(options: Any) -> Check:
    tests = []
    for key, wanted, words in (("match", True, "must match"), ("notMatch", False, "must not match")):
        if key in options:
            try:
                found = matcher(*literal_of(options[key]))
            except BadPattern as error:
                raise BadOptions(f"`{key}`: {error}") from None
            fault = Fault(f"{VALUE} {words} the pattern {printed(options[key])}")
            tests.append((found, wanted, fault))

    def check(value: Any, _: Context) -> Iterable[Fault]:
        if isinstance(value, str):
            for found, wanted, fault in tests:
                if found(value) is not wanted:
                    yield fault

    return check


def _casing(options: Any) -> Check:
    kind = options["type"]
    pattern = _CASES[kind].replace("{}", "" if options.get("disallowDigits") else "0-9")
    separator = options.get("separator")
    leading = ""
    if separator is not None:
        mark = f"[{re.escape(separator['char'])}]"
        leading = separator["char"] if separator.get("allowLeading") else ""
        pattern = f"{mark + '?' if leading else ''}{pattern}(?:{mark}{pattern})*"
    try:
        found = matcher(f"^{pattern}$")
    except BadPattern as error:
        raise BadOptions(str(error)) from None
    fault = Fault(f"must be {kind} case")

    def check(value: Any, _: Context) -> Iterable[Fault]:
        if isinstance(value, str) and value and value != leading and not found(value):
            yield fault

    return check


def _or(options: Any) -> Check:
    names = options["properties"]
    fault = Fault(_at_least_one(names))

    def check(value: Any, _: Context) -> Iterable[Fault]:
        if isinstance(value, dict) and not any(name in value for name in names):
            yield fault

    return check


def _xor(options: Any) -> Check:
    names = options["properties"]

    def check(value: Any, _: Context) -> Iterable[Fault]:
        if not isinstance(value, dict):
            return
        there = [name for name in value if name in names]
        if not there:
            yield Fault(_at_least_one(names))
        elif len(there) > 1:
            yield Fault('Just one of "' + '" and "'.join(there) + '" must be defined')

    return check


def _at_least_one(names: list[str]) -> str:
    if len(names) > 4:
        shown = '" or "'.join(names[:3])
        return f'At least one of "{shown}" or {len(names) - 3} other properties must be defined'
    shown = '" or "'.join(names)
    return f'At least one of "{shown}" must be defined'


def _unreferenced(options: Any) -> Check:
    location = options["reusableObjectsLocation"].removeprefix("#")
    return lambda value, context: unreferenced(value, location, context)


def unreferenced(value: Any, location: str, context: Context) -> Iterable[Fault]:
    """The members of an object below the pointer `location` that no reference names."""
    from contracts.documents.document import escape, tokens_of

    if not isinstance(value, dict):
        return
    for name in value:
        pointer = f"{location}/{escape(name)}"
        if not context.graph.is_referred(context.graph.entry.file, pointer):
            message = "Potential orphaned reusable object has been detected"
            yield Fault(message, (*tokens_of(location), name))


_SCALARS: Final = {"type": ["string", "number", "null", "boolean"]}
_NAMES: Final = {"type": "array", "minItems": 2, "items": {"type": "string"}}
CORE: Final[tuple[Function, ...]] = (
    ALPHABETICAL,
    Function(
        "casing",
        "A text is written in one case.",
        _casing,
        _object(
            ["type"],
            type={"enum": sorted(_CASES)},
            disallowDigits={"type": "boolean"},
            separator=_object(
                ["char"], char={"type": "string", "minLength": 1, "maxLength": 1}, allowLeading={"type": "boolean"}
            ),
        ),
    ),
    Function("defined", "A value is there.", _defined),
    Function(
        "enumeration",
        "A scalar is one of some values.",
        _enumeration,
        _object(["values"], values={"type": "array", "items": _SCALARS}),
    ),
    Function("falsy", "A value is missing, false, 0, null or empty text.", _falsy),
    Function(
        "length",
        "A text, an array or an object has a length, a number a size, within bounds.",
        _length,
        {**_object([], min={"type": "number"}, max={"type": "number"}), "minProperties": 1},
    ),
    Function("or", "At least one of some properties is there.", _or, _object(["properties"], properties=_NAMES)),
    Function(
        "pattern",
        "A text matches one regular expression, and does not match another.",
        _pattern,
        {**_object([], match={"type": "string"}, notMatch={"type": "string"}), "minProperties": 1},
    ),
    SCHEMA,
    Function("truthy", "A value is there, and not false, 0, null or empty text.", _truthy),
    Function("undefined", "A value is not there.", _undefined),
    Function(
        "unreferencedReusableObject",
        "Each object in a place for reusable ones is referred to.",
        _unreferenced,
        _object(
            ["reusableObjectsLocation"], reusableObjectsLocation={"type": "string", "pattern": "^#(/[^/]*)*$"}
        ),
    ),
    Function("xor", "Exactly one of some properties is there.", _xor, _object(["properties"], properties=_NAMES)),
)
