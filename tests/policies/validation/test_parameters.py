"""Every style of every location, decoded and refused (OAS 3.1 §4.8.12.5 and its table of examples)."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.operations import ApiVersion, HttpBackend, Operation, Parameter
from policies.exchange import Exchange, Violation
from policies.validation.parameters import ParameterReader
from policies.validation.validators import validators_of

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
STRINGS = {"type": "array", "items": STRING}
INTEGERS = {"type": "array", "items": INTEGER}
COLOR = {"type": "object", "properties": {"R": INTEGER, "G": INTEGER, "B": INTEGER}}
RGB = {"R": 100, "G": 200, "B": 150}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "urn:d": {
        "components": {
            "schemas": {
                "Limit": {"allOf": [{"$ref": "#/components/schemas/Count"}, {"maximum": 100}]},
                "Count": {"type": "integer", "minimum": 1},
                "Ids": {"type": "array", "items": {"$ref": "#/components/schemas/Count"}, "maxItems": 3},
            }
        }
    }
}


def read(
    *parameters: Parameter,
    query: bytes = b"",
    path: str | None = None,
    headers: list[tuple[bytes, bytes]] | None = None,
    unknown: str = "refuse",
) -> tuple[dict[str, dict[str, Any]], list[Violation]]:
    template = "/things" if path is None else "/things/{x}"
    operation = Operation("o", "GET", template, "", HttpBackend("u"), parameters=parameters, unknown_query=unknown)  # type: ignore[arg-type]
    version = ApiVersion("a", "v1", "A", "t", "/a/v1", "r", (operation,), documents=DOCUMENTS)
    fields: dict[bytes, bytes] = {}
    for name, value in headers or []:
        key = name.lower()
        fields[key] = fields[key] + b", " + value if key in fields else value
    exchange = Exchange("GET", b"/", headers or [], fields, "192.0.2.1")
    exchange.query = query
    exchange.path_values = () if path is None else (path,)
    violations = ParameterReader(operation, validators_of(version))(exchange)
    return exchange.parameters, violations


def query_parameter(style: str, explode: bool, schema: Any, **rest: Any) -> Parameter:
    return Parameter("x", "query", style, explode, schema, **rest)


@pytest.mark.parametrize(
    ("style", "explode", "schema", "query", "value"),
    [
        ("form", True, STRING, b"x=blue", "blue"),
        ("form", True, STRING, b"x=", ""),
        ("form", True, STRING, b"x", ""),
        ("form", True, STRING, b"x=a%20b+c%2Bd", "a b c+d"),
        ("form", True, STRING, b"x=%C3%A9", "é"),
        ("form", True, STRING, b"x=1,2", "1,2"),
        ("form", True, STRING, b"x=a=b", "a=b"),
        ("form", True, INTEGER, b"x=-12", -12),
        ("form", True, INTEGER, b"x=123456789012345678901234567890", 123456789012345678901234567890),
        ("form", True, NUMBER, b"x=19.99", 19.99),
        ("form", True, NUMBER, b"x=1e2", 100.0),
        ("form", True, NUMBER, b"x=12", 12),
        ("form", True, NUMBER, b"x=0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("form", True, {"type": "boolean"}, b"x=true", True),
        ("form", True, {"type": ["integer", "null"]}, b"x=null", None),
        ("form", True, {"type": ["integer", "string"]}, b"x=12", 12),
        ("form", True, {"type": ["integer", "string"]}, b"x=012", "012"),
        ("form", True, {"anyOf": [{"type": "integer", "maximum": 9}, STRING]}, b"x=12", "12"),
        ("form", True, {"enum": [1, 2]}, b"x=2", 2),
        ("form", True, {"$ref": "urn:d#/components/schemas/Limit"}, b"x=100", 100),
        ("form", True, {}, b"x=12", "12"),
        ("form", True, True, b"x=12", "12"),
        ("form", True, STRINGS, b"x=blue&x=bl,ack", ["blue", "bl,ack"]),
        ("form", True, INTEGERS, b"x=1", [1]),
        ("form", False, STRINGS, b"x=blue,black", ["blue", "black"]),
        ("form", False, STRINGS, b"x=blue%2Cblack,a", ["blue,black", "a"]),
        ("form", False, INTEGERS, b"x=1%2C2,3", [1, 2, 3]),
        ("form", False, {"$ref": "urn:d#/components/schemas/Ids"}, b"x=1,2,3", [1, 2, 3]),
        ("form", False, {"type": "array", "prefixItems": [INTEGER, STRING]}, b"x=1,2", [1, "2"]),
        ("form", False, {"oneOf": [STRINGS, INTEGER]}, b"x=1", 1),
        ("form", False, {"oneOf": [STRINGS, INTEGER]}, b"x=a", ["a"]),
        ("form", False, {"type": ["array", "null"], "items": INTEGER}, b"x=1,2", [1, 2]),
        ("form", False, COLOR, b"x=R,100,G,200,B,150", RGB),
        ("spaceDelimited", False, STRINGS, b"x=blue%20black+brown", ["blue", "black", "brown"]),
        ("spaceDelimited", False, COLOR, b"x=R%20100%20G%20200%20B%20150", RGB),
        ("pipeDelimited", False, STRINGS, b"x=blue|black%7Cbrown", ["blue", "black", "brown"]),
        ("pipeDelimited", False, COLOR, b"x=R|100|G|200|B|150", RGB),
        ("deepObject", True, COLOR, b"x[R]=100&x%5BG%5D=200&x%5bB%5d=150", RGB),
        ("deepObject", True, {"type": "object", "additionalProperties": INTEGER}, b"x[a]=1", {"a": 1}),
    ],
)
def test_query_styles(style: str, explode: bool, schema: Any, query: bytes, value: Any) -> None:
    parameters, violations = read(query_parameter(style, explode, schema), query=query)
    assert violations == []
    assert parameters["query"] == {"x": value}
    assert type(parameters["query"]["x"]) is type(value)


def test_an_exploded_form_object_is_spread_over_the_query() -> None:
    other = Parameter("limit", "query", "form", True, INTEGER)
    parameters, violations = read(query_parameter("form", True, COLOR), other, query=b"R=100&limit=5&G=200&B=150")
    assert violations == []
    assert parameters["query"] == {"x": RGB, "limit": 5}


def test_free_names_go_to_the_object_that_admits_them() -> None:
    free = query_parameter("form", True, {"type": "object", "additionalProperties": INTEGER})
    assert read(free, query=b"a=1&b=2")[0]["query"] == {"x": {"a": 1, "b": 2}}
    assert [v.rule for v in read(free, query=b"a=1&b=c")[1]] == ["type"]


@pytest.mark.parametrize(
    ("style", "explode", "schema", "query", "pointer", "rule"),
    [
        ("form", True, INTEGER, b"x=01", "/x", "type"),
        ("form", True, INTEGER, b"x=%2B1", "/x", "type"),
        ("form", True, INTEGER, b"x=1.0", "/x", "type"),
        ("form", True, INTEGER, b"x=", "/x", "type"),
        ("form", True, INTEGER, b"x=%D9%A3", "/x", "type"),
        ("form", True, INTEGER, b"x=1%0A", "/x", "type"),
        ("form", True, INTEGER, b"x=" + b"9" * 5000, "/x", "type"),
        ("form", True, NUMBER, b"x=1e999", "/x", "type"),
        ("form", True, NUMBER, b"x=1e99999999", "/x", "type"),
        ("form", True, NUMBER, b"x=NaN", "/x", "type"),
        ("form", True, NUMBER, b"x=.5", "/x", "type"),
        ("form", True, {"type": "boolean"}, b"x=True", "/x", "type"),
        ("form", True, {"type": "null"}, b"x=", "/x", "type"),
        ("form", True, STRING, b"x=%FF", "/x", "encoding"),
        ("form", True, STRING, b"x=%zz", "/x", "encoding"),
        ("form", True, STRING, b"x=1&x=2", "/x", "repeated-parameter"),
        ("form", True, STRING, b"x=1&%78=2", "/x", "repeated-parameter"),
        ("form", False, INTEGERS, b"x=1&x=2", "/x", "repeated-parameter"),
        ("form", False, INTEGERS, b"x=1,b", "/x/1", "type"),
        ("form", True, INTEGERS, b"x=1&x=b", "/x/1", "type"),
        ("form", True, {"$ref": "urn:d#/components/schemas/Limit"}, b"x=101", "/x", "maximum"),
        ("form", False, {"$ref": "urn:d#/components/schemas/Ids"}, b"x=1,2,3,4", "/x", "maxItems"),
        ("form", False, {"$ref": "urn:d#/components/schemas/Ids"}, b"x=1,0", "/x/1", "minimum"),
        ("form", False, COLOR, b"x=R,100,G", "/x", "style"),
        ("form", False, COLOR, b"x=R,1,R,2", "/x", "repeated-property"),
        ("form", False, COLOR, b"x=R,a", "/x/R", "type"),
        ("form", True, NUMBER | {"multipleOf": 0.01}, b"x=19.991", "/x", "multipleOf"),
        ("deepObject", True, COLOR, b"x[R]=a", "/x/R", "type"),
        ("deepObject", True, COLOR, b"x[R]=1&x[R]=2", "/x", "repeated-property"),
        ("deepObject", True, COLOR | {"additionalProperties": False}, b"x[Q]=1", "/x", "additionalProperties"),
        ("deepObject", True, COLOR, b"x[R][a]=1", "", "unknown-parameter"),
        ("deepObject", True, COLOR, b"x=1", "/x", "unknown-parameter"),
    ],
)
def test_query_refusals(style: str, explode: bool, schema: Any, query: bytes, pointer: str, rule: str) -> None:
    _, violations = read(query_parameter(style, explode, schema), query=query)
    assert [(v.location, v.pointer, v.rule) for v in violations] == [("query", pointer, rule)]


def test_a_required_parameter_must_be_there() -> None:
    for style, explode, schema in (
        ("form", True, STRING),
        ("form", True, STRINGS),
        ("form", True, COLOR),
        ("deepObject", True, COLOR),
    ):
        _, violations = read(query_parameter(style, explode, schema, required=True))
        assert [(v.pointer, v.rule) for v in violations] == [("/x", "required")]
        assert read(query_parameter(style, explode, schema))[1] == []


def test_an_empty_value_passes_where_the_contract_admits_it() -> None:
    empty = query_parameter("form", True, INTEGER, allow_empty=True)
    assert read(empty, query=b"x=") == ({"path": {}, "query": {"x": ""}, "header": {}}, [])
    assert read(empty, query=b"x=5")[0]["query"] == {"x": 5}
    assert [v.rule for v in read(empty, query=b"x=a")[1]] == ["type"]
    assert [v.rule for v in read(empty, query=b"x=&x=1")[1]] == ["repeated-parameter"]


def test_unknown_names_are_told_only_where_they_look_like_names() -> None:
    _, violations = read(query=b"limits=1&sk-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c=1&a%00b=1&&=2")
    assert [(v.pointer, v.rule) for v in violations] == [
        ("/limits", "unknown-parameter"),
        ("", "unknown-parameter"),
        ("", "unknown-parameter"),
        ("", "unknown-parameter"),
    ]
    assert read(query=b"limits=1", unknown="ignore")[1] == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"page-sizes=1", "is not a parameter of this operation (did you mean `pageSize`?)"),
        (b"colour=1", "is not a parameter of this operation (it has `pageSize`, `sort`)"),
        (b"%00=1", "has a parameter that this operation has not (it has `pageSize`, `sort`)"),
    ],
)
def test_what_the_operation_has_instead_is_told(query: bytes, message: str) -> None:
    parameters = tuple(Parameter(name, "query", "form", True, INTEGER) for name in ("sort", "pageSize"))
    assert [each.message for each in read(*parameters, query=query)[1]] == [message]


@pytest.mark.parametrize(
    ("style", "explode", "schema", "raw", "value"),
    [
        ("simple", False, STRING, "blue", "blue"),
        ("simple", False, STRING, "a+b%20c", "a+b c"),
        ("simple", False, INTEGER, "7", 7),
        ("simple", False, STRINGS, "blue,black", ["blue", "black"]),
        ("simple", True, STRINGS, "blue,black", ["blue", "black"]),
        ("simple", False, COLOR, "R,100,G,200,B,150", RGB),
        ("simple", True, COLOR, "R=100,G=200,B=150", RGB),
        ("label", False, STRING, ".blue", "blue"),
        ("label", False, NUMBER, ".1.5", 1.5),
        ("label", False, STRINGS, ".blue,black", ["blue", "black"]),
        ("label", True, STRINGS, ".blue.black", ["blue", "black"]),
        ("label", False, COLOR, ".R,100,G,200,B,150", RGB),
        ("label", True, COLOR, ".R=100.G=200.B=150", RGB),
        ("matrix", False, STRING, ";x=blue", "blue"),
        ("matrix", False, STRING, ";x", ""),
        ("matrix", False, INTEGERS, ";x=1,2", [1, 2]),
        ("matrix", True, INTEGERS, ";x=1;x=2", [1, 2]),
        ("matrix", False, COLOR, ";x=R,100,G,200,B,150", RGB),
        ("matrix", True, COLOR, ";R=100;G=200;B=150", RGB),
    ],
)
def test_path_styles(style: str, explode: bool, schema: Any, raw: str, value: Any) -> None:
    parameter = Parameter("x", "path", style, explode, schema, required=True)
    parameters, violations = read(parameter, path=raw)
    assert violations == []
    assert parameters["path"] == {"x": value}


@pytest.mark.parametrize(
    ("style", "explode", "schema", "raw", "rule"),
    [
        ("simple", False, STRING, "%FF", "encoding"),
        ("simple", False, INTEGER, "a", "type"),
        ("simple", True, COLOR, "R=100,G", "style"),
        ("label", False, STRING, "blue", "style"),
        ("matrix", False, STRING, ";y=blue", "style"),
        ("matrix", True, INTEGERS, ";x=1;y=2", "style"),
        ("matrix", False, INTEGERS, ";x", "style"),
    ],
)
def test_path_refusals(style: str, explode: bool, schema: Any, raw: str, rule: str) -> None:
    _, violations = read(Parameter("x", "path", style, explode, schema, required=True), path=raw)
    assert [(v.location, v.pointer, v.rule) for v in violations] == [("path", "/x", rule)]


def header(schema: Any, explode: bool = False, **rest: Any) -> Parameter:
    return Parameter("X-Thing", "header", "simple", explode, schema, **rest)


@pytest.mark.parametrize(
    ("schema", "explode", "lines", "value"),
    [
        (STRING, False, [b"a%20b, c"], "a%20b, c"),
        (INTEGER, False, [b" 5 "], 5),
        (INTEGERS, False, [b"1, 2,3"], [1, 2, 3]),
        (INTEGERS, False, [b"1", b"2"], [1, 2]),
        (COLOR, False, [b"R,100,G,200,B,150"], RGB),
        (COLOR, True, [b"R=100, G=200, B=150"], RGB),
        (STRING, False, ["é".encode()], "é"),
    ],
)
def test_headers(schema: Any, explode: bool, lines: list[bytes], value: Any) -> None:
    parameters, violations = read(header(schema, explode), headers=[(b"x-THING", line) for line in lines])
    assert violations == []
    assert parameters["header"] == {"X-Thing": value}


@pytest.mark.parametrize(
    ("schema", "lines", "rule"),
    [
        (STRING, [b"a", b"b"], "repeated-parameter"),
        (STRING, [b"\xe9"], "encoding"),
        (INTEGER, [b"a"], "type"),
        ({"type": "string", "maxLength": 1}, [b"ab"], "maxLength"),
        (STRING, [], "required"),
    ],
)
def test_header_refusals(schema: Any, lines: list[bytes], rule: str) -> None:
    _, violations = read(header(schema, required=True), headers=[(b"x-thing", line) for line in lines])
    assert [(v.location, v.pointer, v.rule) for v in violations] == [("header", "/X-Thing", rule)]


@pytest.mark.parametrize("name", ["Accept", "content-type", "AUTHORIZATION"])
def test_reserved_header_names_are_no_parameters(name: str) -> None:
    parameters, violations = read(Parameter(name, "header", "simple", False, INTEGER, required=True))
    assert parameters["header"] == {}
    assert violations == []


def test_cookies() -> None:
    wanted = Parameter("x", "cookie", "form", True, INTEGER, required=True)
    assert read(wanted, headers=[(b"cookie", b"a=1; x=5")])[0]["cookie"] == {"x": 5}
    for line, rule in (
        (b"a=1", "required"),
        (b"x=1; x=2", "repeated-parameter"),
        (b"x=a", "type"),
        (b"x=\xff", "encoding"),
    ):
        assert [v.rule for v in read(wanted, headers=[(b"cookie", line)])[1]] == [rule]


def test_a_parameter_of_a_media_type_is_read_as_such() -> None:
    schema = {"type": "object", "properties": {"a": INTEGER}, "required": ["a"]}
    wanted = query_parameter("form", True, schema, content_type="application/json")
    assert read(wanted, query=b"x=%7B%22a%22:1%7D")[0]["query"] == {"x": {"a": 1}}
    for query, pointer, rule in (
        (b"x=%7B%22a%22:%22b%22%7D", "/x/a", "type"),
        (b"x=%7B", "/x", "malformed-json"),
        (b"x=%7B%22a%22:1,%22a%22:2%7D", "/x", "malformed-json"),
    ):
        assert [(v.pointer, v.rule) for v in read(wanted, query=query)[1]] == [(pointer, rule)]
    text = query_parameter("form", True, STRING, content_type="text/plain")
    assert read(text, query=b"x=%7B")[0]["query"] == {"x": "{"}


def test_names_that_need_encoding_are_found_in_every_spelling() -> None:
    wanted = Parameter("größe", "query", "form", True, INTEGER)
    for name in (b"gr%C3%B6%C3%9Fe", b"gr%c3%b6%c3%9fe", b"%67r%C3%B6%C3%9Fe"):
        assert read(wanted, query=name + b"=5") == ({"path": {}, "query": {"größe": 5}, "header": {}}, [])
    assert [v.rule for v in read(wanted, query=b"%FF=1")[1]] == ["encoding"]
    # Encoded twice it is another name, and so is a name that only looks encoded in the contract.
    assert [v.rule for v in read(wanted, query=b"gr%25C3%25B6%25C3%259Fe=5")[1]] == ["unknown-parameter"]
    literal = Parameter("a+b%20", "query", "form", True, INTEGER)
    assert [v.rule for v in read(literal, query=b"a+b%20=5")[1]] == ["unknown-parameter"]
    assert read(literal, query=b"a%2Bb%2520=5")[0]["query"] == {"a+b%20": 5}


def test_what_is_spread_over_pairs_is_found_in_every_spelling() -> None:
    deep, many = query_parameter("deepObject", True, COLOR), Parameter("m[]", "query", "form", True, INTEGERS)
    query = b"x[R]=100&x%5BG%5D=200&%78[B]=150&m[]=1&m%5b%5d=2&%6d[]=3"
    assert read(deep, many, query=query)[0]["query"] == {"x": RGB, "m[]": [1, 2, 3]}


def test_no_value_is_told() -> None:
    secret = "s3cr3t"
    for schema in (INTEGER, {"enum": ["a"]}, {"type": "string", "maxLength": 1}, {"const": 1}, COLOR):
        for style, explode in (("form", True), ("form", False), ("deepObject", True)):
            for query in (f"x={secret}", f"x={secret},{secret}", f"x[{secret}]={secret}", f"{secret}[{secret}]=1"):
                _, violations = read(query_parameter(style, explode, schema), query=query.encode())
                assert secret not in repr(violations)
