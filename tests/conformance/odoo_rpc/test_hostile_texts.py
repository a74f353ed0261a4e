"""Texts that two parsers could read differently, and services that are shut: each refused, its twin is not."""

import json
from pathlib import Path
from typing import Any
from xmlrpc.client import dumps

import pytest

from tests.conformance.odoo_rpc.guarded_world import (
    COMMON,
    Rpc,
    bearer,
    guarding,
    say_json2,
    say_jsonrpc,
    say_xmlrpc,
    send_jsonrpc,
    send_xmlrpc,
)

READ = Rpc("res.partner", "search_read", {"fields": ["name"], "limit": 1})
GOOD: dict[str, Any] = {
    "jsonrpc": "2.0",
    "method": "call",
    "id": 1,
    "params": {"service": "object", "method": "execute_kw", "args": READ.args()},
}
GOOD_XML = dumps(tuple(READ.args()), "execute_kw", allow_none=True)


def _params(**changes: Any) -> bytes:
    return json.dumps({**GOOD, "params": {**GOOD["params"], **changes}}).encode()


JSON_TEXTS = {
    "batch": json.dumps([GOOD]).encode(),
    "empty batch": b"[]",
    "text": b'"x"',
    "params array": json.dumps({**GOOD, "params": [1]}).encode(),
    "no version": json.dumps({key: value for key, value in GOOD.items() if key != "jsonrpc"}).encode(),
    "members": json.dumps({**GOOD, "context": {}}).encode(),
    "params members": _params(kwargs={}),
    "duplicate service": json.dumps(GOOD).replace('"service":', '"service": "db", "service":').encode(),
    "duplicate params": json.dumps(GOOD).replace('"params":', '"params": {}, "params":').encode(),
    "duplicate deep": json.dumps(GOOD).replace('"limit":', '"limit": 9, "limit":').encode(),
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
    "utf-16": json.dumps(GOOD).encode("utf-16"),
    "db list": _params(service="db", method="list", args=[]),
    "db dump": _params(service="db", method="dump", args=["master", "odoo", "zip"]),
    "db create": _params(service="db", method="create_database", args=["m", "x", False, "en_US"]),
    "report": _params(service="report", method="render", args=[]),
    "common other": _params(service="common", method="about", args=[]),
    "service list": _params(service=["object"]),
    "method other": _params(method="exec_workflow"),
    "short": _params(args=READ.args()[:4]),
    "long": _params(args=[*READ.args(), {}]),
    "args object": _params(args={"0": 1}),
    "args twice": _params(args=[*READ.args()[:5], [[]], {"domain": []}]),
    "ids by name": _params(args=["d", 1, "p", "res.partner", "read", [], {"ids": [13]}]),
}
XML_TEXTS = {
    "document type": GOOD_XML.replace("<methodCall>", "<!DOCTYPE a><methodCall>"),
    "entity": GOOD_XML.replace("<methodCall>", '<!DOCTYPE a [<!ENTITY x "res.users">]><methodCall>'),
    "external entity": GOOD_XML.replace(
        "<methodCall>", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><methodCall>'
    ),
    "laughs": GOOD_XML.replace(
        "<methodCall>", '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><methodCall>'
    ),
    "unknown entity": GOOD_XML.replace("res.partner", "res.&partner;"),
    "processing instruction": GOOD_XML.replace("<methodCall>", "<?php x?><methodCall>"),
    "encoding": GOOD_XML.replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='latin-1'?>"),
    "attributes": GOOD_XML.replace("<methodCall>", '<methodCall a="b">'),
    "member twice": GOOD_XML.replace(
        "<member>\n<name>limit",
        "<member><name>limit</name><value><int>9</int></value></member><member>\n<name>limit",
    ),
    "multicall": GOOD_XML.replace("execute_kw", "system.multicall"),
    "list methods": GOOD_XML.replace("execute_kw", "system.listMethods"),
    "binary": GOOD_XML.replace("<string>name</string>", "<base64>bmFtZQ==</base64>"),
    "date": GOOD_XML.replace("<int>1</int>", "<dateTime.iso8601>20260101T00:00:00</dateTime.iso8601>"),
    "long number": GOOD_XML.replace("<int>1</int>", "<int>1" + "0" * 5000 + "</int>"),
    "infinite": GOOD_XML.replace("<int>1</int>", "<double>inf</double>"),
    "two values": GOOD_XML.replace("<int>1</int>", "<int>1</int><int>2</int>"),
    "mixed": GOOD_XML.replace("<int>1</int>", "x<int>1</int>"),
    "deep": GOOD_XML.replace(
        "<int>1</int>", "<array><data><value>" * 100 + "<int>1</int>" + "</value></data></array>" * 100
    ),
    "answer": GOOD_XML.replace("methodCall", "methodResponse"),
    "second root": GOOD_XML + "<methodCall/>",
    "cut off": GOOD_XML[:-20],
    "namespace": GOOD_XML.replace("<methodName>", "<x:methodName>").replace("</methodName>", "</x:methodName>"),
}


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
async def test_json_that_is_no_plain_call_is_refused(tmp_path: Path, protocol: str) -> None:
    held = bearer()
    async with guarding(tmp_path, protocol) as world:
        good = json.dumps(GOOD).encode()
        for name, text in JSON_TEXTS.items():
            assert text != good, name
            refused = await send_jsonrpc(world, text, held)
            assert (refused.status, refused.value) == (200, None), name
            assert refused.error in ("builtins.ValueError", "odoo.exceptions.AccessError"), (name, refused)
            assert len((await send_jsonrpc(world, good, held)).value) == 1


