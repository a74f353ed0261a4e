"""Binary fields: as the body of an operation, and as base64 in a record."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.operations import OdooBackend, OdooContent, OdooField
from contracts.problems import Problem
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.answer import Answer
from policies.exchange import Exchange
from tests.gateway.upstreams.odoo.conftest import Rig, Scripted

FIELDS = (
    OdooField("id", "id", "integer", writable=False),
    OdooField("name", "name", "text"),
    OdooField("type", "mimetype", "text"),
    OdooField("file", "datas", "binary"),
)
FILE = OdooContent("datas", "*/*", "mimetype", "name")
TEXT = "Grüße\r\n".encode()


def documents(action: str, **changes: Any) -> OdooBackend:
    members = {"fields": FIELDS, "id_parameter": "id", **changes}
    return OdooBackend("erp", "ir.attachment", action, **members)  # type: ignore[arg-type]


async def made(odoo: Rig, **values: Any) -> int:
    body = {"name": "a.txt", "type": "text/plain", "file": base64.b64encode(TEXT).decode(), **values}
    found = await odoo.ok(documents("create", success_status=201), body=body)
    return int(found["id"])


async def download(odoo: Rig, key: int, content: OdooContent = FILE, **changes: Any) -> Answer | Problem:
    return await odoo.call(documents("get", content=content, fields=(), **changes), path={"id": key})


async def upload(odoo: Rig, key: int, body: bytes, content_type: bytes) -> Answer | Problem:
    backend = documents("update", content=OdooContent("datas", "*/*", "mimetype"), fields=FIELDS[:3])
    exchange = Exchange("PUT", b"/documents/1/content", [], {b"content-type": content_type}, "127.0.0.1")
    exchange.parameters = {"path": {"id": key}, "query": {}}
    exchange.body = body
    return await odoo.adapter.call(exchange, backend)


async def test_a_content_is_the_body(odoo: Rig) -> None:
    key = await made(odoo, name='Über "uns"\n/etc.txt', type="Text/Plain; charset=utf-8")
    answer = await download(odoo, key)
    assert isinstance(answer, Answer), answer
    assert (answer.status, answer.body, answer.content) == (200, TEXT, None)
    assert dict(answer.headers) == {
        b"content-type": b"text/plain",
        b"content-disposition": b"attachment; filename*=UTF-8''%C3%9Cber%20%22uns%22%0A%2Fetc.txt",
        b"x-content-type-options": b"nosniff",
    }
    (record,) = (await odoo.ok(documents("list", default_limit=1), query={}))[:1]
    assert record["file"] == base64.b64encode(TEXT).decode()


async def test_a_body_is_the_content(odoo: Rig) -> None:
    key = await made(odoo)
    content = bytes(range(256)) * 5
    changed = await upload(odoo, key, content, b"Image/PNG")
    assert isinstance(changed, Answer), changed
    assert json.loads(changed.body) == {"id": key, "name": "a.txt", "type": "image/png"}
    answer = await download(odoo, key, OdooContent("datas", "image/*", "mimetype"))
    assert isinstance(answer, Answer)
    assert (answer.body, dict(answer.headers)[b"content-type"]) == (content, b"image/png")
    emptied = await upload(odoo, key, b"", b"not a type")
    assert isinstance(emptied, Answer)
    assert json.loads(emptied.body)["type"] == "application/octet-stream"
    nothing = await download(odoo, key)
    assert isinstance(nothing, Problem)
    assert (nothing.type.id, nothing.detail) == ("record-not-found", "The record has no content.")


async def test_a_content_outside_of_the_domain_does_not_exist(odoo: Rig) -> None:
    key = await made(odoo)
    elsewhere = await download(odoo, key, domain=(["name", "=", "another"],))
    assert isinstance(elsewhere, Problem)
    assert elsewhere.type.id == "record-not-found"
    missing = await download(odoo, 99_999)
    assert isinstance(missing, Problem)
    assert missing.type.id == "record-not-found"


async def test_a_type_that_the_contract_does_not_admit_is_a_mismatch(odoo: Rig) -> None:
    key = await made(odoo, type="text/html")
    answer = await download(odoo, key, OdooContent("datas", "image/*", "mimetype"))
    assert isinstance(answer, Problem)
    assert answer.type.id == "mediation-failed"
    unknown = await download(odoo, key, OdooContent("no_such_field", "application/pdf"))
    assert isinstance(unknown, Problem)
    assert unknown.type.id == "mediation-failed"


@pytest.mark.parametrize("text", ["QU", "=QUJ", "QUJD\n", "§§§§"])
async def test_what_is_no_base64_is_a_violation(odoo: Rig, text: str) -> None:
    answer = await odoo.call(documents("create"), body={"name": "a", "file": text})
    assert isinstance(answer, Problem)
    (violation,) = answer.extensions["violations"]
    assert (violation["pointer"], violation["rule"]) == ("/file", "contentEncoding")


ROW = b'[{"id": 3, "mimetype": "a/b", "name": "n"}]'


def scripted_content(size: int, told: asyncio.Event | None = None, *, cut: bool = False) -> tuple[bytes, Any]:
    """A content, and a script that answers with it; with `told` it stops halfway until that is set, and with `cut`
    for good."""
    content = bytes(index % 251 for index in range(size))

    async def script(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        kind = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n"
        if b"search_read" in head.split(b"\r\n")[0]:
            writer.write(kind + b"content-length: %d\r\n\r\n" % len(ROW) + ROW)
            return
        text = b'[{"id": 3, "datas": "' + base64.b64encode(content) + b'"}]'
        writer.write(kind + b"content-length: %d\r\n\r\n" % len(text))
        half = len(text) // 2
        writer.write(text[:half])
        if told is not None:
            await writer.drain()
            await told.wait()
        if not cut:
            writer.write(text[half:])
        await writer.drain()

    return content, script


async def test_a_long_content_comes_in_pieces_and_holds_its_turn(
    scripted: Callable[[Any], Any], rig: Callable[..., Rig]
) -> None:
    told = asyncio.Event()
    content, script = scripted_content(3_000_000, told)
    server: Scripted = await scripted(script)
    odoo = rig(server.url)
    answer = await download(odoo, 3)
    assert isinstance(answer, Answer), answer
    assert answer.content is not None
    assert odoo.adapter.in_use == 1
    pieces = []
    async for piece in answer.content.pieces():
        pieces.append(piece)
        if sum(map(len, pieces)) > 1_000_000:
            told.set()
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) < 600_000  # what one read of the connection may hold
    answer.content.close()
    assert odoo.adapter.in_use == 0
    adapter: OdooAdapter = odoo.adapter
    assert adapter.queued == 0
