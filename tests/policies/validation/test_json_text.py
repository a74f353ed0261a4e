"""Reading JSON: what is refused, where, and that the quick test for repeated names is exact."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.validation.json_text import Malformed, parse, parse_lax


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"{}", {}),
        (b" [1, 2.5, -0, 1e2, true, null] ", [1, 2.5, 0, 100.0, True, None]),
        (b"12345678901234567890123456789", 12345678901234567890123456789),
        (b'"\\ud83d\\ude00 \\u003a \\\\ud800"', "😀 : \\ud800"),
        ('{"é": "é:é"}'.encode(), {"é": "é:é"}),
        (b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}),
        (b'{"a":1,"A":2,"":3,"\\u0062":4}', {"a": 1, "A": 2, "": 3, "b": 4}),
        (b"[" * 64 + b"]" * 64, None),
    ],
)
def test_json(text: bytes, value: Any) -> None:
    assert parse(text) == (json.loads(text) if value is None else value)


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        (b"", "the text is empty", (0, 1, 1)),
        (b" \n ", "the text is empty", (3, 2, 2)),
        (b'{"a": [1', "the text ends early", (8, 1, 9)),
        (b'{"a":\n 1 2}', "expected ',' or '}'", (9, 2, 4)),
        (b"1 2", "trailing characters", (2, 1, 3)),
        (b"[1,]", "trailing comma in array", (3, 1, 4)),
        (b"[01]", "invalid number", (2, 1, 3)),
        (b"[NaN]", "invalid character", (1, 1, 2)),
        (b"[Infinity]", "invalid character", (1, 1, 2)),
        (b"\xef\xbb\xbf{}", "invalid character", (0, 1, 1)),
        (b'["\xc3\x28"]', "not UTF-8", (2, 1, 3)),
        (b'["\xed\xa0\x80"]', "not UTF-8", (2, 1, 3)),
        (b'{"\xff": 1}', "not UTF-8", (2, 1, 3)),
        (b'["\\ud83d"]', "a surrogate without its pair", (2, 1, 3)),
        (b'["\\\\\\ud83d"]', "a surrogate without its pair", (4, 1, 5)),
        (b'["\\ude00\\ud83d"]', "invalid utf-16 surrogate pair", (8, 1, 9)),
        (b'["a\tb"]', "invalid character", (3, 1, 4)),
        (b"'a'", "invalid character", (0, 1, 1)),
        (b"// a\n1", "invalid character", (0, 1, 1)),
        (b"[1e999]", "a number is out of range", None),
        (b"9" * 5000, "a number is out of range", None),
        (b"[" * 65 + b"]" * 65, "nested more than 64 levels deep", None),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested more than 64 levels deep", None),
        (b"[" * 100_000, "nested more than 64 levels deep", None),
        (b"[" * 900 + b"]" * 900, "nested more than 64 levels deep", None),
        (b'{"a":1,"a":1}', "a member name is given twice in one object", None),
        (b'[[{"b": {"a":1,"\\u0061":1}}]]', "a member name is given twice in one object", None),
        # As many colons as there are when the lost member is written again: hidden by an escape.
        (b'{"a":1,"a":2,"b":"\\u003a"}', "a member name is given twice in one object", None),
        (b'{"a":1,"a":2,"b":"\\u003A"}', "a member name is given twice in one object", None),
    ],
)
def test_what_is_refused(text: bytes, reason: str, place: tuple[int, int, int] | None) -> None:
    malformed = parse(text)
    assert isinstance(malformed, Malformed)
    assert malformed.reason == reason
    assert (malformed.offset, malformed.line, malformed.column) == (place or (None, None, None))


def test_brackets_in_strings_are_no_levels() -> None:
    assert parse(json.dumps({"a": "[{" * 500}).encode()) == {"a": "[{" * 500}
    assert parse(json.dumps("[" * 500).encode()) == "[" * 500
    deep = b"[" * 70 + b'"' + b"]" * 70 + b'"' + b"]" * 70
    assert isinstance(parse(deep), Malformed)


class _Twice(Exception):
    pass


def _strict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise _Twice
    return dict(pairs)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """JSON texts with names from a small set, so that many have one twice, some without any escape."""
    plain = draw(st.booleans())

    def spell(value: str) -> str:
        return "".join(one if plain or draw(st.booleans()) else f"\\u{ord(one):04x}" for one in value)

    def value(depth: int) -> str:
        kind = draw(st.integers(0, 5 if depth < 3 else 2))
        space = draw(st.sampled_from(["", " ", "\n"]))
        if kind == 0:
            return draw(st.sampled_from(["1", "1.0", "1e2", "-0", "true", "null", "12345678901234567890123"]))
        if kind <= 2:
            return f'"{spell(draw(st.text(":ab{[", max_size=3)))}"'
        if kind == 3:
            return f"[{space}{','.join(value(depth + 1) for _ in range(draw(st.integers(0, 3))))}]"
        names = draw(st.lists(st.sampled_from(["a", "b", "c", "d", ":"]), max_size=4))
        return "{" + ",".join(f'"{spell(name)}"{space}:{space}{value(depth + 1)}' for name in names) + "}"

    return value(0)


@given(texts())
def test_a_repeated_name_is_always_found_and_never_invented(text: str) -> None:
    try:
        expected: Any = json.loads(text, object_pairs_hook=_strict)
    except _Twice:
        expected = Malformed("a member name is given twice in one object")
    assert parse(text.encode()) == expected


def test_answers_are_read_less_strictly() -> None:
    assert parse_lax(b'{"a":1,"a":2}') == {"a": 2}
    assert isinstance(parse_lax(b"{"), Malformed)
    assert isinstance(parse_lax(b"[" * 100_000), Malformed)
