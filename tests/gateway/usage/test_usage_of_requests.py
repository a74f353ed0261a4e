"""What a gateway counts of requests that come over a socket."""

import json
from pathlib import Path

from contracts.operations import HttpBackend, MediaType, Operation, RequestBody
from contracts.usage.batch import Row
from gateway.usage.counting import UsageCounting
from gateway.usage.packing import rows_of
from tests.gateway.gateway_world import gateway, operations, orders, snapshot

DOCUMENTS = {
    "urn:orders": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:orders",
        "components": {
            "schemas": {
                "Return": {"type": "object", "properties": {"line": {"$ref": "#/components/schemas/Line"}}},
                "Line": {"type": "object", "properties": {"state": {"enum": ["new", "broken"]}}},
            }
        },
    }
}
RETURN = Operation(
    "returnOrder",
    "POST",
    "/returns",
    "/paths/~1returns/post",
    HttpBackend("shop"),
    scopes=(("orders:write",),),
    body=RequestBody(True, (MediaType("application/json", {"$ref": "urn:orders#/components/schemas/Return"}),)),
)
JSON = {"Content-Type": "application/json"}


def told(counting: UsageCounting) -> dict[str, Row]:
    """By application and operation."""
    rows = rows_of(counting.take(), 0.0)
    return {f"{row.application}/{row.operation}": row for row in rows if row is not None}


def seen(row: Row) -> dict[str, int]:
    return {f"{each.kind} {each.name} {each.value}".strip(): each.calls for each in row.seen}


async def test_calls_are_counted_with_what_they_had(tmp_path: Path) -> None:
    counting = UsageCounting()
    made = (*operations(), RETURN)
    async with gateway(tmp_path, recorder=counting) as world:
        world.adopt(snapshot(orders(*made, documents=DOCUMENTS), port=world.upstream.port, serial=2))
        await world.ask("GET", "/orders/v1/orders?limit=5")
        await world.ask("GET", "/orders/v1/orders?limit=500")
        await world.ask("GET", "/orders/v1/orders", bearer=None)
        await world.ask("GET", "/orders/v1/ping", bearer=None)
        await world.ask("GET", "/nowhere")
        order = json.dumps({"sku": "canary", "quantity": 2}).encode()
        await world.ask("POST", "/orders/v1/orders", order, **JSON)
        await world.ask("POST", "/orders/v1/orders", b'{"canary": 1}', **JSON)
        back = json.dumps({"line": {"state": "broken", "canary": "canary"}}).encode()
        await world.ask("POST", "/orders/v1/returns", back, **JSON)
        await world.logged(8)
        rows = told(counting)
    assert rows.keys() == {
        "acme-shop/listOrders",
        "acme-shop/placeOrder",
        "acme-shop/returnOrder",
        "/ping",
    }
    listed, placed = rows["acme-shop/listOrders"], rows["acme-shop/placeOrder"]
    assert {each.status: each.calls for each in listed.tallies} == {"200": 1, "4xx": 1}
    assert listed.consumer == "acme"
    # The upstream of these tests does not answer as the contract of this one operation has it.
    assert seen(listed) == {"accepted": 1, "query limit": 1, "would-refuse response-schema": 1}
    assert {each.status: each.bytes for each in placed.tallies} == {"2xx": len(order), "4xx": 13}
    assert seen(placed) == {"accepted": 1, "body": 1, "body /sku": 1, "body /quantity": 1}
    assert seen(rows["acme-shop/returnOrder"]) == {
        "accepted": 1,
        "body": 1,
        "body /line": 1,
        "body /line/state": 1,
        'body /line/state "broken"': 1,
        "body /line/*": 1,
    }
    assert "canary" not in repr(rows)
