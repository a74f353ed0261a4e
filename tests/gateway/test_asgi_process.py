"""The gateway as an ASGI server's application: what its lifespan starts and ends."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from catalog.cli.processes import choose_port
from gateway.asgi_process import AsgiProcess, create
from gateway.settings import GatewaySettings, SettingsError, read_snapshot_key
from tests.gateway.asgi_harness import asgi_server
from tests.gateway.http_harness import raw_client

KEY = base64.b64encode(bytes(range(32))).decode()
GET = b"GET /orders/v1/orders HTTP/1.1\r\nHost: api.example\r\n\r\n"


def application(folder: Path, **settings: Any) -> AsgiProcess:
    made = GatewaySettings(snapshot_key=KEY, data=folder, access_log=folder / "access.log", **settings)
    return AsgiProcess(made, read_snapshot_key(KEY))


@pytest.mark.parametrize("server", ["uvicorn", "granian"])
async def test_a_server_starts_it(server: str, tmp_path: Path) -> None:
    admin_port = choose_port(0)
    async with asgi_server(server, application(tmp_path, admin_port=admin_port)) as port:
        async with raw_client(port) as client:
            assert (await client.ask(GET)).status == 503
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{admin_port}/readyz") as answer,
        ):
            assert (answer.status, (await answer.json())["reason"]) == (503, "no snapshot")
    assert b'"problem":"not-ready"' in (tmp_path / "access.log").read_bytes()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", admin_port)


async def test_what_cannot_start_is_said(tmp_path: Path) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(tmp_path, catalog_url="http://127.0.0.1:1")({"type": "lifespan"}, receive, send)
    (failed,) = sent
    assert failed["type"] == "lifespan.startup.failed"
    assert "OSTIARY_GATEWAY_TOKEN" in failed["message"]


async def test_without_a_lifespan_there_is_no_gateway(tmp_path: Path) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(RuntimeError, match="lifespan"):
        await application(tmp_path)({"type": "http"}, never, never)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_GATEWAY_SNAPSHOT_KEY", "nonsense")
    with pytest.raises(SettingsError, match="OSTIARY_GATEWAY_SNAPSHOT_KEY"):
        create()
