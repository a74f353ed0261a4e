"""Files of an Odoo as a partner gets them: streamed, bounded, broken off where the rest does not come."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from contracts.operations import MediaType, OdooBackend, OdooContent, Operation, Parameter, RequestBody, Response
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import Gateway, gateway, orders, problem_of, snapshot, token
from tests.gateway.http_harness import raw_client
from tests.gateway.odoo_pair import odoo
from tests.gateway.test_mirroring import odoo_report
from tests.gateway.upstreams.odoo.conftest import KEY
from tests.gateway.upstreams.odoo.test_odoo_contents import documents, scripted_content

ID = Parameter("id", "path", "simple", False, {"type": "integer"}, required=True)
FILE = (MediaType("*/*"),)
PLACE = "/orders/v1/documents/3/content"


def operations() -> tuple[Operation, ...]:
    shown = documents("get", fields=(), content=OdooContent("datas", "*/*", "mimetype", "name"))
    taken = documents("update", fields=(), content=OdooContent("datas", "*/*", "mimetype"), success_status=204)
    made = documents("create", fields=documents("list").fields[:2], success_status=201)
    path = "/documents/{id}/content"
    new = RequestBody(True, (MediaType("application/json", {"type": "object"}),))
    return (
        _operation("getContent", "GET", path, shown, parameters=(ID,), responses=(Response("200", FILE),)),
        _operation(
            "putContent", "PUT", path, taken, parameters=(ID,), body=RequestBody(True, FILE), max_body=2_000
        ),
        _operation("create", "POST", "/documents", made, body=new),
    )


def _operation(name: str, method: str, path: str, backend: OdooBackend, **changes: object) -> Operation:
    members = {"scopes": (("orders:read",),), "backend": backend, **changes}
    return Operation(name, method, path, f"/paths/{name}", **members)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def serving(directory: Path, url: str, depot: str = "", *uses: PolicyUse) -> AsyncIterator[Gateway]:
    """A gateway before an Odoo, and one more, `depot`; `uses` hold for all operations."""
    (directory / "secrets").mkdir()
    (directory / "secrets" / "odoo-key").write_text(KEY)
    made = (msgspec.structs.replace(each, policies=uses) for each in operations())
    plain = snapshot(orders(*made))
    upstreams = (
        Upstream("erp", "odoo", url, credential="odoo-key", connections=1),
        Upstream("depot", "odoo", depot or url, credential="odoo-key", connections=1),
    )
    contracts = msgspec.structs.replace(plain.contracts, upstreams=upstreams)
    manifest = msgspec.structs.replace(plain.manifest, serial=2, contracts=encode_part(contracts)[0])
    async with gateway(directory) as running:
        running.adopt(Snapshot(manifest, contracts, plain.access))
        yield running


@contextlib.asynccontextmanager
async def scripted(
    size: int, told: asyncio.Event | None = None, *, cut: bool = False
) -> AsyncIterator[tuple[bytes, str]]:
    content, script = scripted_content(size, told, cut=cut)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            await script(head, b"", writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield content, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_a_file_goes_in_and_out(tmp_path: Path) -> None:
    async with odoo() as url, serving(tmp_path, url) as running:
        new = await running.ask(
            "POST", "/orders/v1/documents", b'{"name": "a.bin"}', Content_Type="application/json"
        )
        key = int(new.body.partition(b'"id":')[2].partition(b",")[0])
        place = PLACE.replace("3", str(key))
        empty = await running.ask("GET", place)
        assert (empty.status, problem_of(empty)["detail"]) == (404, "The record has no content.")
        content = bytes(range(256))
        put = await running.ask("PUT", place, content, Content_Type="image/png")
        assert (put.status, put.body) == (204, b"")
        got = await running.ask("GET", place)
        assert (got.status, got.body, got.fields[b"content-type"]) == (200, content, b"image/png")
        assert got.fields[b"content-length"] == b"256"
        assert got.fields[b"content-disposition"] == b"attachment; filename*=UTF-8''a.bin"
        long = await running.ask("PUT", place, bytes(2_001), Content_Type="image/png")
        assert (long.status, problem_of(long)["type"]) == (413, "urn:ostiary:problem:body-too-large")


async def test_a_long_file_is_streamed(tmp_path: Path) -> None:
    async with scripted(2_000_000) as (content, url), serving(tmp_path, url) as running:
        got = await running.ask("GET", PLACE)
        assert (got.status, got.body) == (200, content)
        assert got.fields[b"transfer-encoding"] == b"chunked"
        (line,) = await running.logged()
    assert (line["status"], line["bytes_out"]) == (200, 2_000_000)


async def test_a_client_that_leaves_gives_the_turn_back(tmp_path: Path) -> None:
    told = asyncio.Event()
    async with scripted(2_000_000, told) as (content, url), serving(tmp_path, url) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(f"GET {PLACE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n\r\n".encode())
        await reader.readexactly(500_000)
        writer.close()
        await running.logged()
        told.set()
        # The Odoo has one turn: whoever has left does not hold it.
        got = await running.ask("GET", PLACE)
        assert got.body == content


async def test_a_file_that_breaks_off_breaks_off_for_the_client_too(tmp_path: Path) -> None:
    async with scripted(2_000_000, cut=True) as (_, url), serving(tmp_path, url) as running:
        async with raw_client(running.port) as client:
            await client.send(
                f"GET {PLACE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n\r\n".encode()
            )
            told = await client.rest()
        assert told.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"transfer-encoding: chunked" in told
        assert not told.endswith(b"0\r\n\r\n")
        (line,) = await running.logged()
        assert line["problem"] == "upstream-malformed"


async def test_a_copy_of_a_long_file_holds_no_turn(tmp_path: Path) -> None:
    use = PolicyUse("mirror", config={"to": "depot"})
    async with (
        scripted(500_000) as (content, url),
        scripted(500_000) as (_, depot),
        serving(tmp_path, url, depot, use) as running,
    ):
        for count in (1, 2):  # the other Odoo has one turn as well
            assert (await running.ask("GET", PLACE)).body == content
            report = await odoo_report(running, "getContent", count)
        assert (report["in_flight"], report["reasons"].get("failed")) == (0, None)
