"""Writes that are done once, through the running gateway: the upstream's count is what matters."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot
from gateway.asgi import AsgiGateway
from tests.gateway.asgi_harness import asgi_server
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import RawAnswer, SeenRequest, raw_client

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
ORDER = json.dumps({"sku": "A1"}).encode()


def writing(**config: Any) -> Snapshot:
    """The usual snapshot, in which orders are placed and files uploaded with the policy."""
    mode = config.pop("mode", None)
    use = PolicyUse("idempotency", mode, config)
    made = [
        msgspec.structs.replace(each, policies=(use,))
        if each.id in ("placeOrder", "upload", "listOrders")
        else each
        for each in operations()
    ]
    return snapshot(orders(*made))


class Shop:
    """An upstream that makes orders: `answers` are given in turn, and the last of them from then on. A number is
    the status of one; `hang-up` closes the connection without a word."""

    def __init__(self, *answers: int | str, fields: str = "", chunked: bool = False) -> None:
        self.answers = list(answers)
        self.fields = fields
        self.chunked = chunked
        self.made = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.made += 1
        self.asked.set()
        await self.may_answer.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang-up":
            return False
        body = b"order %d" % self.made
        framing = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if self.chunked else body
        length = "Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {len(body)}"
        writer.write(f"HTTP/1.1 {answer} Said\r\n{length}\r\n{self.fields}\r\n".encode() + framing)
        return True


@contextlib.asynccontextmanager
async def serving(directory: Path, shop: Shop, **config: Any) -> AsyncIterator[Gateway]:
    async with gateway(directory, shop) as running:
        made = writing(**config)
        server = msgspec.structs.replace(
            made.contracts.upstreams[0], url=f"http://127.0.0.1:{running.upstream.port}/backend"
        )
        contracts = msgspec.structs.replace(made.contracts, upstreams=(server,))
        manifest = msgspec.structs.replace(made.manifest, serial=2, contracts="sha256:with-the-policy")
        running.adopt(Snapshot(manifest, contracts, made.access))
        yield running


async def place(
    running: Gateway, key: str | None = KEY, body: bytes = ORDER, path: str = "/orders/v1/orders", **fields: str
) -> RawAnswer:
    fields = {"Content_Type": "application/json", **fields}
    if key is not None:
        fields["Idempotency_Key"] = key
    return await running.ask("POST", path, body, **fields)


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_same_request_again_gets_the_same_answer(tmp_path: Path, chunked: bool) -> None:
    shop = Shop(201, fields="Location: /orders/1\r\nX-Mark: m\r\n", chunked=chunked)
    async with serving(tmp_path, shop) as running:
        first, again = await place(running), await place(running)
        assert (first.status, first.body) == (again.status, again.body) == (201, b"order 1")
        assert again.fields[b"location"] == first.fields[b"location"] == b"/orders/1"
        assert again.fields[b"idempotency-replayed"] == b"true"
        assert b"idempotency-replayed" not in first.fields
        assert again.fields[b"ratelimit"] != first.fields[b"ratelimit"], "the limits are those of now"
        assert again.fields[b"x-request-id"] != first.fields[b"x-request-id"]
        assert shop.made == 1
        assert running.upstream.seen[0].fields[b"idempotency-key"] == KEY.encode()
        lines = await running.logged(2)
    assert lines[1]["status"] == 201


async def test_json_counts_by_what_it_says(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop) as running:
        await place(running, body=b'{"sku": "A1", "quantity": 2}')
        again = await place(running, body=b'{"quantity":2,"sku":"\\u00411"}')
        assert again.fields[b"idempotency-replayed"] == b"true"
        assert shop.made == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [(b'{"sku":"A2"}', "/orders/v1/orders"), (b'{"sku":"A1","quantity":1}', "/orders/v1/orders")],
)
async def test_another_payload_is_refused(tmp_path: Path, body: bytes, path: str) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop) as running:
        await place(running)
        refused = await place(running, body=body, path=path)
        assert refused.status == 422
        assert problem_of(refused)["type"] == "urn:ostiary:problem:idempotency-key-reused"
        assert shop.made == 1


async def test_bodies_that_are_no_json_are_compared_too(tmp_path: Path) -> None:
    shop = Shop(200)
    async with serving(tmp_path, shop) as running:

        async def upload(name: str, data: bytes) -> RawAnswer:
            fields = {"Content_Type": "application/octet-stream", "Idempotency_Key": KEY}
            return await running.ask("PUT", f"/orders/v1/files/{name}", data, **fields)

        first, again = await upload("a", b"\x00\x01"), await upload("a", b"\x00\x01")
        assert again.body == first.body
        assert running.upstream.seen[0].body == b"\x00\x01"
        assert (await upload("a", b"\x00\x02")).status == 422
        assert (await upload("b", b"\x00\x01")).status == 422, "the path counts"
        assert shop.made == 1


async def test_keys_are_a_callers_own_and_an_operations(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop) as running:
        await place(running)
        other = await running.ask(
            "POST",
            "/orders/v1/orders",
            ORDER,
            bearer=token(sub="person-7"),
            Content_Type="application/json",
            Idempotency_Key=KEY,
        )
        assert b"idempotency-replayed" not in other.fields
        fields = {"Content_Type": "application/octet-stream", "Idempotency_Key": KEY}
        assert (await running.ask("PUT", "/orders/v1/files/a", b"x", **fields)).status == 201
        assert shop.made == 3


async def test_while_the_first_is_under_way_others_are_told_so(tmp_path: Path) -> None:
    shop = Shop(201)
    shop.may_answer.clear()
    async with serving(tmp_path, shop) as running:
        first = asyncio.create_task(place(running))
        await shop.asked.wait()
        refused = await place(running)
        assert refused.status == 409
        assert refused.fields[b"retry-after"] == b"1"
        assert problem_of(refused)["type"] == "urn:ostiary:problem:idempotency-in-flight"
        shop.may_answer.set()
        assert (await first).status == 201
        assert (await place(running)).body == b"order 1"
        assert shop.made == 1


async def test_without_a_key_nothing_is_remembered(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop) as running:
        await place(running, key=None)
        await place(running, key=None)
        assert shop.made == 2


async def test_a_key_can_be_required(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop, required=True) as running:
        refused = await place(running, key=None)
        assert refused.status == 400
        assert problem_of(refused)["type"] == "urn:ostiary:problem:idempotency-key-missing"
        assert shop.made == 0
        assert (await running.ask("GET", "/orders/v1/orders")).status == 201, "what only reads needs none"


@pytest.mark.parametrize("key", ["8e03978e-40d5", '""', '"a', '"a","b"', f'"{"k" * 256}"', '"ä"', "?1", "12"])
async def test_a_key_that_is_no_string_is_refused(tmp_path: Path, key: str) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop) as running:
        refused = await place(running, key=key)
        assert refused.status == 400
        assert problem_of(refused)["type"] == "urn:ostiary:problem:idempotency-key-invalid"
        assert shop.made == 0


async def test_plain_words_can_be_let_pass_as_keys(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop, **{"bare-keys": True}) as running:
        await place(running, key=KEY.strip('"'))
        assert (await place(running, key=KEY)).fields[b"idempotency-replayed"] == b"true"
        assert shop.made == 1


async def test_an_upstream_that_never_answers_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    shop = Shop("hang-up", 201)
    async with serving(tmp_path, shop) as running:
        assert (await place(running)).status == 502
        for _ in range(2):
            told = await place(running)
            assert told.status == 409
            document = problem_of(told)
            assert document["type"] == "urn:ostiary:problem:idempotency-outcome-unknown"
            assert "unknown" in document["detail"]
            assert document["idempotency-key"] == KEY.strip('"')
        assert shop.made == 1, "it is never sent again"
        assert (await place(running, key='"another"')).status == 201


async def test_a_request_that_never_left_frees_its_key(tmp_path: Path) -> None:
    async with serving(tmp_path, Shop(201)) as running:
        made = writing()
        nowhere = msgspec.structs.replace(made.contracts.upstreams[0], url="http://127.0.0.1:1/")
        contracts = msgspec.structs.replace(made.contracts, upstreams=(nowhere,))
        manifest = msgspec.structs.replace(made.manifest, serial=3, contracts="sha256:nowhere")
        there = running.pipeline.runtime
        running.adopt(Snapshot(manifest, contracts, made.access))
        assert (await place(running)).status == 502
        assert running.upstream.seen == []
        running.pipeline.runtime = there
        assert (await place(running)).body == b"order 1"


@pytest.mark.parametrize("status", [408, 425, 429, 503])
async def test_what_the_upstream_did_not_take_up_may_be_sent_again(tmp_path: Path, status: int) -> None:
    shop = Shop(status, 201, fields="Retry-After: 1\r\n")
    async with serving(tmp_path, shop) as running:
        assert (await place(running)).status == status
        assert (await place(running)).status == 201
        assert shop.made == 2


@pytest.mark.parametrize("status", [400, 404, 409, 500, 503])
async def test_any_other_answer_is_the_answer(tmp_path: Path, status: int) -> None:
    shop = Shop(status, 201)
    async with serving(tmp_path, shop) as running:
        for _ in range(2):
            answer = await place(running)
            assert (answer.status, answer.body) == (status, b"order 1")
        assert shop.made == 1


@pytest.mark.parametrize("server", ["", "uvicorn", "granian"])
async def test_a_client_that_leaves_finds_its_answer_when_it_comes_back(tmp_path: Path, server: str) -> None:
    shop = Shop(201)
    shop.may_answer.clear()
    async with contextlib.AsyncExitStack() as stack:
        running = await stack.enter_async_context(serving(tmp_path, shop))
        if server:
            running.port = await stack.enter_async_context(asgi_server(server, AsgiGateway(running.pipeline)))
        async with raw_client(running.port) as client:
            lines = [
                "POST /orders/v1/orders HTTP/1.1",
                "Host: api.example",
                f"Authorization: Bearer {token()}",
                "Content-Type: application/json",
                f"Idempotency-Key: {KEY}",
                f"Content-Length: {len(ORDER)}",
            ]
            await client.send("\r\n".join(lines).encode() + b"\r\n\r\n" + ORDER)
            await shop.asked.wait()
        assert (await place(running)).status == 409, "it is still under way"
        shop.may_answer.set()
        await running.logged(2)
        answer = await place(running)
        assert (answer.status, answer.body) == (201, b"order 1")
        assert answer.fields[b"idempotency-replayed"] == b"true"
        assert shop.made == 1


async def test_an_answer_that_is_too_long_is_told_of(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop, **{"max-answer": 3}) as running:
        assert (await place(running)).body == b"order 1"
        told = await place(running)
        assert told.status == 409
        document = problem_of(told)
        assert document["type"] == "urn:ostiary:problem:idempotency-answer-not-kept"
        assert document["answered"] == 201
        assert shop.made == 1


async def test_what_a_later_policy_refuses_claims_nothing(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop) as running:
        assert (await place(running, body=b'{"quantity":0}')).status == 422
        assert (await place(running)).status == 201


async def test_reporting_tells_what_would_be_refused_or_answered_again(tmp_path: Path) -> None:
    shop = Shop(201)
    async with serving(tmp_path, shop, mode="report", required=True) as running:
        for key in (None, KEY, KEY):
            answer = await place(running, key=key)
            assert answer.status == 201
            assert b"idempotency-replayed" not in answer.fields
        assert (await place(running, body=b'{"sku":"A2"}')).status == 201
        assert shop.made == 4
        told = [each.get("would_refuse") for each in await running.logged(4)]
    assert told == [["idempotency"], None, ["idempotency"], ["idempotency"]]
