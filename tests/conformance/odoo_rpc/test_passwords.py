"""An API key or a token as the password of a call, for clients that can send no header field."""

import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, dumps, loads

import msgspec
import pytest

from catalog.demo.odoo.accounts import ApiKey as OdooKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from contracts.access import ApiKey
from contracts.operations import ApiKeyUse
from contracts.snapshot import Snapshot, encode_part
from policies.credentials.attempts import ADDRESS
from tests.conformance.odoo_rpc.guarded_world import (
    COMMON,
    GUARD,
    JSON_ROUTES,
    KEY,
    XML,
    bearer,
    give_secret,
    guarded,
)
from tests.gateway.gateway_world import Gateway, gateway
from tests.gateway.http_harness import raw_client
from tests.policies.credentials.test_api_key import KEY_ID, PEPPER, text_of
from tests.support.policy_world import NOW

OPEN = msgspec.structs.replace(GUARD, password=True)
USE = ApiKeyUse("x-api-key", (("orders:read",),))
DENIED = "odoo.exceptions.AccessDenied"
SEARCH = ("res.country", "search", [[["code", "=", "BE"]]])


def keyed(url: str, **options: Any) -> Snapshot:
    """What is in force where the application has an API key, too."""
    plain = guarded(url, **{"guard": OPEN, "api_key": USE, **options})
    (shop,) = plain.access.applications
    digest = hmac.digest(PEPPER, text_of().encode(), "sha256")
    shop = msgspec.structs.replace(shop, keys=(ApiKey(KEY_ID, expires=NOW + 60, digest=digest),))
    access = msgspec.structs.replace(plain.access, applications=(shop,))
    plans = tuple(msgspec.structs.replace(each, api_keys=True) for each in plain.contracts.plans)
    contracts = msgspec.structs.replace(plain.contracts, plans=plans)
    manifest = msgspec.structs.replace(
        plain.manifest, contracts=encode_part(contracts)[0], access=encode_part(access)[0]
    )
    return Snapshot(manifest, contracts, access)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Gateway]:
    give_secret(tmp_path)
    settings = Settings(api_keys=(OdooKey(KEY, "admin"),))
    async with serve(settings) as url, gateway(tmp_path, key_pepper=PEPPER) as running:
        running.adopt(keyed(url))
        yield running


def called(password: Any) -> bytes:
    params = {"service": "object", "method": "execute_kw", "args": ["any", 7, password, *SEARCH]}
    return json.dumps({"jsonrpc": "2.0", "params": params, "id": 4}).encode()


async def by_jsonrpc(world: Gateway, body: bytes) -> Any:
    answer = await world.ask("POST", JSON_ROUTES[0], body, bearer=None, Content_Type="application/json")
    document = json.loads(answer.body)
    assert answer.status == 200
    if "error" in document:
        return document["error"]["data"]["name"]
    assert document["id"] == 4
    return document["result"]


async def by_xmlrpc(world: Gateway, path: str, method: str, *args: Any) -> Any:
    body = dumps(args, method, allow_none=True).encode()
    answer = await world.ask("POST", path, body, bearer=None, Content_Type="text/xml")
    try:
        return loads(answer.body.decode())[0][0]
    except Fault as fault:
        return f"fault {fault.faultCode}"


async def test_a_key_or_a_token_opens_what_it_opens_elsewhere(world: Gateway) -> None:
    for password in (text_of(), bearer()):
        assert await by_jsonrpc(world, called(password)) == [20]
        assert await by_xmlrpc(world, XML, "execute_kw", "any", 7, password, *SEARCH) == [20]
        assert await by_xmlrpc(world, XML, "execute", "any", 7, password, *SEARCH[:2], *SEARCH[2]) == [20]
    lines = await world.logged(6)
    assert {line["client_id"] for line in lines} == {"acme-shop"}
    assert text_of() not in str(lines)
    narrow = bearer(scope="orders:read")
    assert await by_jsonrpc(world, called(narrow)) == "odoo.exceptions.AccessError"


async def test_a_log_in_gives_one_user_id(world: Gateway) -> None:
    for password in (text_of(), bearer()):
        for method, args in (
            ("authenticate", ("any", "someone", password, {})),
            ("login", ("any", "me", password)),
        ):
            assert await by_xmlrpc(world, COMMON, method, *args) == 1
            params = {"service": "common", "method": method, "args": args}
            body = json.dumps({"jsonrpc": "2.0", "params": params, "id": 4}).encode()
            assert await by_jsonrpc(world, body) == 1


async def test_the_version_is_told_before_the_log_in(world: Gateway) -> None:
    told = await by_xmlrpc(world, COMMON, "version")
    assert told["server_version"] == "19.0"
    params = {"service": "common", "method": "version", "args": []}
    assert await by_jsonrpc(world, json.dumps({"jsonrpc": "2.0", "params": params, "id": 4}).encode()) == told


@pytest.mark.parametrize(
    "password", [text_of("key0123456789zz"), "admin", "", "not ascii €", "a b", 5, None, ["x"], text_of() + " "]
)
async def test_another_password_opens_nothing(world: Gateway, password: Any) -> None:
    assert await by_jsonrpc(world, called(password)) == DENIED
    assert await by_xmlrpc(world, XML, "execute_kw", "any", 7, password, *SEARCH) == "fault 3"
    lines = await world.logged(2)
    assert str(password) == "" or not isinstance(password, str) or f'"{password}"' not in str(lines)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"params": []}', b'{"params": {"service": 1}}'])
async def test_what_is_no_call_has_no_password(world: Gateway, body: bytes) -> None:
    answer = await world.ask("POST", JSON_ROUTES[0], body, bearer=None, Content_Type="application/json")
    assert json.loads(answer.body)["error"]["data"]["name"] == DENIED


async def test_calls_of_one_connection_are_each_their_own(world: Gateway) -> None:
    head = f"POST {JSON_ROUTES[0]} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
    told = []
    async with raw_client(world.port) as client:
        for password in (text_of(), "x" * len(text_of()), text_of()):
            body = called(password)
            answer = await client.ask(f"{head}{len(body)}\r\n\r\n".encode() + body)
            told.append("result" in json.loads(answer.body))
    assert told == [True, False, True]


async def test_a_header_field_comes_first(world: Gateway) -> None:
    answer = await world.ask(
        "POST", JSON_ROUTES[0], called(text_of()), bearer="wrong", Content_Type="application/json"
    )
    assert json.loads(answer.body)["error"]["data"]["name"] == DENIED


async def test_guesses_are_slowed_down(world: Gateway) -> None:
    assert await by_jsonrpc(world, called(text_of())) == [20]
    for number in range(ADDRESS.quota):
        assert await by_jsonrpc(world, called(f"guess-{number}")) == DENIED
    late = await world.ask("POST", JSON_ROUTES[0], called(bearer()), bearer=None, Content_Type="application/json")
    assert b"There were too many failed attempts." in late.body
    assert await by_jsonrpc(world, called(text_of())) == [20]  # it was good before


async def test_it_is_off_unless_the_guard_says_so(tmp_path: Path) -> None:
    give_secret(tmp_path)
    settings = Settings(api_keys=(OdooKey(KEY, "admin"),))
    async with serve(settings) as url, gateway(tmp_path, key_pepper=PEPPER) as running:
        running.adopt(keyed(url, guard=GUARD))
        assert await by_jsonrpc(running, called(text_of())) == DENIED
