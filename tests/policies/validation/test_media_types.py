"""Content-Type, read strictly, and the entry of the contract that it finds."""

import pytest

from contracts.operations import MediaType
from policies.validation.media_types import Content, ContentType, declares_json, is_json, parse_content_type
from policies.validation.validators import Validators


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"application/json", ContentType("application/json", {})),
        (b"Application/JSON ; Charset=UTF-8", ContentType("application/json", {"charset": "UTF-8"})),
        (b'text/plain;a="b;\\"c"; d=e', ContentType("text/plain", {"a": 'b;"c', "d": "e"})),
        (b"text/plain;", ContentType("text/plain", {})),
        (b"text/plain; ;a=b", ContentType("text/plain", {"a": "b"})),
        (b"", None),
        (b"json", None),
        (b"application/", None),
        (b"application/json/x", None),
        (b" application/json", None),
        (b"application/json, text/plain", None),
        (b"application/json charset=utf-8", None),
        (b"application/json; charset", None),
        (b"application/json; charset =utf-8", None),
        (b"application/json; charset=utf-8; CHARSET=utf-16", None),
        (b'application/json; a="b', None),
        (b"application/json\n", None),
    ],
)
def test_reading(value: bytes, expected: ContentType | None) -> None:
    assert parse_content_type(value) == expected


def test_json_types() -> None:
    assert is_json("application/json")
    assert is_json("application/problem+json")
    assert not is_json("text/json")
    assert not is_json("application/json-seq")
    assert declares_json("application/json; charset=utf-8")
    assert not declares_json("application/*")


CONTENT = Content(
    (
        MediaType("application/json", {"type": "object"}),
        MediaType("application/*", {"type": "array"}),
        MediaType("image/*"),
        MediaType("text/csv; header=present", {"type": "string"}),
    ),
    Validators({}),
)


@pytest.mark.parametrize(
    ("value", "found", "json", "accepts"),
    [
        (b"application/json", True, True, {}),
        (b"application/json;charset=utf-8", True, True, {}),
        (b"application/json;charset=utf-16", False, False, None),
        (b"application/vnd.x+json", True, True, []),
        (b"application/pdf", True, False, None),
        (b"image/png", True, False, None),
        (b"text/csv", True, False, None),
        (b"text/html", False, False, None),
        (b"*/*", False, False, None),
    ],
)
def test_the_most_specific_range_decides(value: bytes, found: bool, json: bool, accepts: object) -> None:
    for _ in range(2):  # the second time from memory
        entry = CONTENT.find(value)
        assert (entry is not None) is found
        if entry is not None:
            assert entry.json is json
            assert (entry.check is not None) is (accepts is not None)
            if entry.check is not None:
                assert entry.check.is_valid(accepts)
                assert not entry.check.is_valid("text")


def test_memory_is_bounded() -> None:
    content = Content((MediaType("*/*"),), Validators({}))
    for number in range(1000):
        assert content.find(b"a/b%d" % number) is not None
    assert len(content.known) <= 64


def test_xml_that_only_a_range_covers_is_told_apart() -> None:
    content = Content((MediaType("*/*"), MediaType("application/soap+xml")), Validators({}))

    def unnamed(content_type: bytes) -> bool:
        entry = content.find(content_type)
        assert entry is not None
        return entry.unnamed_xml

    xml = (b"application/xml", b"text/xml; charset=utf-8", b"image/svg+xml", b"application/xml-dtd")
    assert [unnamed(each) for each in xml] == [True] * 4
    assert [unnamed(each) for each in (b"application/soap+xml", b"text/html", b"application/xmlish")] == [
        False
    ] * 3


@pytest.mark.parametrize(
    "value",
    [
        b"a/b" + b";  " * 10_000 + b"@",
        b"a/b" + b" ;" * 10_000 + b"@",
        b"a/b" + b"; a=b " * 5_000 + b"@",
        b'a/b; a="' + b'\\"' * 15_000,
        b"a/b" + b" \t" * 15_000 + b"@",
    ],
)
def test_no_field_takes_long_to_be_refused(value: bytes) -> None:
    """With what lies between two semicolons shared out in every way, the first of these would never end."""
    assert parse_content_type(value) is None
