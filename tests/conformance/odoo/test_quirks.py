"""What the recordings do not hold but `/json/2` and JSON-RPC are known for, and how 17 and 18 differ."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve

_KEY = "k" * 40


class Client:
    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def json2(self, path: str, body: Any, chunked: bool = False) -> tuple[int, Any]:
        async def pieces() -> AsyncIterator[bytes]:
            yield aiohttp.JsonPayload(body).decode().encode()

        headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
        url = f"{self._base}/json/2/{path}"
        arguments: dict[str, Any] = {"data": pieces()} if chunked else {"json": body}
        async with self._session.post(url, headers=headers, **arguments) as response:
            if response.content_type != "application/json":
                return response.status, await response.text()
            return response.status, await response.json()

    async def rpc(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        call = ["odoo19", 2, _KEY, model, method, list(args), kwargs]
        params = {"service": "object", "method": "execute_kw", "args": call}
        async with self._session.post(f"{self._base}/jsonrpc", json={"params": params}) as response:
            assert response.status == 200
            return await response.json()


@asynccontextmanager
async def _odoo(version: str = "19.0") -> AsyncIterator[Client]:
    settings = Settings(version=version, api_keys=(ApiKey(_KEY, "admin"),))
    async with serve(settings) as base, aiohttp.ClientSession() as session:
        yield Client(session, base)


async def test_json2_does_not_read_a_chunked_body() -> None:
    body = {"domain": [["id", "=", 1]], "limit": 1}
    async with _odoo() as odoo:
        assert len((await odoo.json2("res.partner/search_read", body))[1]) == 1
        status, everything = await odoo.json2("res.partner/search_read", body, chunked=True)
    assert status == 200
    assert len(everything) == 40


async def test_json2_takes_an_array_for_an_empty_body() -> None:
    async with _odoo() as odoo:
        status, everything = await odoo.json2("res.partner/search_read", [[["id", "=", 1]]])
    assert (status, len(everything)) == (200, 40)


@pytest.mark.parametrize(("ids", "found"), [(["1"], 0), (1, 1), ([1], 1), ([99999999], 0)])
async def test_json2_ids(ids: Any, found: int) -> None:
    async with _odoo() as odoo:
        status, rows = await odoo.json2("res.partner/read", {"ids": ids, "fields": ["name"]})
    assert (status, len(rows)) == (200, found)


@pytest.mark.parametrize("moment", ["2026-11-01T00:00:00Z", "2026-11-01 00:00:00+01:00", "soon"])
async def test_json2_answers_500_to_a_datetime_it_cannot_read(moment: str) -> None:
    async with _odoo() as odoo:
        status, error = await odoo.json2("sale.order/search", {"domain": [["date_order", ">", moment]]})
    assert status == 500
    assert error["name"] == "builtins.ValueError"
    assert error["debug"].startswith("Traceback")


async def test_none_is_null_over_json2_and_no_member_at_all_over_jsonrpc() -> None:
    async with _odoo() as odoo:
        assert await odoo.json2("sale.order/action_lock", {"ids": [3]}) == (200, None)
        assert await odoo.rpc("sale.order", "action_lock", [3]) == {"jsonrpc": "2.0", "id": None}


async def test_create_over_json2_gives_a_list_and_over_jsonrpc_an_id() -> None:
    async with _odoo() as odoo:
        assert await odoo.json2("res.partner/create", {"vals_list": {"name": "One"}}) == (200, [44])
        assert (await odoo.rpc("res.partner", "create", {"name": "Two"}))["result"] == 45
        assert (await odoo.rpc("res.partner", "create", [{"name": "Three"}]))["result"] == [46]


async def test_a_failed_call_changes_nothing_but_uses_up_an_id() -> None:
    async with _odoo() as odoo:
        status, error = await odoo.json2("res.partner/write", {"ids": [8, 9999], "vals": {"name": "Changed"}})
        assert (status, error["name"]) == (404, "odoo.exceptions.MissingError")
        assert await odoo.json2("res.partner/search", {"domain": [["name", "=", "Changed"]]}) == (200, [])
        refused = {"vals_list": [{"name": "New"}, {"name": False}]}
        assert (await odoo.json2("res.partner/create", refused))[0] == 422
        assert await odoo.json2("res.partner/search_count", {"domain": []}) == (200, 40)
        assert await odoo.json2("res.partner/create", {"vals_list": [{"name": "Next"}]}) == (200, [46])


@pytest.mark.parametrize(("version", "code"), [("17.0", 200), ("18.0", 200), ("19.0", 0)])
async def test_the_error_code_depends_on_the_version(version: str, code: int) -> None:
    async with _odoo(version) as odoo:
        error = (await odoo.rpc("res.partner", "nope"))["error"]
    assert error["code"] == code
    assert error["data"]["name"] == "builtins.AttributeError"


@pytest.mark.parametrize("version", ["17.0", "18.0"])
async def test_before_19_there_is_no_json2(version: str) -> None:
    async with _odoo(version) as odoo:
        status, page = await odoo.json2("res.partner/search", {"domain": []})
    assert status == 404
    assert page.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("model", "field", "versions"),
    [
        ("res.partner", "mobile", {"17.0", "18.0"}),
        ("res.users", "groups_id", {"17.0", "18.0"}),
        ("res.users", "group_ids", {"19.0"}),
        ("sale.order.line", "tax_id", {"17.0", "18.0"}),
        ("sale.order.line", "tax_ids", {"19.0"}),
    ],
)
async def test_renamed_fields(model: str, field: str, versions: set[str]) -> None:
    for version in ("17.0", "18.0", "19.0"):
        async with _odoo(version) as odoo:
            answer = await odoo.rpc(model, "search_read", [], fields=[field], limit=1)
        assert ("result" in answer) == (version in versions), version


@pytest.mark.parametrize("method", ["sudo", "with_user", "browse", "_write", "init"])
async def test_private_methods_are_refused_to_administrators_too(method: str) -> None:
    async with _odoo() as odoo:
        status, error = await odoo.json2(f"res.partner/{method}", {})
    assert (status, error["name"]) == (403, "odoo.exceptions.AccessError")


async def test_every_answer_closes_its_connection() -> None:
    async with serve(Settings()) as base, aiohttp.ClientSession() as session:
        for path in ("/web/health", "/nowhere", "/jsonrpc"):
            async with session.get(base + path) as response:
                assert response.headers["Connection"] == "close"
