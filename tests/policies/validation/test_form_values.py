"""Forms: what is read of each kind of property, in each way to encode it, and what is wrong with others."""

from typing import Any

import pytest

from contracts.operations import ApiVersion, Encoding, MediaType, Parameter
from policies.validation.form_values import Multipart, Urlencoded, Values
from policies.validation.media_types import parse_content_type
from policies.validation.multipart_text import Part
from policies.validation.validators import validators_of

URI = "urn:ostiary:forms:v1:request"
COLOR = {
    "type": "object",
    "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}},
    "additionalProperties": False,
}
DOCUMENTS = {URI: {"$id": URI, "components": {"schemas": {"Color": COLOR, "Count": {"type": "integer"}}}}}
COLOR_REF = {"$ref": f"{URI}#/components/schemas/Color"}
INTEGERS = {"type": "array", "items": {"$ref": f"{URI}#/components/schemas/Count"}}


def version() -> ApiVersion:
    return ApiVersion("forms", "v1", "Forms", "sales", "/forms/v1", "r1", (), documents=DOCUMENTS)


def media(properties: dict[str, Any], *encodings: Encoding, **more: Any) -> MediaType:
    return MediaType("form", {"type": "object", "properties": properties, **more}, encodings)


def pairs(text: str, properties: dict[str, Any], *encodings: Encoding, **more: Any) -> Values:
    validators = validators_of(version())
    return Urlencoded(media(properties, *encodings, **more), validators).read(text.encode())


def styled(name: str, style: str, explode: bool = False) -> Encoding:
    return Encoding(name, style=style, explode=explode)


@pytest.mark.parametrize(
    ("text", "schema", "encoding", "value"),
    [
        ("a=12", {"type": "integer"}, None, 12),
        ("a=x+y%26%C3%BC", {"type": "string"}, None, "x y&ü"),
        ("a=grüß", {"type": "string"}, None, "grüß"),
        ("a=true", {"type": "boolean"}, None, True),
        ("a=", {"type": "string"}, None, ""),
        ("a", {"type": "string"}, None, ""),
        ("a=1&a=2", INTEGERS, None, [1, 2]),
        ("a=1", INTEGERS, None, [1]),
        ("a=1&a=2", INTEGERS, styled("a", "form", True), [1, 2]),
        ("a=1,2", INTEGERS, styled("a", "form"), [1, 2]),
        ("a=1%202", INTEGERS, styled("a", "spaceDelimited"), [1, 2]),
        ("a=1|2", INTEGERS, styled("a", "pipeDelimited"), [1, 2]),
        ("a=%7B%22R%22%3A1%7D", COLOR_REF, None, {"R": 1}),
        ("a=%7B%22R%22%3A1%7D&a=%7B%7D", {"type": "array", "items": COLOR_REF}, None, [{"R": 1}, {}]),
        ("a=[1,2]", INTEGERS, Encoding("a", ("application/json",)), [[1, 2]]),
        ("a=7", {"type": "integer"}, Encoding("a", ("application/json",)), 7),
        ("a[R]=1&a%5BG%5D=2", COLOR_REF, styled("a", "deepObject", True), {"R": 1, "G": 2}),
        ("a[R]=1&a[X]=x", COLOR_REF, styled("a", "deepObject", True), {"R": 1, "X": "x"}),
        ("R=1&G=2", COLOR_REF, styled("a", "form", True), {"R": 1, "G": 2}),
        ("a=R,1,G,2", COLOR_REF, styled("a", "form"), {"R": 1, "G": 2}),
        (
            "R=1&b=x",
            {"type": "object", "additionalProperties": True},
            styled("a", "form", True),
            {"R": "1", "b": "x"},
        ),
    ],
)
def test_a_property_of_a_form(text: str, schema: dict[str, Any], encoding: Encoding | None, value: Any) -> None:
    values = pairs(text, {"a": schema}, *([encoding] if encoding else []))
    assert (values.found, values.violations) == ({"a": value}, [])


@pytest.mark.parametrize(
    ("text", "schema", "encoding", "rule", "pointer"),
    [
        ("a=x", {"type": "integer"}, None, "type", "/a"),
        ("a=1&a=2", {"type": "integer"}, None, "repeated-property", "/a"),
        ("a=1&a=x", INTEGERS, None, "type", "/a/1"),
        ("a=1,x", INTEGERS, styled("a", "form"), "type", "/a/1"),
        ("a=%FF", {"type": "string"}, None, "encoding", "/a"),
        ("a=%zz", {"type": "string"}, None, "encoding", "/a"),
        ("%FF=1", {"type": "string"}, None, "encoding", ""),
        ("a=R,1", COLOR_REF, None, "malformed-json", "/a"),
        ('a={"R":1,"R":2}', COLOR_REF, None, "malformed-json", "/a"),
        ("a[R]=1&a[R]=2", COLOR_REF, styled("a", "deepObject", True), "repeated-property", "/a"),
        ("a[R]=x", COLOR_REF, styled("a", "deepObject", True), "type", "/a/R"),
        ("secret=1&secret=2", {"type": "string"}, None, "repeated-property", ""),
    ],
)
def test_what_is_wrong_with_one(
    text: str, schema: dict[str, Any], encoding: Encoding | None, rule: str, pointer: str
) -> None:
    values = pairs(text, {"a": schema}, *([encoding] if encoding else []))
    assert [(each.location, each.rule, each.pointer) for each in values.violations] == [("body", rule, pointer)]


