"""The recorded exchanges, and the stand-in's answers to their requests."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve

_RECORDED = Path(__file__).parents[2] / "data" / "odoo-exchanges.json"

ADMIN_KEY = "a" * 40
DEMO_KEY = "d" * 40
SCOPED_KEY = "c" * 40

# Whose key stands behind <api-key> where it is not the administrator's: the recording says so in its notes.
_KEY_OF = {
    "json2-401-invalid": "0" * 40,
    "json2-401-other-scope-key": SCOPED_KEY,
    "json2-403-access": DEMO_KEY,
    "json2-demo-reads-own": DEMO_KEY,
    "session-authenticate-apikey": DEMO_KEY,
}


@dataclass(frozen=True)
class Answer:
    """A response as it stood on the wire."""

    status_line: str
    headers: Mapping[str, str]
    body: bytes


def recorded() -> list[dict[str, Any]]:
    exchanges: list[dict[str, Any]] = json.loads(_RECORDED.read_text())
    return exchanges


def _request_bytes(exchange: dict[str, Any], session: str) -> bytes:
    request = exchange["request"]
    body = request["body"]
    if not isinstance(body, str):
        # The recordings keep bodies decoded; the recorded length tells how they were written.
        spaced = json.dumps(body)
        compact = json.dumps(body, separators=(",", ":"))
        body = compact if str(len(compact)) == request["headers"].get("Content-Length") else spaced
    key = _KEY_OF.get(exchange["name"], ADMIN_KEY)
    headers = dict(request["headers"])
    body = body.replace("<api-key>", key)
    if "Content-Length" in headers:
        headers["Content-Length"] = str(len(body.encode()))
    head = "\r\n".join([request["line"], *(f"{name}: {value}" for name, value in headers.items())])
    head = head.replace("<api-key>", key).replace("<session>", session).replace("<port>", "8069")
    return f"{head}\r\n\r\n{body}".encode()


async def exchange_bytes(base: str, request: bytes) -> Answer:
    """Send bytes, read until the server closes, take the answer apart."""
    host, _, port = base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        raw = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = dict(line.split(":", 1) for line in lines)
    return Answer(status_line, {name: value.strip() for name, value in headers.items()}, body)


async def _replay() -> dict[str, Answer]:
    keys = (
        ApiKey(ADMIN_KEY, "admin", name="seed admin"),
        ApiKey(DEMO_KEY, "demo", name="seed demo"),
        ApiKey(SCOPED_KEY, "admin", name="scoped, not rpc", scope="partner-read"),
    )
    answers: dict[str, Answer] = {}
    session = ""
    async with serve(Settings(api_keys=keys)) as base:
        for exchange in recorded():
            answer = await exchange_bytes(base, _request_bytes(exchange, session))
            answers[exchange["name"]] = answer
            cookie = re.match(r"session_id=([^;]+)", answer.headers.get("Set-Cookie", ""))
            session = cookie[1] if cookie else session
    return answers


@pytest.fixture(scope="session")
def answers() -> dict[str, Answer]:
    """The stand-in's answer to every recorded request, sent in the recorded order: later ones build on the
    records that earlier ones made."""
    return asyncio.run(_replay())
