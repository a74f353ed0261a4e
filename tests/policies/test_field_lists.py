"""Lists in header fields, sound and hostile."""

import pytest

from policies.field_lists import elements
from policies.media_ranges import media_ranges

ENDLESS = b'"' + b'\\"' * 500_000
"""A quote that is never closed. Tried from each of its bytes it would hold a gateway up for hours."""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"", []),
        (b" , ,\t", []),
        (b"a, b ,c", [b"a", b"b", b"c"]),
        (b'a="x, y", b', [b'a="x, y"', b"b"]),
        (b'a="x\\", y", b', [b'a="x\\", y"', b"b"]),
        (b'a="x, b', [b'a="x, b']),
        (b'a="x\\', [b'a="x\\']),
        (b'"a""b",c', [b'"a""b"', b"c"]),
    ],
)
def test_commas_in_quoted_strings_divide_nothing(value: bytes, found: list[bytes]) -> None:
    assert list(elements(value)) == found


@pytest.mark.parametrize("value", [ENDLESS, ENDLESS + b'"', b"a" + ENDLESS, b'a"' * 500_001, b"\\" * 1_000_000])
def test_a_hostile_value_is_read_once(value: bytes) -> None:
    assert list(elements(value)) == [value]
    assert media_ranges(value) == []


def test_of_endless_elements_the_first_are_read() -> None:
    assert [each.essence for each in media_ranges(b"a/b," * 500_000)] == ["a/b"] * 32