def test_names_that_the_contract_lacks_are_left_to_its_schema() -> None:
    values = pairs("a=1&b=2&c[x]=3", {"a": {"type": "integer"}}, additionalProperties={"type": "integer"})
    assert values.found == {"a": 1, "b": 2, "c[x]": 3}
    assert pairs("b=2", {"a": {"type": "integer"}}).found == {"b": "2"}


def test_a_form_that_is_not_utf_8_is_refused() -> None:
    reader = Urlencoded(media({"a": {"type": "string"}}), validators_of(version()))
    assert [each.rule for each in reader.read(b"a=\xff").violations] == ["encoding"]


def part(name: str, content: bytes | str, content_type: str = "", file: str | None = None, **headers: str) -> Part:
    read = parse_content_type(content_type.encode()) if content_type else None
    fields = {key.replace("_", "-"): value for key, value in headers.items()}
    return Part(name, file, read, fields, content if isinstance(content, bytes) else content.encode())


def parts(properties: dict[str, Any], *given: Part, encodings: tuple[Encoding, ...] = ()) -> Values:
    return Multipart(media(properties, *encodings), validators_of(version())).read(given)


@pytest.mark.parametrize(
    ("schema", "given", "value"),
    [
        ({"type": "string"}, [part("a", "grüß")], "grüß"),
        ({"type": "integer"}, [part("a", "12", "text/plain; charset=utf-8")], 12),
        ({"type": "string"}, [part("a", b"\xff\x00", "image/png", "a.png")], "\xff\x00"),
        ({"type": "string"}, [part("a", b"\xff", "application/octet-stream", "a")], "\xff"),
        ({}, [part("a", b"\xfe", "", "a.bin")], "\xfe"),
        (COLOR_REF, [part("a", '{"R": 1}', "application/json")], {"R": 1}),
        (COLOR_REF, [part("a", '{"R": 1}')], {"R": 1}),
        ({}, [part("a", '{"R": 1}', "application/vnd.color+json")], {"R": 1}),
        (INTEGERS, [part("a", "1"), part("a", "2")], [1, 2]),
        ({"type": "array", "items": COLOR_REF}, [part("a", "{}"), part("a", '{"G":1}')], [{}, {"G": 1}]),
    ],
)
def test_a_property_in_parts(schema: dict[str, Any], given: list[Part], value: Any) -> None:
    values = parts({"a": schema}, *given)
    assert (values.found, values.violations) == ({"a": value}, [])


@pytest.mark.parametrize(
    ("schema", "given", "rule", "pointer"),
    [
        ({"type": "integer"}, [part("a", "x")], "type", "/a"),
        ({"type": "integer"}, [part("a", "1"), part("a", "1")], "repeated-property", "/a"),
        (INTEGERS, [part("a", "1"), part("a", "x")], "type", "/a/1"),
        ({"type": "string"}, [part("a", b"\xff")], "encoding", "/a"),
        ({"type": "string"}, [part("a", b"\xff", "text/plain", "a.txt")], "encoding", "/a"),
        (COLOR_REF, [part("a", "{", "application/json")], "malformed-json", "/a"),
        ({"type": "string"}, [part("secret", "1"), part("secret", "1")], "repeated-property", ""),
    ],
)
def test_what_is_wrong_with_a_part(schema: dict[str, Any], given: list[Part], rule: str, pointer: str) -> None:
    values = parts({"a": schema}, *given)
    assert [(each.location, each.rule, each.pointer) for each in values.violations] == [("body", rule, pointer)]


@pytest.mark.parametrize(
    ("allowed", "sent", "taken"),
    [
        (("image/png", "image/jpeg"), "image/jpeg", True),
        (("image/png",), "image/jpeg", False),
        (("image/*",), "image/jpeg", True),
        (("image/*",), "imagex/jpeg", False),
        (("*/*",), "a/b", True),
        (("image/png",), "", False),
        (("text/plain",), "", True),
        (("application/json",), "", False),
    ],
)
def test_a_part_is_of_a_type_that_its_encoding_names(allowed: tuple[str, ...], sent: str, taken: bool) -> None:
    values = parts({"a": {}}, part("a", "1", sent), encodings=(Encoding("a", allowed),))
    assert [each.rule for each in values.violations] == ([] if taken else ["content-type"])


def test_header_fields_of_parts_are_checked() -> None:
    pages = Parameter("X-Pages", "header", "simple", False, {"type": "integer", "minimum": 1}, required=True)
    encoding = Encoding("a", headers=(pages,))

    def rules(*given: Part) -> list[str]:
        return [each.rule for each in parts({"a": {}}, *given, encodings=(encoding,)).violations]

    assert rules(part("a", "1", x_pages="3")) == []
    assert rules(part("a", "1")) == ["required"]
    assert rules(part("a", "1", x_pages="0")) == ["minimum"]
    assert rules(part("a", "1", x_pages="many")) == ["type"]
