"""The requests of the comparison: each parameter and property of the contract, given texts that fit and do not."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Case:
    """`subject` is the parameter or the property that the request is about, `text` what it is given."""

    operation: str
    subject: str
    text: str
    value: str = ""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.operation} {self.subject}={self.text!r}"


SCALARS = [
    *("", "a", "abcdef", "Ab", "äöü", "a b", "a+b", "a&b=c", "12", "-5", "-6", "0", "-0", "01", "+1", " 1", "1 "),
    *("1_0", "1.0", "1.5", "1.25", "1e1", "1E400", ".5", "5.", "٣", "21", "2147483648", "9" * 40),
    *("true", "false", "True", "yes", "1", "null", "None", "NaN", "Infinity", "draft", "Draft"),
    *("2026-02-28", "2026-02-30", "2026-2-28", "\x00"),
]
LISTS = ["", "a", "1", "a,b", "1,2", "1,2,3", "1,1", "0,1", "1,", "1, 2", "1,b", ",", "1.0,2", "01"]
OBJECTS = ["", "R", "R,1", "R,1,G,2", "R,256", "R,a", "Q,1", "R,1,G", "R,1,R,2", "name,a", "R,,G,1"]
FEW = [
    "",
    "a",
    "abcd",
    "12",
    "01",
    "0",
    "-5",
    "21",
    "1.0",
    "2147483648",
    "null",
    "draft",
    "2026-02-28",
    "2026-02-30",
]


def _query_cases() -> Iterator[Case]:
    wide = itertools.product(("string", "integer", "number", "either"), SCALARS)
    narrow = itertools.product(("enum", "pattern", "date", "nullable", "ref", "all"), FEW)
    booleans = (("boolean", text) for text in ("true", "false", "True", "yes", "0", "1", "null", "a", ""))
    for name, text in itertools.chain(wide, narrow, booleans):
        yield Case("query", name, text, query=f"{name}={quote(text, safe='')}")
    for name, text in itertools.product(("list", "ids"), LISTS):
        yield Case("query", name, text, query=f"{name}={quote(text, safe=',')}")
        yield Case("query", name, text, "encoded", query=f"{name}={quote(text, safe='')}")
    for name, text in itertools.product(("many", "numbers"), LISTS):
        yield Case("query", name, text, query="&".join(f"{name}={quote(one, safe='')}" for one in text.split(",")))
    for text in LISTS:
        yield Case("query", "spaces", text, query=f"spaces={quote(text.replace(',', ' '), safe='')}")
        yield Case("query", "pipes", text, query=f"pipes={quote(text.replace(',', '|'), safe='|')}")
    for text in OBJECTS:
        yield Case("query", "object", text, query=f"object={quote(text, safe=',')}")
        parts = text.split(",")
        pairs = "&".join(f"deep[{key}]={value}" for key, value in zip(parts[::2], parts[1::2], strict=False))
        yield Case("query", "deep", text, query=pairs)
    for text in ("{}", '{"R":1}', '{"R":"1"}', '{"Q":1}', "[", "", "1", '{"R":1,"R":2}', "null"):
        yield Case("query", "json", text, query=f"json={quote(text, safe='')}")
    for query in ("", "string=a&integer=5", "unknown=1", "string=a&string=b", "&", "string", "string=%FF"):
        yield Case("query", "query", query, query=query)
    for query, headers in itertools.product(("", "a=", "a=1"), ((), (("X-B", "1"),), (("X-B", "b"),))):
        yield Case("required", "query", f"{query} {headers}", query=query, headers=headers)


def _path_cases() -> Iterator[Case]:
    for name, texts in (
        ("pathString", SCALARS),
        ("pathInteger", SCALARS),
        ("pathList", LISTS),
        ("pathObject", OBJECTS),
    ):
        for text in texts:
            # An empty segment and %00 do not get past the target's normalisation.
            if text and "\x00" not in text:
                yield Case(name, "x", text, value=quote(text, safe=",+&=:@"))
    for text in ("R=1", "R=1,G=2", "R=256", "R=a", "Q=1", "R", "R=1,G", "R=1,R=2", "R=1=2"):
        yield Case("pathExploded", "x", text, value=text)


def _header_cases() -> Iterator[Case]:
    def case(name: str, text: str) -> Case:
        return Case("header", name, text, headers=((name, text),))

    printable = [text for text in SCALARS if text.isascii() and text.isprintable() and text == text.strip()]
    for name, text in itertools.product(("X-String", "X-Integer"), printable):
        yield case(name, text)
    for text in LISTS:
        yield case("X-List", text)
    for text in OBJECTS:
        yield case("X-Object", text)
    for text in ("R=1", "R=1,G=2", "R=a", "Q=1", "R"):
        yield case("X-Exploded", text)


GOOD = {"reference": "PO-1", "lines": [{"sku": "a", "quantity": 1}]}
MEMBERS: dict[str, list[Any]] = {
    "id": [1, "1"],
    "reference": ["A", "", "a", "A" * 9, 1, None, []],
    "status": ["sale", "12", 12, "Sale", None],
    "due": ["2026-02-28", None, "2026-02-30", 5, ""],
    "ordered_at": ["2026-02-28T10:00:00Z", "2026-02-28T10:00:00+02:00", "2026-02-28T25:00:00Z", "2026-02-28", 1],
    "contact": ["a@example.com", "a", "@", "a@b"],
    "trace": ["123e4567-e89b-12d3-a456-426614174000", "123e4567", ""],
    "gift": [True, "true", 0, None],
    "discount": [0, 0.25, 0.99, 1, -0.1, 0.005, "0.1", 0.07],
    "labels": [{}, {"a": "b"}, {"a": "long"}, {"a": 1}, {"a": "b", "c": "d", "e": "f"}, []],
    "tags": [[], ["a", "b"], ["a", "a"], ["a", 1], "a", {}],
    "payment": [
        {"kind": "card", "number": "1"},
        {"kind": "transfer", "iban": "1"},
        {"kind": "card", "iban": "1"},
        {"kind": "cash"},
        {},
        None,
    ],
    "lines": [
        [],
        {},
        [{}],
        [{"sku": "a", "quantity": 0}],
        [{"sku": "a", "quantity": 1.0}],
        [{"sku": "a", "quantity": 1.5}],
        [{"sku": "a", "quantity": True}],
        [{"sku": "a", "quantity": 2**31}],
        [{"sku": "a", "quantity": 1, "price": None, "more": [1]}],
        [{"sku": "a", "quantity": 1, "price": "1"}],
        [{"sku": "a", "quantity": 1}] * 4,
    ],
    "parent": [None, GOOD, {}, {**GOOD, "parent": {**GOOD, "status": "x"}}],
    "unknown": [1],
}


def _body_cases() -> Iterator[Case]:
    def order(subject: str, text: str, body: bytes | None, content_type: str = "application/json") -> Case:
        return Case("createOrder", subject, text, headers=(("Content-Type", content_type),), body=body)

    for name, values in MEMBERS.items():
        for value in values:
            yield order(name, json.dumps(value), json.dumps({**GOOD, name: value}).encode())
    for name in GOOD:
        yield order(
            name, "absent", json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()
        )
    for text in ("{}", "[]", "1", "null", "", "{", '{"a":1}x', "NaN", '"\\ud800"', '{"a":' * 70 + "1" + "}" * 70):
        yield order("body", text, text.encode())
    twice = json.dumps(GOOD).encode().replace(b"{", b'{"reference": "B", ', 1)
    yield order("body", "twice", twice)
    yield order("body", "not UTF-8", json.dumps(GOOD).encode().replace(b"PO", b"\xff"))
    for content_type in (
        "application/json; charset=utf-8",
        "text/plain",
        "image/png",
        "application/xml",
        "APPLICATION/JSON",
    ):
        yield order("content-type", content_type, json.dumps(GOOD).encode(), content_type)
    for body in (None, b"{}", b'{"a":1}', b'{"a":1,"b":2}', b"[]"):
        headers = (("Content-Type", "application/merge-patch+json"),)
        yield Case("createNote", "body", str(body), headers=headers, body=body)


CASES = {
    "query": list(_query_cases()),
    "path": list(_path_cases()),
    "header": list(_header_cases()),
    "body": list(_body_cases()),
}
