"""The bounds of a JSON text, each of them just kept and just exceeded, whatever the text looks like."""

import json
import random
from typing import Any

import pytest

from policies.validation.json_bounds import Bounds, JsonBounds

WIDE = {"depth": 64, "items": 1 << 20, "members": 1 << 20, "characters": 1 << 20, "digits": 4_096}


def exceeded(text: bytes, **bounds: int) -> str:
    return JsonBounds(Bounds(**{**WIDE, **bounds})).exceeded(text)


def nested(levels: int) -> bytes:
    return b'{"a":[' * (levels // 2) + b"[]" * (levels % 2) + b"]}" * (levels // 2)


@pytest.mark.parametrize(
    ("bound", "limit", "kept", "beyond"),
    [
        ("depth", 4, nested(4), nested(5)),
        ("depth", 1, b"{}", b"[[]]"),
        ("items", 3, b"[1,2,3]", b"[1,2,3,4]"),
        ("items", 3, b"[[1,2,3],[4,5,6]]", b'{"a":[[1,2,3,4]]}'),
        ("members", 2, b'{"a":1,"b":{"a":1,"b":2}}', b'{"a":{"a":1,"b":2,"c":3}}'),
        ("characters", 5, b'["abcde"]', b'["abcdef"]'),
        ("characters", 5, '{"äöüßé":1}'.encode(), b'{"abcdef":1}'),
        ("digits", 16, b"[1234567890123456]", b"[12345678901234567]"),
        ("digits", 16, b"[-12345678901234e]", b'{"a":-0.1234567890e-10}'),
    ],
)
def test_each_bound(bound: str, limit: int, kept: bytes, beyond: bytes) -> None:
    assert exceeded(kept, **{bound: limit}) == ""
    assert exceeded(beyond, **{bound: limit}) == bound
    assert exceeded(beyond, **{bound: limit + 1}) == ""


def test_digits_in_a_text_are_no_number() -> None:
    digits = b"7" * 500
    assert exceeded(b'["' + digits + b'"]', digits=100) == ""
    assert exceeded(b'["\\"' + digits + b'\\\\"]', digits=100) == ""
    assert exceeded(b'["", ' + digits + b', ""]', digits=100) == "digits"


@pytest.mark.parametrize("digits", [16, 17, 23, 100, 127, 128, 1_000, 4_096])
def test_a_long_number_is_found_wherever_it_stands(digits: int) -> None:
    """The text is looked at byte by byte only if a sample of it is suspicious: no place must escape that."""
    for before in range(2 * (digits // 8) + 2):
        text = b"[" + b" " * before + b"1" * (digits + 1) + b"]"
        assert exceeded(text, digits=digits) == "digits", before


@pytest.mark.parametrize("end", [b"", b'"', b"\\", b'\\"'])
def test_strings_without_an_end_are_passed_over_once(end: bytes) -> None:
    """Were each escaped quote tried as a beginning, this would take hours."""
    number = b"1" * 200
    text = b"[" + number[:50] + b', "' + b'\\"' * 500_000 + number + end
    assert exceeded(text, digits=100, characters=1 << 30) == ""
    assert exceeded(b"[" + number + b', "' + b'\\"' * 500_000 + end, digits=100, characters=1 << 30) == "digits"


def test_what_is_no_json_is_left_to_who_reads_it() -> None:
    for text in (b"[" * 100, b"[1,2,3,4", b'{"a":1,,}', b"\xff" * 50, b""):
        assert exceeded(text, depth=2, items=2) == ""


def _sizes(value: Any, depth: int = 0) -> tuple[int, int, int, int]:
    """Depth, items, members and characters of a value, counted the plain way."""
    match value:
        case dict():
            below = [_sizes(member, depth + 1) for member in value.values()]
            names = max(map(len, value), default=0)
            own = (depth + 1, 0, len(value), names)
        case list():
            below = [_sizes(item, depth + 1) for item in value]
            own = (depth + 1, len(value), 0, 0)
        case str():
            return depth, 0, 0, len(value)
        case _:
            return depth, 0, 0, 0
    deepest, items, members, characters = (max(column) for column in zip(own, *below, strict=True))
    return deepest, items, members, characters


def _made(random: random.Random, depth: int = 0) -> Any:
    kind = random.randrange(6) if depth < 6 else 0
    if kind < 2:
        return random.choice([1, 2.5, None, True, "", "a,b", "{[", 'q"', "long " * random.randrange(4)])
    if kind < 4:
        return [_made(random, depth + 1) for _ in range(random.randrange(6))]
    return {f"n{index},{{": _made(random, depth + 1) for index in range(random.randrange(5))}


@pytest.mark.parametrize("seed", range(40))
def test_counting_bytes_clears_nothing_that_a_walk_would_not(seed: int) -> None:
    value = _made(random.Random(seed))
    sizes = dict(zip(("depth", "items", "members", "characters"), _sizes(value), strict=True))
    for separators in ((",", ":"), (" , ", " : ")):
        text = json.dumps(value, separators=separators).encode()
        for name, size in sizes.items():
            if size:
                assert exceeded(text, **{name: size}) == ""
            if size > 1:
                assert exceeded(text, **{name: size - 1}) == name
