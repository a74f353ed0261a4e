"""Calls from what was typed: nothing makes of it another request than the contract has a place for."""

from typing import Any

import pytest

from catalog.trying.building import MAX_BODY, Built, Fault, Typed, build, media_types
from contracts.operations import (
    ApiVersion,
    HttpBackend,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    VersionChoice,
)


def parameter(name: str, location: Any, schema: Any = True, explode: bool = False) -> Parameter:
    style = "form" if location in ("query", "cookie") else "simple"
    return Parameter(name, location, style, explode, schema)


ORDER = Operation(
    "amendOrder",
    "PATCH",
    "/orders/{order_id}",
    "",
    HttpBackend("odoo"),
    parameters=(
        parameter("order_id", "path"),
        parameter("state", "query", {"type": "array"}, explode=True),
        parameter("words", "query"),
        parameter("If-Match", "header"),
        parameter("Authorization", "header"),
        parameter("shade", "cookie"),
    ),
    body=RequestBody(True, (MediaType("application/json"), MediaType("text/*"), MediaType("multipart/form-data"))),
)
VERSION = ApiVersion("orders", "v2", "Orders", "sales", "/orders/v2", "sha256:0", (ORDER,))


def made(body: str | None = None, content_type: str | None = None, **places: dict[str, str]) -> Built:
    built = build(VERSION, ORDER, Typed({"path": {"order_id": "17"}, **places}, body, content_type))
    assert isinstance(built, Built), built
    return built


def faults(body: str | None = None, content_type: str | None = None, **places: dict[str, str]) -> list[str]:
    built = build(VERSION, ORDER, Typed({"path": {"order_id": "17"}, **places}, body, content_type))
    assert isinstance(built, tuple), built
    assert all(isinstance(each, Fault) for each in built)
    return [each.pointer for each in built]


def test_each_value_has_its_place() -> None:
    built = made(
        '{"a":1}',
        query={"state": "new,sent", "words": "a,b&c=d"},
        header={"If-Match": '"3"'},
        cookie={"shade": "dark"},
    )
    assert (built.method, built.body) == ("PATCH", b'{"a":1}')
    assert built.target == "/orders/v2/orders/17?state=new&state=sent&words=a,b%26c%3Dd"
    assert built.headers == (("If-Match", '"3"'), ("Cookie", "shade=dark"), ("Content-Type", "application/json"))


@pytest.mark.parametrize("value", ["a/../b", "x?y=z", "#", "a b", "ü", "a\r\nHost: evil"])
def test_a_value_stays_in_its_segment(value: str) -> None:
    target = made(path={"order_id": value}).target
    assert target.count("/") == 4
    assert not set(target) & set("?# \r\n")


@pytest.mark.parametrize(
    ("places", "pointer"),
    [
        ({"path": {"order_id": ""}}, "/parameters/path/order_id"),
        ({"path": {"order_id": "x" * 5000}}, "/parameters/path/order_id"),
        ({"query": {"other": "x"}}, "/parameters/query/other"),
        ({"header": {"X-Any": "x"}}, "/parameters/header/X-Any"),
        ({"header": {"If-Match": "a\r\nHost: evil"}}, "/parameters/header/If-Match"),
        ({"header": {"Authorization": "Bearer stolen"}}, "/parameters/header/Authorization"),
        ({"cookie": {"shade": "a; session=b"}}, "/parameters/cookie/shade"),
        ({"query": {"a/b~c": "x"}}, "/parameters/query/a~1b~0c"),
    ],
)
def test_what_could_make_another_request_is_refused(places: dict[str, dict[str, str]], pointer: str) -> None:
    assert pointer in faults(**places)


def test_a_body_is_in_a_media_type_that_the_contract_names_whole() -> None:
    assert media_types(ORDER) == ("application/json",)
    assert faults("x", "text/plain") == ["/content_type"]
    assert faults("x" * (MAX_BODY + 1)) == ["/body"]
    without = Operation("get", "GET", "/", "", HttpBackend("odoo"))
    built = build(VERSION, without, Typed(body="x"))
    assert isinstance(built, tuple)
    assert built[0].violation()["pointer"] == "/body"


def test_the_version_is_chosen_as_the_contract_says() -> None:
    chosen = ApiVersion(
        "orders", "v2", "Orders", "sales", "/orders", "sha256:0", (ORDER,), choice=VersionChoice("header")
    )
    built = build(chosen, ORDER, Typed({"path": {"order_id": "1"}}))
    assert isinstance(built, Built)
    assert ("API-Version", "v2") in built.headers
