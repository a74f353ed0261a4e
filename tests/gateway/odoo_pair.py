"""A gateway before two Odoos, `erp` and `depot`: the contract names the first, policies the other."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from contracts.operations import MediaType, OdooBackend, OdooField, Operation, RequestBody, Response
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot

KEY = "a-key-for-tests-only"

ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "reference": {"type": ["string", "null"]},
        "customer": {"type": "integer"},
    },
}
NEW_ORDER = b'{"reference": "x", "customer": 9}'
LIST = {"type": "object", "properties": {"data": {"type": "array", "items": ORDER}}}


@contextlib.asynccontextmanager
async def odoo(version: str = "19.0") -> AsyncIterator[str]:
    """A stand-in; its URL."""
    async with serve(Settings(version=version, api_keys=(ApiKey(KEY, "admin"),))) as url:
        yield url


@contextlib.asynccontextmanager
async def mediating(
    directory: Path, erp: str, depot: str, *uses: PolicyUse, protocols: tuple[str, str] = ("json2", "json2")
) -> AsyncIterator[Gateway]:
    """A gateway whose operations list and create orders in `erp`; `uses` hold on both."""
    (directory / "secrets").mkdir()
    (directory / "secrets" / "key").write_text(KEY)
    async with gateway(directory, made=_snapshot((erp, depot), protocols, uses)) as world:
        yield world


def _snapshot(urls: tuple[str, str], protocols: tuple[str, str], uses: tuple[PolicyUse, ...]) -> Snapshot:
    fields = (
        OdooField("id", "id", "integer", writable=False),
        OdooField("reference", "client_order_ref", "text"),
        OdooField("customer", "partner_id", "reference-id"),
    )
    listed = OdooBackend("erp", "sale.order", "list", fields=fields, item_property="data")
    made = msgspec.structs.replace(listed, action="create", success_status=201)
    plain = snapshot(
        orders(
            Operation(
                "listOrders",
                "GET",
                "/orders",
                "/paths/~1orders/get",
                listed,
                public=True,
                responses=(Response("200", (MediaType("application/json", LIST),)),),
                policies=uses,
            ),
            Operation(
                "placeOrder",
                "POST",
                "/orders",
                "/paths/~1orders/post",
                made,
                public=True,
                body=RequestBody(True, (MediaType("application/json", ORDER),)),
                responses=(Response("201", (MediaType("application/json", ORDER),)),),
                policies=uses,
            ),
        )
    )
    upstreams = tuple(
        Upstream(
            name,
            "odoo",
            url,
            credential="key",
            protocol=protocol,
            database="odoo19",
            login="admin",  # type: ignore[arg-type]
        )
        for name, url, protocol in zip(("erp", "depot"), urls, protocols, strict=True)
    )
    contracts = msgspec.structs.replace(plain.contracts, upstreams=upstreams)
    manifest = msgspec.structs.replace(plain.manifest, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, plain.access)
