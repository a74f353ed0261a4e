"""What of a legacy client's request reaches Odoo: the call, made anew, and nothing else."""

import asyncio
import json
from pathlib import Path
from xmlrpc.client import dumps

import pytest

from policies.credentials.attempts import ADDRESS
from tests.conformance.odoo_rpc.guarded_world import (
    DIALECTS,
    JSON_ROUTES,
    KEY,
    XML,
    Rpc,
    bearer,
    give_secret,
    guarded,
    guarding,
    say_json2,
)
from tests.gateway.gateway_world import gateway
from tests.gateway.http_harness import SeenRequest

WINDOW = {"type": "ir.actions.act_window", "res_model": "res.users", "context": {"default_x": 1}}
DENIED = "odoo.exceptions.AccessDenied"
WAITING = {"jsonrpc": 200, "xmlrpc": 200, "json2": 429}
SENT = {
    "Cookie": "session_id=stolen",
    "X_Odoo_Database": "other",
    "X_Openerp_Session_Id": "stolen",
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_For": "10.0.0.1",
    "Forwarded": "host=evil.example",
}

READ = Rpc("res.partner", "read", {"load": None}, [13])
TOLD = {
    "jsonrpc": (
        json.dumps(
            {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": READ.args()}}
        ).encode(),
        JSON_ROUTES[0],
        "application/json",
    ),
    "xmlrpc": (dumps(tuple(READ.args()), "execute_kw", allow_none=True).encode(), XML, "text/xml"),
    "json2": (b'{"ids": [13], "load": null}', f"{JSON_ROUTES[1]}/res.partner/read", "application/json"),
}


async def _answer(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    body = b"[3]" if b"/search " in request.line else json.dumps(WINDOW).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    return False


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_no_header_field_of_the_clients_goes_to_odoo(tmp_path: Path, dialect: str) -> None:
    give_secret(tmp_path)
    held = bearer()
    body, path, kind = TOLD[dialect]
    async with gateway(tmp_path, _answer) as running:
        running.adopt(guarded(f"http://127.0.0.1:{running.upstream.port}"))
        answer = await running.ask("POST", path, body, bearer=held, Content_Type=kind, **SENT)
        assert answer.status == 200
        (seen,) = running.upstream.seen
    head = seen.head.lower()
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:] if line]
    assert not {name.lower().replace("_", "-").encode() for name in SENT} - {b"x-odoo-database"} & set(names)
    for value in (*SENT.values(), held, "not a password", "any"):
        assert value.lower().encode() not in head + seen.body.lower(), value


async def test_only_the_call_and_the_gateways_credential(tmp_path: Path) -> None:
    give_secret(tmp_path)
    call = Rpc("res.partner", "read", {"load": None}, [13])
    held = bearer()
    async with gateway(tmp_path, _answer) as running:
        running.adopt(guarded(f"http://127.0.0.1:{running.upstream.port}"))
        path = f"/orders/v1/json/2/{call.model}/{call.method}"
        body = json.dumps({"ids": [13], "load": None}).encode()
        await running.ask("POST", path, body, bearer=held, Content_Type="application/json", **SENT)
        (seen,) = running.upstream.seen
    head = seen.head.lower()
    assert b"authorization: bearer " + KEY.encode() in head
    assert b"x-odoo-database: odoo19" in head
    for name, value in SENT.items():
        assert value.lower().encode() not in head, name
    assert held.lower().encode() not in head
    fields = ["id", "name", "email", "phone", "city", "color", "country_id", "category_id"]
    assert json.loads(seen.body) == {"fields": fields, "load": None, "ids": [13]}


async def test_an_action_tells_of_no_other_model(tmp_path: Path) -> None:
    give_secret(tmp_path)
    async with gateway(tmp_path, _answer) as running:
        running.adopt(guarded(f"http://127.0.0.1:{running.upstream.port}"))
        done = await say_json2(running, Rpc("sale.order", "action_confirm", {}, [3]), bearer())
        assert (done.status, done.value) == (200, True)
        lookup = json.loads(running.upstream.seen[0].body)
        assert lookup["domain"] == [["partner_id", "=", 13], ["id", "in", [3]]]


async def test_other_doors_of_odoo_do_not_exist(tmp_path: Path) -> None:
    give_secret(tmp_path)
    doors = (
        "web/session/authenticate",
        "web/database/list",
        "web/dataset/call_kw",
        "xmlrpc/2/db",
        "xmlrpc/object",
    )
    async with gateway(tmp_path, _answer) as running:
        running.adopt(guarded(f"http://127.0.0.1:{running.upstream.port}"))
        for door in doors:
            for base in ("/orders/v1/", "/", "/orders/v1/json/2/../../", "/orders/v1/json/2/res.partner/read/"):
                answer = await running.ask("POST", base + door, b"{}", Content_Type="application/json")
                assert answer.status in (400, 404), base + door
        assert running.upstream.seen == []


async def test_who_tries_out_tokens_is_told_to_wait_in_the_clients_own_words(tmp_path: Path) -> None:
    call = Rpc("res.partner", "read", {"fields": ["name"]}, [13])
    good = bearer()
    async with guarding(tmp_path) as running:
        for dialect, say in DIALECTS.items():
            assert (await say(running, call, good)).error is None
            for number in range(ADDRESS.quota):
                assert (await say(running, call, f"guess.{dialect}.{number}")).error in (DENIED, 3)
            late = await say(running, call, "guess.once.more")
            assert late.message.startswith("There were too many failed attempts.")
            assert (late.error, late.status) == (DENIED if dialect != "xmlrpc" else 3, WAITING[dialect])
            assert (await say(running, call, good)).error is None
