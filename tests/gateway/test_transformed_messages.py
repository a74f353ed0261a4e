"""Requests and answers changed between contract and upstream, through the running gateway."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.operations import MediaType, Operation, RequestBody, Response
from contracts.policy_settings import PolicyUse
from tests.gateway.gateway_world import ORDER_SCHEMA, gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import SeenRequest

SETTINGS: dict[str, Any] = {
    "request": {
        "headers": {"set": {"X-Channel": "partner"}, "remove": ["X-Debug"], "rename": {"X-Ref": "X-Reference"}},
        "query": {"rename": {"limit": "page_size"}, "set": {"source": "api"}},
        "steps": [{"rename": "/body/sku", "to": "code"}],
    },
    "response": {
        "headers": {"remove": ["Server"]},
        "steps": [{"rename": "/body/code", "to": "sku"}, {"drop": "/body/internal"}],
    },
}


class Shop:
    """An upstream's script that speaks otherwise than the contract; it remembers what it was asked."""

    def __init__(self, body: bytes = b'{"code":"a","internal":1}') -> None:
        self.body = body
        self.requests: list[SeenRequest] = []

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.requests.append(request)
        head = b"HTTP/1.1 200 OK\r\nServer: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(self.body) + self.body)
        return True


def changed(each: Operation, *uses: PolicyUse) -> Operation:
    schema = (MediaType("application/json", ORDER_SCHEMA),)
    body = None if each.body is None else RequestBody(True, schema)
    return msgspec.structs.replace(
        each,
        body=body,
        responses=(Response("200", schema),),
        policies=(PolicyUse("transformation", None, SETTINGS), *uses),
    )


def made(port: int, *uses: PolicyUse) -> Any:
    listing, placing = operations()[:2]
    return snapshot(orders(changed(listing, *uses), changed(placing, *uses)), port=port, serial=2)


async def test_an_upstream_may_speak_otherwise_than_the_contract(tmp_path: Path) -> None:
    shop = Shop()
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        answer = await running.ask(
            "POST",
            "/orders/v1/orders",
            b'{"sku":"b"}',
            Content_Type="application/json",
            X_Debug="1",
            X_Ref="7",
            X_Channel="forged",
        )
        listed = await running.ask("GET", "/orders/v1/orders?limit=5")
        running.access_log.flush()
        lines = await running.logged(2)
    assert (answer.status, json.loads(answer.body)) == (200, {"sku": "a"})
    assert json.loads(listed.body) == {"sku": "a"}
    assert b"server" not in answer.fields
    placed, read = shop.requests
    assert placed.line == b"POST /backend/orders?source=api HTTP/1.1"
    assert read.line == b"GET /backend/orders?page_size=5&source=api HTTP/1.1"
    assert placed.body == b'{"code":"b"}'
    assert placed.fields[b"x-channel"] == b"partner"
    assert placed.fields[b"x-reference"] == b"7"
    assert b"x-debug" not in placed.fields
    # What is reported on is what clients get: it matches the contract.
    assert all("response_violations" not in line for line in lines)


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"code":"a"}', 200), (b'{"code":1}', 502), (b'{"sku":"a","more":1}', 502)]
)
async def test_the_contract_is_held_to_what_clients_get(tmp_path: Path, body: bytes, status: int) -> None:
    async with gateway(tmp_path, Shop(body)) as running:
        running.adopt(made(running.upstream.port, PolicyUse("response-schema", "enforce")))
        answer = await running.ask("GET", "/orders/v1/orders")
    assert answer.status == status
    if status == 502:
        assert problem_of(answer)["type"] == "urn:ostiary:problem:upstream-answer-invalid"


async def test_a_request_is_held_to_the_contract_before_it_is_changed(tmp_path: Path) -> None:
    shop = Shop()
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        answer = await running.ask("POST", "/orders/v1/orders", b'{"code":"b"}', Content_Type="application/json")
    assert problem_of(answer)["type"] == "urn:ostiary:problem:schema-violation"
    assert shop.requests == []