async def test_xml_that_is_no_plain_call_is_refused(tmp_path: Path) -> None:
    held = bearer()
    async with guarding(tmp_path) as world:
        for name, text in XML_TEXTS.items():
            assert text != GOOD_XML, name
            refused = await send_xmlrpc(world, text.encode(), held)
            assert refused.status == 200, name
            assert refused.error in (1, 4), (name, refused)
            assert len((await send_xmlrpc(world, GOOD_XML.encode(), held)).value) == 1


async def test_log_ins_are_answered_and_their_passwords_say_nothing(tmp_path: Path) -> None:
    async with guarding(tmp_path) as world:
        log_in = dumps(("any", "admin", "wrong", {}), "authenticate").encode()
        assert (await send_xmlrpc(world, log_in, bearer(), COMMON)).value == 1
        version = _params(service="common", method="version", args=[])
        assert (await send_jsonrpc(world, version, bearer())).value["server_version"] == "19.0"
        # Without a token of ours, the upstream's own password opens nothing.
        stranger = await send_xmlrpc(world, log_in, "no-token", COMMON)
        assert (stranger.status, stranger.error) == (200, 3)
        refused = await send_jsonrpc(world, json.dumps(GOOD).encode(), "no-token")
        assert (refused.status, refused.error) == (200, "odoo.exceptions.AccessDenied")


async def test_each_call_needs_its_scope(tmp_path: Path) -> None:
    async with guarding(tmp_path) as world:
        few = bearer(scope="orders:read odoo:res.country:read")
        for say in (say_jsonrpc, say_xmlrpc, say_json2):
            assert "odoo:res.partner:read" in (await say(world, READ, few)).message
            country = Rpc("res.country", "search_read", {"limit": 1})
            assert (await say(world, country, few)).error is None


async def test_the_forced_domain_holds_of_whatever_is_touched(tmp_path: Path) -> None:
    held = bearer()
    everything = Rpc("sale.order", "search_read", {"domain": ["|", ["id", ">", 0], ["id", "=", 0]]})
    async with guarding(tmp_path) as world:
        for say in (say_jsonrpc, say_xmlrpc, say_json2):
            mine = (await say(world, everything, held)).value
            assert mine
            assert {order["partner_id"][0] for order in mine} == {13}
            foreign = next(number for number in range(1, 50) if number not in {order["id"] for order in mine})
            for method, named in (
                ("read", {"fields": ["name"]}),
                ("write", {"vals": {"client_order_ref": "stolen"}}),
                ("action_confirm", {}),
            ):
                both = Rpc("sale.order", method, named, [mine[0]["id"], foreign])
                assert (await say(world, both, held)).error in (2, "odoo.exceptions.MissingError")
            own = Rpc("sale.order", "write", {"vals": {"client_order_ref": "mine"}}, [mine[0]["id"]])
            assert (await say(world, own, held)).value is True


async def test_what_is_created_is_told_as_it_was_given(tmp_path: Path) -> None:
    async with guarding(tmp_path) as world:
        one = Rpc("res.partner", "create", {"vals_list": {"name": "One"}})
        many = Rpc("res.partner", "create", {"vals_list": [{"name": "One"}]})
        assert isinstance((await say_jsonrpc(world, one, bearer())).value, int)
        assert len((await say_xmlrpc(world, many, bearer())).value) == 1
        assert len((await say_json2(world, one, bearer())).value) == 1


async def test_no_more_fields_and_records_come_than_are_open(tmp_path: Path) -> None:
    async with guarding(tmp_path) as world:
        rows = (await say_json2(world, Rpc("res.partner", "search_read"), bearer())).value
        assert 0 < len(rows) <= 50
        assert set(rows[0]) == {"id", "name", "email", "phone", "city", "color", "country_id", "category_id"}
