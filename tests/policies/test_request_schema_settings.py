"""The settings of `request-schema`: what is left out, filled in, refused, and what goes on upstream of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.estate.estate import load_estate
from contracts.operations import HttpBackend, MediaType, OdooBackend, Operation, Parameter, RequestBody, Response
from policies import request_schema
from policies.exchange import Exchange
from policies.judging import InstalledPolicies
from policies.policy import Fault, Setting
from policies.validation.settings import RequestSchemaConfig
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import operation, version

SAMPLE = Path(__file__).parents[2] / "catalog" / "demo" / "estate"
URI = "urn:ostiary:orders:v1:request"
LINE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "quantity": {"type": "integer", "default": 1},
        "parent": {"$ref": "#/components/schemas/Line"},
    },
}
ORDER = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"$ref": "#/components/schemas/Id"},
        "gift": {"type": "boolean", "default": False},
        "price": {"type": "number"},
        "lines": {
            "type": "array",
            "items": {"allOf": [{"$ref": "#/components/schemas/Line"}, {"minProperties": 0}]},
        },
        "payment": {"anyOf": [{"properties": {"kind": {"default": "card"}}}]},
        "readOnly": {"type": "string"},
        "const": {"const": {"readOnly": True}},
        "labels": {"type": "object", "default": {"a": []}},
    },
}
IDS = {"type": "integer", "readOnly": True}
DOCUMENTS = {URI: {"$id": URI, "components": {"schemas": {"Order": ORDER, "Line": LINE, "Id": IDS}}}}
BODY = RequestBody(False, (MediaType("application/json", {"$ref": f"{URI}#/components/schemas/Order"}),))


def query(name: str, schema: dict[str, Any], style: str = "form", explode: bool = True, **more: Any) -> Parameter:
    return Parameter(name, more.pop("location", "query"), style, explode, schema, **more)


def judge(
    op: Operation, body: str = "", fields: dict[str, str] | None = None, **settings: str
) -> tuple[Exchange, Verdict]:
    found = version(op, documents=DOCUMENTS)
    stage = request_schema.bind(msgspec.convert(settings, RequestSchemaConfig), found, op)
    sent = {"content-type": "application/json", **(fields or {})}
    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    exchange = Exchange(op.method, b"", headers, dict(headers), "192.0.2.1")
    exchange.path, exchange.version, exchange.operation = "/orders/v1/orders", found, op
    exchange.body = body.encode() or None
    exchange.query = b"limit=5"
    verdict = stage(exchange)
    assert verdict is ALLOW or isinstance(verdict, Deny)
    return exchange, verdict


def with_query(op: Operation, text: str, **settings: str) -> tuple[Exchange, Verdict]:
    found = version(op)
    exchange = Exchange("GET", b"", [], {}, "192.0.2.1")
    exchange.path, exchange.version, exchange.query = "/orders/v1/orders", found, text.encode()
    verdict = request_schema.bind(msgspec.convert(settings, RequestSchemaConfig), found, op)(exchange)
    assert verdict is ALLOW or isinstance(verdict, Deny)
    return exchange, verdict


LIMIT = query("limit", {"type": "integer"})
DEEP = query("filter", {"type": "object", "properties": {"a": {"type": "string"}}}, "deepObject")
MANY = query("tag", {"type": "array", "items": {"type": "string"}})


@pytest.mark.parametrize(
    ("sent", "goes_on"),
    [
        ("limit=5", "limit=5"),
        ("limit=5&utm=x", "limit=5"),
        ("x=1&tag=a&y&tag=b&&limit=5", "tag=a&tag=b&limit=5"),
        ("lim%69t=5&z=%2F", "lim%69t=5"),
        ("filter[a]=1&filter%5Ba%5D2=1&other[a]=1", "filter[a]=1"),
        ("utm=x", ""),
    ],
)
def test_what_the_contract_lacks_is_left_out_of_the_query(sent: str, goes_on: str) -> None:
    exchange, verdict = with_query(operation(parameters=(LIMIT, DEEP, MANY)), sent, **{"unknown-query": "strip"})
    assert verdict is ALLOW
    assert (exchange.forward.query if exchange.forward else exchange.query) == goes_on.encode()
    assert (exchange.forward is None) is (sent == goes_on)


@pytest.mark.parametrize("estate", ["refuse", "ignore"])
def test_the_setting_holds_over_the_estate_s_default(estate: str) -> None:
    op = operation(parameters=(LIMIT,), unknown_query=estate)
    for setting, passes in (
        ({}, estate == "ignore"),
        ({"unknown-query": "refuse"}, False),
        (
            {"unknown-query": "ignore"},
            True,
        ),
    ):
        exchange, verdict = with_query(op, "utm=x", **setting)
        assert (verdict is ALLOW) is passes
        assert exchange.forward is None


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (query("a", {"type": "integer", "default": 20}), "a=20"),
        (query("a b", {"type": "string", "default": "x&y ü"}), "a%20b=x%26y%20%C3%BC"),
        (query("a", {"type": "boolean", "default": False}), "a=false"),
        (query("a", {"type": "array", "default": ["x,y", "z"]}), "a=x%2Cy&a=z"),
        (query("a", {"type": "array", "default": ["x,y", "z"]}, explode=False), "a=x%2Cy,z"),
        (query("a", {"type": "array", "default": [1, 2]}, "pipeDelimited", False), "a=1%7C2"),
        (query("a", {"type": "array", "default": [1, 2]}, "spaceDelimited", False), "a=1%202"),
        (query("a", {"type": "object", "default": {"R": 1, "G": "&"}}), "R=1&G=%26"),
        (query("a", {"type": "object", "default": {"R": 1, "G": 2}}, explode=False), "a=R,1,G,2"),
        (query("a", {"type": "object", "default": {"R": 1, "G": 2}}, "deepObject"), "a[R]=1&a[G]=2"),
        (query("a", {"default": {"R": 1}}, content_type="application/json"), "a=%7B%22R%22%3A1%7D"),
        (query("a", {"default": "x y"}, content_type="text/plain"), "a=x%20y"),
        (query("a", {"allOf": [{"type": "integer"}, {"default": 3}]}), "a=3"),
        (query("a", {"$ref": f"{URI}#/components/schemas/Line/properties/quantity"}), "a=1"),
    ],
)
def test_a_parameter_that_is_missing_goes_on_with_its_default(parameter: Parameter, text: str) -> None:
    op = operation(parameters=(LIMIT, parameter))
    exchange, verdict = judge(op, defaults="inject")
    assert verdict is ALLOW
    assert exchange.forward is not None
    assert exchange.forward.query == b"limit=5&" + text.encode()
    assert parameter.name in exchange.parameters["query"]


def test_header_fields_have_defaults_and_what_was_sent_stays() -> None:
    header = query("X-Region", {"type": "array", "default": ["eu", "ch"]}, "simple", False, location="header")
    op = operation(parameters=(query("limit", {"type": "integer", "default": 9}), header))
    exchange, _ = judge(op, defaults="inject")
    assert exchange.forward is not None
    assert (b"X-Region", b"eu,ch") in exchange.forward.headers
    assert exchange.forward.query == b"limit=5"
    exchange, _ = judge(op, fields={"x-region": "us"}, defaults="inject")
    assert exchange.forward is None


def test_bodies_are_filled_up_through_references_and_items_and_never_by_alternatives() -> None:
    op = operation(method="POST", parameters=(LIMIT,), body=BODY)
    sent = '{"price": 1.10000000000000000001, "lines": [{"parent": {}}, {"quantity": 5}], "payment": {}}'
    exchange, verdict = judge(op, sent, defaults="inject")
    assert verdict is ALLOW
    assert exchange.body_value == {
        "price": 1.1,
        "gift": False,
        "lines": [{"parent": {"quantity": 1}, "quantity": 1}, {"quantity": 5}],
        "payment": {},
        "labels": {"a": []},
    }
    assert exchange.body is not None
    assert json.loads(exchange.body) == exchange.body_value
    assert b"1.10000000000000000001" in exchange.body
    # A default is nobody's to change for the next request.
    exchange.body_value["labels"]["a"].append(1)
    assert judge(op, sent, defaults="inject")[0].body_value["labels"] == {"a": []}


def test_nothing_is_filled_in_unless_asked_for() -> None:
    op = operation(method="POST", parameters=(LIMIT,), body=BODY)
    exchange, verdict = judge(op, "{}")
    assert verdict is ALLOW
    assert (exchange.body, exchange.body_value, exchange.forward) == (b"{}", {}, None)


def test_a_body_that_has_everything_goes_on_as_it_came() -> None:
    op = operation(method="POST", parameters=(LIMIT,), body=BODY)
    text = '{ "gift": true, "labels": {}, "price": 1.0 }'
    assert judge(op, text, defaults="inject")[0].body == text.encode()


@pytest.mark.parametrize(
    "body",
    [{"id": 1}, {"lines": [{"id": 1}]}, {"lines": [{"parent": {"parent": {"id": 2}}}]}],
)
def test_what_only_the_server_may_set_is_refused_where_that_is_asked_for(body: dict[str, Any]) -> None:
    op = operation(method="POST", parameters=(LIMIT,), body=BODY)
    assert judge(op, json.dumps(body))[1] is ALLOW
    _, verdict = judge(op, json.dumps(body), **{"read-only": "refuse"})
    assert isinstance(verdict, Deny)
    (violation,) = verdict.problem.extensions["violations"]
    assert violation["pointer"].endswith("/id")


def test_names_and_values_that_look_like_the_flag_are_none() -> None:
    op = operation(method="POST", parameters=(LIMIT,), body=BODY)
    body = json.dumps({"readOnly": "x", "const": {"readOnly": True}, "lines": [{}]})
    assert judge(op, body, **{"read-only": "refuse"})[1] is ALLOW


JSON_OR_IMAGE = (Response("200", (MediaType("application/json"), MediaType("image/*"))), Response("404"))


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ("application/json", True),
        ("*/*", True),
        ("text/html, application/*;q=0.1", True),
        ("image/png", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/html", False),
        ("text/*, application/json;q=0, image/*;q=0.000", False),
        ("*/*;q=0", False),
        ("*/*;q=0, image/gif", True),
        ("", True),
        ("nonsense", True),
    ],
)
def test_a_client_that_takes_no_answer_is_told_so(accept: str, taken: bool) -> None:
    op = operation(parameters=(LIMIT,), responses=JSON_OR_IMAGE)
    _, verdict = judge(op, fields={"accept": accept}, accept="contract")
    assert (verdict is ALLOW) is taken
    assert judge(op, fields={"accept": accept})[1] is ALLOW
    if isinstance(verdict, Deny):
        assert verdict.problem.type.id == "not-acceptable"
        assert verdict.problem.extensions["accept"] == ["application/json", "image/*"]


def test_where_an_answer_may_have_no_content_there_is_nothing_to_negotiate() -> None:
    op = operation(parameters=(LIMIT,), responses=(*JSON_OR_IMAGE, Response("204")))
    assert judge(op, fields={"accept": "text/html"}, accept="contract")[1] is ALLOW


def test_who_reports_meets_no_value_that_is_none() -> None:
    exchange, verdict = with_query(operation(parameters=(LIMIT, MANY)), "limit=many&tag=a")
    assert isinstance(verdict, Deny)
    assert exchange.parameters["query"] == {"tag": ["a"]}


def test_odoo_is_called_with_nothing_but_what_the_contract_has() -> None:
    odoo = operation(backend=OdooBackend("erp", "sale.order", "list"))

    def faults(op: Operation, mode: Any, **consumers: Any) -> list[Fault]:
        return list(request_schema.check(Setting(RequestSchemaConfig(), mode, "", consumers), version(op), op))

    assert faults(odoo, "enforce", acme="enforce") == []
    assert [fault.pointer for fault in faults(odoo, "report")] == ["/mode"]
    assert [fault.pointer for fault in faults(odoo, "enforce", acme="off")] == ["/consumers/acme"]
    assert faults(operation(backend=HttpBackend("erp")), "off", acme="report") == []


def test_check_refuses_to_only_report_what_odoo_is_called_with(tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    shutil.copytree(SAMPLE, estate)
    manifest = estate / "apis" / "orders" / "api.yaml"
    manifest.write_text(manifest.read_text() + "\npolicies:\n  request-schema:\n    mode: report\n")
    line = len(manifest.read_text().splitlines())
    _, findings = load_estate(estate, policies=InstalledPolicies())
    told = {(each.rule, each.place.file, each.place.line) for each in findings if each.severity == "error"}
    assert told == {("policy-invalid", "apis/orders/api.yaml", line)}
    assert any("'report' is not for an operation that Odoo serves" in each.message for each in findings)
