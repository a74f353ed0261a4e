"""Requests against their contracts through a real listener: what the upstream gets, and what it never sees."""

import gzip
import json
from pathlib import Path
from typing import Any

import brotli
import msgspec
import pytest

from contracts.operations import ApiVersion, Encoding, MediaType, Parameter, RequestBody
from contracts.policy_settings import PolicyUse
from tests.gateway.gateway_world import ORDER_SCHEMA, gateway, operations, orders, problem_of, snapshot

ORDER = b'{"sku": "AB-1", "quantity": 2}'


def setting(*uses: PolicyUse, **changes: Any) -> ApiVersion:
    """The version with those settings on all of its operations; `changes` are of them too."""
    return orders(*(msgspec.structs.replace(each, policies=uses, **changes) for each in operations()))


def content(**config: Any) -> PolicyUse:
    return PolicyUse("request-content", config=config)


def schema(mode: Any = None, **config: Any) -> PolicyUse:
    return PolicyUse("request-schema", mode, {key.replace("_", "-"): value for key, value in config.items()})


JSON = {"Content_Type": "application/json"}


async def test_an_encoded_order_arrives_decoded_and_checked(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        version = setting(content(encodings=["gzip", "br"], **{"decoded-bytes": 50_000}))
        world.adopt(snapshot(version, port=world.upstream.port))
        good = await world.ask("POST", "/orders/v1/orders", gzip.compress(ORDER), **JSON, Content_Encoding="gzip")
        also = await world.ask("POST", "/orders/v1/orders", brotli.compress(ORDER), **JSON, Content_Encoding="br")
        wrong = gzip.compress(b'{"sku": 1}')
        bad = await world.ask("POST", "/orders/v1/orders", wrong, **JSON, Content_Encoding="gzip")
        bomb = brotli.compress(b" " * 10_000_000)
        refused = await world.ask("POST", "/orders/v1/orders", bomb, **JSON, Content_Encoding="br")
        seen = world.upstream.seen
    assert [good.status, also.status] == [200, 200]
    assert [each.body for each in seen] == [ORDER, ORDER]
    assert all(b"content-encoding" not in each.fields for each in seen)
    assert problem_of(bad)["violations"][0]["pointer"] == "/sku"
    assert problem_of(refused)["bound"] == "decoded-bytes"


async def test_a_file_that_comes_encoded_is_decoded_where_that_is_set_and_else_not_read(tmp_path: Path) -> None:
    text = bytes(range(256)) * 100
    fields = {"Content_Type": "application/octet-stream", "Content_Encoding": "gzip"}
    async with gateway(tmp_path) as world:
        plain = await world.ask("PUT", "/orders/v1/files/a", gzip.compress(text), **fields)
        world.adopt(snapshot(setting(content(encodings=["gzip"])), port=world.upstream.port, serial=2))
        taken = await world.ask("PUT", "/orders/v1/files/a", gzip.compress(text), **fields)
        (seen,) = world.upstream.seen
    assert (plain.status, problem_of(plain)["type"]) == (415, "urn:ostiary:problem:content-coding-unsupported")
    assert plain.fields[b"accept-encoding"] == b"identity"
    assert (taken.status, seen.body) == (200, text)


@pytest.mark.parametrize(
    ("body", "fields", "problem"),
    [
        (b'{"sku": "' + b"a" * 300 + b'"}', {}, "content-out-of-bounds"),
        (b'{"sku": "a", "quantity": 1' + b"0" * 200 + b"}", {}, "content-out-of-bounds"),
        (b'{"sku": ' + b"[" * 10 + b"]" * 10 + b"}", {}, "content-out-of-bounds"),
        (b'{"sku": "a", "sku": "b"}', {}, "malformed-json"),
        (b'{"sku": "a"}', {"Content_Type": "application/json; charset=latin-1"}, "unsupported-media-type"),
        (b'{"sku": "a"}', {"Content_Type": "application/xml"}, "unsupported-media-type"),
        (b'{"sku": "a"}', {"Content_Encoding": "gzip"}, "content-coding-unsupported"),
    ],
)
async def test_what_is_refused_does_not_reach_the_upstream(
    tmp_path: Path, body: bytes, fields: dict[str, str], problem: str
) -> None:
    bounded = setting(content(**{"string-length": 200, "depth": 5}))
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(bounded, port=world.upstream.port))
        refused = await world.ask("POST", "/orders/v1/orders", body, **{**JSON, **fields})
        fine = await world.ask("POST", "/orders/v1/orders", ORDER, **JSON)
        (seen,) = world.upstream.seen
    assert problem_of(refused)["type"] == f"urn:ostiary:problem:{problem}"
    assert (fine.status, seen.body) == (200, ORDER)


