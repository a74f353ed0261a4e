"""Where we and openapi-core disagree about the generated requests, and why we mean it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from tests.conformance.openapi.generated.requests import Request
from tests.conformance.openapi.generated.subjects import Subject
from tests.conformance.openapi.readers import Outcome

Applies = Callable[[Subject, Request, Outcome, Outcome], bool]


@dataclass(frozen=True)
class Disagreement:
    """`places` are those in which it must be seen; it explains what it is seen in and nothing else."""

    name: str
    places: str
    applies: Applies
    why: str


_NO_JSON_NUMBER: Final = re.compile(r"(?:^|[=;.,\n])(?: ?\+?0\d|[ +]\d|\d_\d|\.\d|\d\.|١|NaN)")
_NO_JSON_BOOLEAN: Final = re.compile(r"(?:True|TRUE|1|0|yes|off)$")
_TYPED: Final = ("integer", "step", "number", "boolean", "nullable")


def _ours_refuses(*rules: str) -> Applies:
    return lambda subject, request, ours, theirs: (
        theirs.accepted and any(f"'{rule}'" in ours.why for rule in rules)
    )


def _composite(subject: Subject, kind: str) -> bool:
    return getattr(subject.kind, "composite", "") == kind


def _exploded_object(subject: Subject, request: Request, ours: Outcome, theirs: Outcome) -> bool:
    return subject.style == "form" and subject.explode and _composite(subject, "object")


DISAGREEMENTS: Final = (
    Disagreement(
        "number-spelling",
        "path query header cookie form",
        lambda subject, request, ours, theirs: (
            theirs.accepted
            and "'type'" in ours.why
            and subject.kind.name in _TYPED
            and _NO_JSON_NUMBER.search(unquote(request.raw)) is not None
        ),
        "openapi-core reads numbers with Python's int() and float(), which admit leading zeros, signs, spaces, "
        "underscores, bare points, NaN and other scripts' digits. JSON has one spelling (RFC 8259 §6); an "
        "upstream in another language would refuse the others, or read another value.",
    ),
    Disagreement(
        "boolean-spelling",
        "path query header cookie form",
        lambda subject, request, ours, theirs: (
            theirs.accepted and subject.kind.name == "boolean" and _NO_JSON_BOOLEAN.search(request.raw) is not None
        ),
        "JSON spells booleans `true` and `false`; openapi-core also takes 0, 1, yes, no, on, off and their like, "
        "in any case.",
    ),
    Disagreement(
        "null-spelling",
        "path query header cookie form",
        lambda subject, request, ours, theirs: (
            ours.accepted and subject.kind.name == "nullable" and request.raw.endswith("null")
        ),
        "OpenAPI gives null no text; a schema that admits null and no string can only mean `null` by it.",
    ),
    Disagreement(
        "uuid-case",
        "path query header cookie form parts",
        lambda subject, request, ours, theirs: (
            subject.kind.name == "uuid"
            and ours.accepted
            and theirs.accepted
            and request.raw != request.raw.lower()
        ),
        "openapi-core makes an object of a UUID, in which the case of its letters is lost.",
    ),
    Disagreement(
        "encoded-delimiter",
        "path query form",
        lambda subject, request, ours, theirs: (
            theirs.accepted
            and bool(getattr(subject.kind, "composite", ""))
            and re.search("%2C|%7C|%20", request.raw) is not None
            and subject.style in ("form", "simple", "label", "matrix")
        ),
        "RFC 6570 §3.2 writes a delimiter as itself and one inside of an item encoded; openapi-core decodes "
        "before it divides, so that no item can have a comma.",
    ),
    Disagreement(
        "odd-object",
        "path query header cookie form",
        lambda subject, request, ours, theirs: (
            theirs.accepted and "'style'" in ours.why and _composite(subject, "object")
        ),
        "A name without its value is no object in any style; openapi-core drops it, and the upstream may not.",
    ),
    Disagreement(
        "repeated-property",
        "path query header cookie form parts",
        _ours_refuses("repeated-property"),
        "Of two values of one name one would be judged and perhaps the other one used.",
    ),
    Disagreement(
        "repeated-parameter",
        "query",
        _ours_refuses("repeated-parameter"),
        "As above: of two values openapi-core judges the first, and many servers use the last.",
    ),
    Disagreement(
        "assigned-twice",
        "path header",
        lambda subject, request, ours, theirs: (
            ours.accepted and "DeserializeError" in theirs.why and "=" in request.raw
        ),
        "In `R=1=2` a name ends at its first `=`, as in every query; openapi-core's split fails on a second one.",
    ),
    Disagreement(
        "stray-part",
        "path",
        lambda subject, request, ours, theirs: (
            theirs.accepted and "'style'" in ours.why and subject.style == "matrix" and request.raw.count(";") > 1
        ),
        "In `;x=1;2` the second item has no name; openapi-core picks out what it knows, and drops the rest.",
    ),
    Disagreement(
        "not-utf-8",
        "path query cookie form",
        _ours_refuses("encoding"),
        "Escapes that are none, or are not UTF-8, are left as they are or replaced by openapi-core and Werkzeug; "
        "then no two readers agree on the string.",
    ),
    Disagreement(
        "end-of-text",
        "query form parts",
        lambda subject, request, ours, theirs: (
            theirs.accepted and subject.kind.name == "pattern" and "ab" in request.raw
        ),
        "`$` of a pattern is the end of the text (ECMA-262); in Python's engine, which openapi-core uses, it also "
        "matches before a last line break.",
    ),
    Disagreement(
        "exploded-object",
        "query form",
        _exploded_object,
        "An exploded object is one pair for each of its properties (OAS 3.1 §4.8.12.5). openapi-core looks for "
        "one pair with the parameter's name and finds none, so it judges nothing of it.",
    ),
    Disagreement(
        "space-delimited",
        "query form",
        lambda subject, request, ours, theirs: subject.style == "spaceDelimited",
        "openapi-core looks for the text `%20` in a value that is decoded already, so it never divides.",
    ),
    Disagreement(
        "encoded-cookie",
        "cookie",
        lambda subject, request, ours, theirs: ours.accepted and "%" in request.raw,
        "Style `form` is percent-encoded wherever it stands (RFC 6570 §3.2.8); Werkzeug does not decode cookies.",
    ),
    Disagreement(
        "white-space-in-lists",
        "header",
        lambda subject, request, ours, theirs: (
            bool(getattr(subject.kind, "composite", "")) and re.search(r" ,|, ", request.raw) is not None
        ),
        "RFC 9110 §5.6.1: white space around the comma of a list is not of its items.",
    ),
    Disagreement(
        "repeated-name",
        "query header body",
        lambda subject, request, ours, theirs: "given twice in one object" in ours.why,
        "Two members of one name, inside of JSON (RFC 8259 §4): parsers differ in which they take.",
    ),
    Disagreement(
        "number-range",
        "query header body",
        lambda subject, request, ours, theirs: theirs.accepted and "number is out of range" in ours.why,
        "Beyond a double's range (RFC 8259 §6); Python makes an infinity of it, which is no number in JSON.",
    ),
    Disagreement(
        "form-object",
        "form",
        lambda subject, request, ours, theirs: subject.style == "" and _composite(subject, "object"),
        "Without an encoding an object in a form is JSON, as OAS 3.1.1 and 3.0.4 make clear; openapi-core takes "
        "the older texts' word for it, that it is style `form`, and then reads it as it reads exploded objects.",
    ),
    Disagreement(
        "unknown-parameter",
        "query",
        _ours_refuses("unknown-parameter"),
        "OpenAPI does not say; refusing is our default, and can be turned off.",
    ),
    Disagreement(
        "undeclared-property",
        "form parts",
        _ours_refuses("additionalProperties"),
        "openapi-core reads those properties of a form that are declared, and never sees that others are not.",
    ),
    Disagreement(
        "text-of-a-part",
        "parts",
        lambda subject, request, ours, theirs: (
            ours.accepted and (subject.kind.name in (*_TYPED, "enum", "integers"))
        ),
        "A part is text, and `12` is the number that its schema asks for (OAS 3.1 §4.8.14.5); openapi-core leaves "
        "it a string, or bytes, and so refuses every number, boolean and enumeration.",
    ),
    Disagreement(
        "no-items",
        "parts",
        lambda subject, request, ours, theirs: request.made == "absent" and _composite(subject, "array"),
        "An array of which no item came is absent; openapi-core makes an empty one of it.",
    ),
)
