"""The kinds of values that are sent: a schema, values that it admits, values that it does not, and odd texts."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Kind:
    """`draw` makes one more value, admitted or not. `texts` are written as they are, in place of a value."""

    name: str
    schema: dict[str, Any]
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    draw: Callable[[random.Random], Any]
    texts: tuple[str, ...] = ()
    composite: str = field(default="")
    """`array`, `object` or nothing."""


_LETTERS: Final = "abz AZ09äß€-_.~!*'()"


def _text(least: int, most: int) -> Callable[[random.Random], str]:
    return lambda source: "".join(source.choices(_LETTERS, k=source.randint(least, most)))


def _integer(low: int, high: int) -> Callable[[random.Random], int]:
    return lambda source: source.randint(low, high)


_NUMBERS: Final = (
    "01",
    "+1",
    "%201",
    "1_0",
    "1.0",
    "1e1",
    "0x1",
    "",
    "-",
    "-0",
    "1E400",
    "١",
    "true",
    "null",
    "NaN",
)
_DIGITS: Final = ("9" * 30, "1.5", "1,2", "%31", "1%00")

SCALARS: Final = (
    Kind(
        "string",
        {"type": "string", "minLength": 1, "maxLength": 6},
        ("a", "abcdef", "äöü", "a b", "a+b", "12", "true", "a=b", "a&b", "100%"),
        ("", "abcdefg", "äöüäöüä"),
        _text(0, 9),
        ("%FF", "%zz", "a%20b", "%C3%A9", "a%2Bb"),
    ),
    Kind(
        "pattern",
        {"type": "string", "pattern": "^[a-z]{2,4}$"},
        ("ab", "abcd"),
        ("a", "abcde", "AB", "ab1", "ab\n"),
        _text(1, 5),
    ),
    Kind(
        "enum",
        {"enum": ["draft", "sale", "12"]},
        ("draft", "sale", "12"),
        ("Draft", "", "1", "drafts"),
        lambda source: source.choice(["draft", "sale", "12", "done"]),
    ),
    Kind(
        "date",
        {"type": "string", "format": "date"},
        ("2026-02-28", "2024-02-29"),
        ("2026-02-30", "2025-02-29", "2026-2-1", "26-02-01", "2026-02-28T00:00:00Z", ""),
        lambda source: f"2026-{source.randint(1, 14):02}-{source.randint(1, 33):02}",
    ),
    Kind(
        "uuid",
        {"type": "string", "format": "uuid"},
        ("123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"),
        ("123e4567", "", "123e4567-e89b-12d3-a456-42661417400g", "{123e4567-e89b-12d3-a456-426614174000}"),
        lambda source: f"{source.getrandbits(32):08x}-1234-1234-1234-{source.getrandbits(48):012x}",
    ),
    Kind(
        "integer",
        {"type": "integer", "minimum": -5, "maximum": 100},
        (0, 5, -5, 100),
        (-6, 101, "a", 2**70),
        _integer(-10, 110),
        (*_NUMBERS, *_DIGITS),
    ),
    Kind(
        "step",
        {"type": "integer", "multipleOf": 5, "exclusiveMinimum": 0},
        (5, 50),
        (0, 6, -5),
        _integer(-3, 60),
    ),
    Kind(
        "number",
        {"type": "number", "minimum": 0, "exclusiveMaximum": 10},
        (0, 1.5, 9.99, 0.1),
        (10, -0.5, "a", 1e300),
        lambda source: round(source.uniform(-2, 12), source.randint(0, 6)),
        (*_NUMBERS, "1.50", "1e-3", ".5", "5.", "1E0"),
    ),
    Kind(
        "boolean",
        {"type": "boolean"},
        (True, False),
        ("a", 2),
        lambda source: source.choice([True, False]),
        ("True", "TRUE", "1", "0", "yes", "off", "", "null"),
    ),
    Kind(
        "nullable",
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
        (1, 7),
        (0, "a", -1),
        _integer(-2, 9),
        ("null", "", "None"),
    ),
)

_COUNT: Final = {"type": "integer", "minimum": 1}
COMPOSITES: Final = (
    Kind(
        "integers",
        {"type": "array", "items": _COUNT, "maxItems": 3, "uniqueItems": True},
        ([1], [1, 2], [3, 2, 1]),
        ([1, 1], [0], [1, 2, 3, 4], ["a"], [1, "b"]),
        lambda source: [source.randint(0, 5) for _ in range(source.randint(1, 4))],
        composite="array",
    ),
    Kind(
        "strings",
        {"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 2},
        (["a", "b"], ["ab", "", "c"], ["a b", "äöü"], ["a,b", "c"], ["1", "2"]),
        (["a"], ["abcd", "b"], [""]),
        lambda source: [_text(0, 4)(source) for _ in range(source.randint(1, 4))],
        composite="array",
    ),
    Kind(
        "closed",
        {
            "type": "object",
            "required": ["R"],
            "properties": {"R": {"type": "integer", "maximum": 255}, "name": {"type": "string", "maxLength": 4}},
            "additionalProperties": False,
        },
        ({"R": 1}, {"R": 255, "name": "red"}, {"R": -3, "name": ""}),
        ({"R": 256}, {"name": "red"}, {"R": "a"}, {"R": 1, "Q": 1}, {"R": 1, "name": "white"}),
        lambda source: {
            key: value
            for key, value in (("R", source.randint(0, 300)), ("name", _text(0, 5)(source)), ("Q", 1))
            if source.random() < (0.2 if key == "Q" else 0.8)
        },
        composite="object",
    ),
    Kind(
        "open",
        {"type": "object", "properties": {"a": _COUNT}, "additionalProperties": True},
        ({"a": 1}, {"a": 2, "b": "x"}, {"b": "x"}),
        ({"a": 0}, {"a": "x"}),
        lambda source: {key: source.randint(0, 3) for key in source.sample("abcd", source.randint(1, 3))},
        composite="object",
    ),
)

KINDS: Final = (*SCALARS, *COMPOSITES)
