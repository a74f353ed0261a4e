"""Answers that do not match their contract, through the running gateway: reported to some, refused to others."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.operations import MediaType, Response
from contracts.policy_settings import Mode, PolicyUse
from tests.gateway.gateway_world import ORDER_SCHEMA, gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import SeenRequest

WRONG = b'{"sku": "s3cr3t-internal", "quantity": "five"}'
RIGHT = b'{"sku": "a", "quantity": 5}'


class Shop:
    """An upstream's script: one answer."""

    def __init__(self, body: bytes, status: bytes = b"200 OK", content_type: bytes = b"application/json") -> None:
        self.body = body
        self.status = status
        self.content_type = content_type
        self.encodings: list[bytes | None] = []

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.encodings.append(request.fields.get(b"accept-encoding"))
        head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nX-Internal: s3cr3t\r\n\r\n"
        writer.write(head % (self.status, self.content_type, len(self.body)) + self.body)
        return True


def made(port: int, mode: Mode | None = None, plan: Mode | None = None, **consumers: Mode) -> Any:
    answers = (Response("200", (MediaType("application/json", ORDER_SCHEMA),)),)
    uses = (PolicyUse("response-schema", mode, {}, consumers),) if mode or consumers else ()
    changed = tuple(msgspec.structs.replace(each, responses=answers, policies=uses) for each in operations()[2:3])
    found = snapshot(orders(*changed), port=port, serial=2)
    if plan is None:
        return found
    (gold,) = found.contracts.plans
    gold = msgspec.structs.replace(gold, policies=(PolicyUse("response-schema", plan),))
    return msgspec.structs.replace(found, contracts=msgspec.structs.replace(found.contracts, plans=(gold,)))


async def asked(directory: Path, shop: Shop, **settings: Any) -> tuple[Any, dict[str, Any]]:
    async with gateway(directory, shop) as running:
        running.adopt(made(running.upstream.port, **settings))
        answer = await running.ask("GET", "/orders/v1/orders/7", Accept_Encoding="gzip")
        running.access_log.flush()
        (line,) = await running.logged()
        return answer, line


ENFORCED = [{"mode": "enforce"}, {"acme": "enforce"}, {"plan": "enforce"}, {"mode": "off", "acme": "enforce"}]
REPORTED = [{}, {"mode": "report"}, {"mode": "enforce", "acme": "report"}, {"mode": "enforce", "plan": "report"}]


@pytest.mark.parametrize("settings", ENFORCED, ids=str)
async def test_where_it_enforces_nothing_of_a_wrong_answer_is_told(tmp_path: Path, settings: Any) -> None:
    answer, line = await asked(tmp_path, Shop(WRONG), **settings)
    assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:upstream-answer-invalid")
    assert b"s3cr3t" not in answer.head + answer.body
    assert (line["policy"], line["status"]) == ("response-schema", 502)
    assert [each["pointer"] for each in line["response_violations"]] == ["/quantity"]
    assert "would_refuse" not in line


@pytest.mark.parametrize("settings", REPORTED, ids=str)
async def test_where_it_reports_a_wrong_answer_goes_on(tmp_path: Path, settings: Any) -> None:
    answer, line = await asked(tmp_path, Shop(WRONG), **settings)
    assert (answer.status, answer.body, answer.fields[b"x-internal"]) == (200, WRONG, b"s3cr3t")
    assert line["would_refuse"] == ["response-schema"]
    assert [each["pointer"] for each in line["response_violations"]] == ["/quantity"]


async def test_where_it_is_off_nothing_is_said(tmp_path: Path) -> None:
    answer, line = await asked(tmp_path, Shop(WRONG), mode="off")
    assert answer.body == WRONG
    assert line.keys().isdisjoint({"would_refuse", "response_violations"})


@pytest.mark.parametrize(
    ("shop", "status"),
    [
        (Shop(RIGHT), 200),
        (Shop(b"<html>", content_type=b"text/html"), 502),
        (Shop(RIGHT, b"202 Accepted"), 502),
        (Shop(RIGHT, b"500 No"), 502),
        (Shop(b"", b"304 Not Modified"), 304),
        (Shop(RIGHT[:-1]), 502),
        (Shop(RIGHT[:-1] + b" " * 300_000 + b"}"), 200),
    ],
    ids=["right", "another type", "undeclared", "an undeclared error", "not modified", "no JSON", "long"],
)
async def test_what_is_refused(tmp_path: Path, shop: Shop, status: int) -> None:
    answer, _ = await asked(tmp_path, shop, mode="enforce")
    assert answer.status == status
    if status == 200:
        assert answer.body == shop.body


@pytest.mark.parametrize(("settings", "encoding"), [({}, b"gzip"), ({"mode": "enforce"}, b"identity")])
async def test_only_where_answers_are_held_they_have_to_come_plain(
    tmp_path: Path, settings: Any, encoding: bytes
) -> None:
    shop = Shop(RIGHT)
    await asked(tmp_path, shop, **settings)
    assert shop.encodings == [encoding]