async def test_xml_is_taken_only_where_its_type_is_named(tmp_path: Path) -> None:
    async def statuses(*ranges: str) -> list[int]:
        body = RequestBody(True, tuple(MediaType(each) for each in ranges))
        world.adopt(snapshot(setting(body=body), port=world.upstream.port))
        types = ("application/xml", "text/xml", "application/soap+xml", "image/svg+xml", "text/csv")
        return [
            (await world.ask("PUT", "/orders/v1/files/a", b"<a/>", Content_Type=each)).status for each in types
        ]

    async with gateway(tmp_path) as world:
        assert await statuses("*/*") == [415, 415, 415, 415, 200]
        assert await statuses("application/*", "text/*", "image/*") == [415, 415, 415, 415, 200]
        assert await statuses("application/xml", "image/svg+xml") == [200, 415, 415, 200, 415]


@pytest.mark.parametrize(
    ("named", "content_type", "why"),
    [
        ("*/*", "text/xml", "The operation takes */*, and XML only where that names it."),
        (
            "application/json",
            "application/json; charset=utf-16",
            "takes application/json, and JSON in UTF-8 alone.",
        ),
        ("application/json", "text/csv; charset=utf-8", "The operation takes application/json."),
        ("application/json", "application/json; charset", "The operation takes application/json."),
    ],
)
async def test_what_is_wrong_with_a_type_that_seems_to_be_named_is_said(
    tmp_path: Path, named: str, content_type: str, why: str
) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(setting(body=RequestBody(True, (MediaType(named),))), port=world.upstream.port))
        refused = await world.ask("PUT", "/orders/v1/files/a", b"1", Content_Type=content_type)
    assert refused.status == 415
    assert problem_of(refused)["detail"].endswith(why)


async def test_a_parameter_of_the_style_matrix_is_read_and_goes_on_as_it_came(tmp_path: Path) -> None:
    """A semicolon leads to no parameter of another style, report mode or not: an upstream might cut it off."""
    name = Parameter(
        "name", "path", "matrix", True, {"type": "array", "items": {"type": "integer"}}, required=True
    )
    plain = Parameter("name", "path", "simple", False, {"type": "string"}, required=True)
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(setting(parameters=(name,)), port=world.upstream.port))
        read = await world.ask("GET", "/orders/v1/orders/;order_id=1")
        world.adopt(snapshot(setting(schema("report"), parameters=(plain,)), port=world.upstream.port, serial=2))
        cut_off = await world.ask("PUT", "/orders/v1/files/;name=1", b"")
        world.adopt(snapshot(setting(parameters=(name,)), port=world.upstream.port, serial=3))
        taken = await world.ask(
            "PUT", "/orders/v1/files/;name=1;name=%32", b"a", Content_Type="application/octet-stream"
        )
        wrong = await world.ask("PUT", "/orders/v1/files/;name=1;name=x", b"")
        otherwise = await world.ask("PUT", "/orders/v1/files/1", b"")
        cut = await world.ask("PUT", "/orders/v1/files/a;name=1", b"")
        seen = [each.line for each in world.upstream.seen]
    assert (read.status, cut_off.status) == (404, 404)
    assert taken.status == 200
    assert seen == [b"PUT /backend/files/;name=1;name=2 HTTP/1.1"]
    assert problem_of(wrong)["violations"][0]["pointer"] == "/name/1"
    assert problem_of(otherwise)["violations"][0]["rule"] == "style"
    assert problem_of(cut)["type"] == "urn:ostiary:problem:ambiguous-target"


