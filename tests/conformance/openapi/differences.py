"""Where we and openapi-core differ, and why we mean it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.openapi.corpus import Case
from tests.conformance.openapi.readers import Outcome


@dataclass(frozen=True)
class Known:
    """A difference that is meant. `groups` are those of CASES in which it must be seen."""

    name: str
    groups: str
    applies: Callable[[Case, Outcome, Outcome], bool]
    why: str


def _part_in(*texts: str) -> Callable[[Case, Outcome, Outcome], bool]:
    return lambda case, ours, theirs: case.text in texts or not set(texts).isdisjoint(case.text.split(","))


def _text(*texts: str) -> Callable[[Case, Outcome, Outcome], bool]:
    return lambda case, ours, theirs: case.text in texts


_NOT_JSON_NUMBERS = _part_in("01", "+1", " 1", "1 ", "1_0", "٣", ".5", "5.", " 2")

KNOWN = [
    Known(
        "number-spelling",
        "query path header",
        lambda case, ours, theirs: theirs.accepted and not ours.accepted and _NOT_JSON_NUMBERS(case, ours, theirs),
        "openapi-core reads numbers with Python's int() and float(), which admit leading zeros, spaces, "
        "underscores and other scripts' digits; an upstream in another language would not, or read another value.",
    ),
    Known(
        "number-or-string",
        "query",
        lambda case, ours, theirs: (
            ours.accepted and case.subject == "either" and _NOT_JSON_NUMBERS(case, ours, theirs)
        ),
        "The same spellings where a string is admitted too: to us they are that string.",
    ),
    Known(
        "trailing-delimiter",
        "query",
        lambda case, ours, theirs: not ours.accepted and case.subject == "spaces" and case.text == "1,",
        "Follows from the two rows on numbers and on spaces: openapi-core takes `1%20` for one number with a "
        "space after it, we see an empty second item.",
    ),
    Known(
        "boolean-spelling",
        "query",
        lambda case, ours, theirs: (
            case.subject == "boolean" and _text("0", "1", "True", "yes")(case, ours, theirs)
        ),
        "JSON spells booleans `true` and `false`; openapi-core also takes 0, 1, yes, no, y, n, t, f in any case.",
    ),
    Known(
        "null-spelling",
        "query",
        lambda case, ours, theirs: ours.accepted and case.subject == "nullable" and case.text == "null",
        "OpenAPI gives null no text; a schema that admits null and no string can only mean `null` by it.",
    ),
    Known(
        "empty-value",
        "query",
        lambda case, ours, theirs: ours.accepted and "EmptyQueryParameterValue" in theirs.why,
        "allowEmptyValue admits an empty value to any schema; it takes none from a schema that admits the empty "
        "string of itself.",
    ),
    Known(
        "exact-numbers",
        "query",
        lambda case, ours, theirs: ours.accepted and case.subject == "number" and case.text == "9" * 40,
        "openapi-core makes a double of every number; we keep what was sent.",
    ),
    Known(
        "encoded-comma",
        "query",
        lambda case, ours, theirs: ours.accepted and case.subject == "list" and case.value == "encoded",
        "RFC 6570 §3.2.8 expands a delimiter as itself and a comma inside an item as %2C; openapi-core decodes "
        "before it divides.",
    ),
    Known(
        "encoded-space",
        "query",
        lambda case, ours, theirs: ours.accepted and case.subject == "spaces" and "," in case.text,
        "openapi-core looks for the text `%20` in a value that is decoded already, so it never divides.",
    ),
    Known(
        "odd-object",
        "query path header",
        lambda case, ours, theirs: "'style'" in ours.why and _text("", "R", "R,1,G")(case, ours, theirs),
        "openapi-core drops the name that has no value; the upstream may not.",
    ),
    Known(
        "repeated-property",
        "query path header",
        lambda case, ours, theirs: "repeated-property" in ours.why,
        "One of two values would be judged and perhaps the other one used.",
    ),
    Known(
        "repeated-parameter",
        "query",
        lambda case, ours, theirs: "repeated-parameter" in ours.why,
        "As above: of two values openapi-core judges the first, and many servers use the last.",
    ),
    Known(
        "repeated-name",
        "query body",
        lambda case, ours, theirs: "given twice in one object" in ours.why,
        "As above, inside of JSON (RFC 8259 §4).",
    ),
    Known(
        "unknown-parameter",
        "query",
        lambda case, ours, theirs: "unknown-parameter" in ours.why,
        "OpenAPI does not say; refusing is our default and can be turned off for an operation.",
    ),
    Known(
        "not-utf-8",
        "query",
        lambda case, ours, theirs: "'encoding'" in ours.why,
        "Werkzeug leaves escapes that are not UTF-8 as they are; then no two readers agree on the string.",
    ),
    Known(
        "email",
        "body",
        lambda case, ours, theirs: case.subject == "contact" and case.text == '"@"',
        "The format checker under openapi-core asks of an address only that it has an `@`.",
    ),
    Known(
        "decimal-multiple",
        "body",
        lambda case, ours, theirs: ours.accepted and case.subject == "discount" and case.text == "0.07",
        "0.07 is a multiple of 0.01; in the arithmetic of doubles, which openapi-core uses, it is not.",
    ),
    Known(
        "json-suffix",
        "body",
        lambda case, ours, theirs: ours.accepted and case.operation == "createNote",
        "openapi-core does not read types with the suffix +json (RFC 6839) as JSON.",
    ),
]
