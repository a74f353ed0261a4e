"""A client that goes away takes its call to Odoo with it: a worker there is worth more than an unheard answer."""

import asyncio
from pathlib import Path

import msgspec

from contracts.operations import OdooBackend, Operation
from contracts.snapshot import Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import gateway, orders, snapshot, token
from tests.gateway.http_harness import PATIENCE, SeenRequest, raw_client, raw_upstream


def before_odoo(port: int) -> Snapshot:
    listed = Operation(
        *("list", "GET", "/orders", "/paths/~1orders/get", OdooBackend("erp", "sale.order", "list")),
        scopes=(("orders:read",),),
    )
    made = snapshot(orders(listed))
    erp = Upstream("erp", "odoo", f"http://127.0.0.1:{port}", credential="key", protocol="json2", connections=1)
    contracts = msgspec.structs.replace(made.contracts, upstreams=(erp,))
    manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return msgspec.structs.replace(made, contracts=contracts, manifest=manifest)


async def test_the_call_is_given_up_and_its_connection_is_the_next_ones(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("a-key")
    left = asyncio.Event()

    async def first_silent(
        request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if not left.is_set():
            assert await reader.read() == b"", "the gateway closes"
            left.set()
        else:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
            writer.write(head + b"[]")
        return False

    async with raw_upstream(first_silent) as odoo, gateway(tmp_path, made=before_odoo(odoo.port)) as world:
        async with raw_client(world.port) as client:
            ask = f"GET /orders/v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n\r\n"
            await client.send(ask.encode())
            async with asyncio.timeout(PATIENCE):
                while not odoo.seen:
                    await asyncio.sleep(0.005)
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        lines = await world.logged(2)
        assert [line["status"] for line in lines] == [499, 200]
        assert world.pipeline.open == 0