async def test_what_the_contract_lacks_is_stripped_and_what_is_missing_filled_in(tmp_path: Path) -> None:
    order = {**ORDER_SCHEMA, "properties": {**ORDER_SCHEMA["properties"], "gift": {"default": False}}}
    region = Parameter("region", "query", "form", True, {"type": "string", "default": "eu west"})
    version = setting(
        schema(unknown_query="strip", defaults="inject"),
        parameters=(region,),
        body=RequestBody(True, (MediaType("application/json", order),)),
    )
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(version, port=world.upstream.port))
        await world.ask("POST", "/orders/v1/orders?utm_source=x&region=us", b'{"sku":"a"}', **JSON)
        await world.ask("POST", "/orders/v1/orders?utm_source=x", b'{"sku":"a","gift":true}', **JSON)
        stripped, filled = world.upstream.seen
    assert stripped.line == b"POST /backend/orders?region=us HTTP/1.1"
    assert json.loads(stripped.body) == {"sku": "a", "gift": False}
    assert filled.line == b"POST /backend/orders?region=eu%20west HTTP/1.1"
    assert filled.body == b'{"sku":"a","gift":true}'


FORM = {
    "type": "object",
    "required": ["sku"],
    "additionalProperties": False,
    "properties": {
        "sku": {"type": "string", "maxLength": 4},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "at": {"type": "object", "required": ["city"]},
        "scan": {"type": "string", "maxLength": 10},
    },
}


def part(name: str, content: str, more: str = "", file: str = "") -> str:
    named = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    return f"--B\r\n{named}\r\n{more}\r\n{content}\r\n"


async def test_forms_are_held_to_their_schema_and_go_on_as_they_came(tmp_path: Path) -> None:
    body = RequestBody(
        True,
        (
            MediaType("application/x-www-form-urlencoded", FORM),
            MediaType("multipart/form-data", FORM, (Encoding("scan", ("image/png",)),)),
        ),
    )
    encoded = {"Content_Type": "application/x-www-form-urlencoded"}
    multipart = {"Content_Type": "multipart/form-data; boundary=B"}
    png = part("scan", "x" * 10, "Content-Type: image/png\r\n", "a.png")
    good = [
        (b"sku=AB-1&tags=1&tags=2&at=%7B%22city%22%3A%22Basel%22%7D", encoded),
        (
            (part("sku", "AB-1") + part("tags", "1") + part("at", '{"city": "Basel"}') + png + "--B--").encode(),
            multipart,
        ),
    ]
    bad = [
        (b"sku=AB-10&tags=1&tags=x&at=Basel", encoded, {"/tags/1", "/at"}),
        (b"sku=AB-10&at=%7B%7D&b=1", encoded, {"/sku", "/at", ""}),
        ((part("sku", "AB-10") + part("tags", "x") + "--B--").encode(), multipart, {"/tags/0"}),
        ((png.replace("image/png", "image/gif") + "--B--").encode(), multipart, {"/scan"}),
        ((part("sku", "1") + png.replace("xx", "xyz") + "--B--").encode(), multipart, {"/scan"}),
    ]
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(setting(body=body), port=world.upstream.port))
        for text, fields in good:
            answer = await world.ask("PUT", "/orders/v1/files/a", text, **fields)
            assert answer.status == 200, answer.body
        for text, fields, pointers in bad:
            refused = problem_of(await world.ask("PUT", "/orders/v1/files/a", text, **fields))
            assert {each["pointer"] for each in refused["violations"]} == pointers
        assert [each.body for each in world.upstream.seen] == [text for text, _ in good]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (part("a", "1") * 4, "content-out-of-bounds"),
        (part("a", "1" * 101), "content-out-of-bounds"),
        (part("a", "1", file="../../etc/passwd"), "malformed-form"),
        (part("a", "1").replace("name", "filename"), "malformed-form"),
    ],
)
async def test_parts_are_bounded_where_the_contract_only_has_the_type(
    tmp_path: Path, text: str, problem: str
) -> None:
    body = RequestBody(True, (MediaType("multipart/form-data"),))
    version = setting(content(**{"parts": 3, "part-bytes": 100}), body=body)
    fields = {"Content_Type": "multipart/form-data; boundary=B"}
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(version, port=world.upstream.port))
        refused = await world.ask("PUT", "/orders/v1/files/a", (text + "--B--").encode(), **fields)
        taken = await world.ask("PUT", "/orders/v1/files/a", (part("a", "1") * 3 + "--B--").encode(), **fields)
        assert len(world.upstream.seen) == 1
    assert problem_of(refused)["type"] == f"urn:ostiary:problem:{problem}"
    assert taken.status == 200


async def test_a_contract_can_be_tried_on_a_partner_before_it_holds(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(setting(schema("report")), port=world.upstream.port))
        answer = await world.ask("POST", "/orders/v1/orders?page=1", b'{"sku":1}', **JSON)
        (line,) = await world.logged(1)
        (seen,) = world.upstream.seen
    assert (answer.status, seen.body) == (200, b'{"sku":1}')
    assert line["would_refuse"] == ["request-schema"]


async def test_who_takes_no_answer_of_the_contract_s_is_told_what_there_is(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(setting(schema(accept="contract")), port=world.upstream.port))
        refused = await world.ask("GET", "/orders/v1/orders", Accept="text/html")
        taken = await world.ask("GET", "/orders/v1/orders", Accept="text/html, */*;q=0.1")
        assert len(world.upstream.seen) == 1
    assert (refused.status, problem_of(refused)["accept"]) == (406, ["application/json"])
    assert taken.status == 200


SLOW_ELSEWHERE = {
    "^(a+)+$": "a" * 400 + "!",
    "^(a|aa)+$": "a" * 400 + "!",
    "^([a-z]+)*[0-9]$": "a" * 400,
    "^(.*a){20}$": "a" * 400 + "!",
    r"^\s*(\w+\s*,?\s*)+;$": "ab " * 130,
    r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$": "a" * 400,
}
"""Patterns on which a backtracking engine takes exponential time, each with a text that makes it."""


@pytest.mark.parametrize("pattern", SLOW_ELSEWHERE)
async def test_no_pattern_is_slow_on_any_text(tmp_path: Path, pattern: str) -> None:
    """With a backtracking engine this test would not end: the texts are far beyond what one could try."""
    text = SLOW_ELSEWHERE[pattern]
    constrained = {"type": "string", "pattern": pattern}
    version = setting(
        parameters=(
            Parameter("q", "query", "form", True, constrained),
            Parameter("X-Q", "header", "simple", False, {"type": "array", "items": constrained}),
        ),
        body=RequestBody(
            False, (MediaType("application/json", {"type": "object", "patternProperties": {pattern: False}}),)
        ),
    )
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(version, port=world.upstream.port))
        quoted = text.replace(" ", "%20")
        by_query = await world.ask("GET", f"/orders/v1/orders?q={quoted}")
        by_header = await world.ask("GET", "/orders/v1/orders", X_Q=text)
        body = json.dumps({text: 1}).encode()
        by_name = await world.ask("POST", "/orders/v1/orders", body, **JSON)
    places = [
        (each["in"], each["rule"]) for answer in (by_query, by_header) for each in problem_of(answer)["violations"]
    ]
    assert places == [("query", "pattern"), ("header", "pattern")]
    assert by_name.status == 200


@pytest.mark.parametrize("mode", ["enforce", "report"])
async def test_a_field_that_a_request_is_judged_by_is_not_dropped_on_the_way(tmp_path: Path, mode: Any) -> None:
    """Named in Connection it would be: judged as what it says, and forwarded as if nothing had been said."""
    tenant = Parameter("X-Tenant", "header", "simple", False, {"type": "string"}, required=True)
    rule = PolicyUse("object-rule", config={"rules": [{"rule": 'header.x_tenant == "acme"'}]})
    async with gateway(tmp_path) as world:
        version = setting(schema(mode), rule, parameters=(tenant,))
        world.adopt(snapshot(version, port=world.upstream.port))
        good = await world.ask("GET", "/orders/v1/orders", X_Tenant="acme", Connection="keep-alive, X-Other")
        bad = await world.ask("GET", "/orders/v1/orders", X_Tenant="acme", Connection="keep-alive, X-TENANT")
        (seen,) = world.upstream.seen
        log = await world.logged(2)
    assert (good.status, seen.fields[b"x-tenant"]) == (200, b"acme")
    assert (bad.status, problem_of(bad)["type"]) == (400, "urn:ostiary:problem:malformed-request")
    assert log[1]["policy"] == "framing"
