"""Answers with classified values in them, through the running gateway."""

import asyncio
import gzip
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.openapi.classification import CLASSIFICATION
from contracts.operations import MediaType, Response
from contracts.policy_settings import Mode, PolicyUse
from policies.answer import MOST_HELD
from tests.contracts.contract_helpers import HEAD, compile_text
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import SeenRequest, raw_client

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"id": {}, "iban": {CLASSIFICATION: "restricted"}, "cost": {CLASSIFICATION: "internal"}},
    },
}
ROWS = [{"id": number, "iban": f"DE{number}", "cost": 1.5, "note": "é{"} for number in range(200)]
TEXT = json.dumps(ROWS).encode()
SETTINGS = {"internal": {"scope": "orders:cost"}, "restricted": {"scope": "orders:all"}}


class Shop:
    """An upstream's script: one answer, in pieces."""

    def __init__(self, *pieces: bytes, status: bytes = b"200 OK", fields: bytes = b"") -> None:
        self.pieces = pieces or (TEXT,)
        self.status = status
        self.fields = fields
        self.requests: list[SeenRequest] = []

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.requests.append(request)
        if request.line.startswith(b"HEAD "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(TEXT), self.fields))
            return True
        type_ = b"" if b"Content-Type" in self.fields else b"Content-Type: application/json\r\n"
        writer.write(b"HTTP/1.1 %b\r\nTransfer-Encoding: chunked\r\n%b%b\r\n" % (self.status, type_, self.fields))
        for piece in self.pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        return True


def made(port: int, mode: Mode | None = None, *more: PolicyUse, **consumers: Mode) -> Any:
    answers = (Response("200", (MediaType("application/json", SCHEMA),)),)
    use = PolicyUse("classification", mode, SETTINGS, consumers)
    marked = tuple(
        msgspec.structs.replace(each, responses=answers, policies=(use, *more)) for each in operations()[2:3]
    )
    scopes = ("orders:read", "orders:cost", "orders:all")
    return snapshot(orders(*marked), port=port, serial=2, scopes=scopes)


async def asked(running: Gateway, scope: str = "", method: str = "GET", **fields: Any) -> Any:
    bearer = token(scope=f"orders:read {scope}".strip())
    return await running.ask(method, "/orders/v1/orders/7", bearer=bearer, **fields)


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("", ["id", "note"]),
        ("orders:cost", ["id", "cost", "note"]),
        ("orders:all", ["id", "iban", "cost", "note"]),
    ],
)
async def test_callers_get_what_their_scopes_open(tmp_path: Path, scope: str, names: list[str]) -> None:
    shop = Shop(fields=b'ETag: "r1"\r\n')
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        answer = await asked(running, scope)
    assert answer.status == 200
    assert json.loads(answer.body) == [{name: row[name] for name in names} for row in ROWS]
    assert (answer.fields[b"etag"] == b'"r1"') == (scope == "orders:all")


async def test_a_long_answer_is_gone_through_as_well(tmp_path: Path) -> None:
    text = json.dumps(ROWS * 30).encode()
    assert len(text) > 300_000
    shop = Shop(text)
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        answer = await asked(running)
        shop.pieces = (text[:-1],)
        unreadable = await asked(running)
    assert b"DE" not in answer.body
    assert len(json.loads(answer.body)) == 6_000
    assert unreadable.status == 502


LONG_TEXT = json.dumps(ROWS * 1_000).encode()


@pytest.mark.parametrize("enforced", [False, True], ids=["by itself", "beside another"])
async def test_a_list_that_is_too_long_to_be_held_goes_through_item_by_item(
    tmp_path: Path, enforced: bool
) -> None:
    pieces = [LONG_TEXT[at : at + 100_000] for at in range(0, len(LONG_TEXT), 100_000)]
    shop = Shop(*pieces, fields=b'ETag: "r1"\r\nContent-Digest: sha-256=:x:\r\n')
    others = (PolicyUse("response-schema", "enforce"),) if enforced else ()
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port, None, *others))
        answer = await asked(running)
        running.access_log.flush()
        (line,) = await running.logged()
    assert len(LONG_TEXT) > 2 * MOST_HELD
    if enforced:
        # Whoever else needs the whole of it does not get that: it is refused as ever.
        assert problem_of(answer)["type"] == "urn:ostiary:problem:upstream-answer-unusable"
        return
    assert answer.status == 200
    assert b"DE" not in answer.body
    assert json.loads(answer.body) == [{"id": row["id"], "note": row["note"]} for row in ROWS] * 1_000
    assert answer.fields[b"etag"] == b'"r1;class=public"'
    assert b"content-digest" not in answer.fields
    assert (line["status"], line["bytes_out"]) == (200, len(answer.body))


@pytest.mark.parametrize("wrong", [b"}", b"", b'{"id":1,', b"[" * 70_000])
async def test_a_long_list_that_turns_out_to_be_none_is_broken_off(tmp_path: Path, wrong: bytes) -> None:
    async with gateway(tmp_path, Shop(LONG_TEXT[:3_000_000], wrong)) as running:
        running.adopt(made(running.upstream.port))
        async with raw_client(running.port) as client:
            await client.send(b"GET /orders/v1/orders/7 HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer ")
            await client.send(token(scope="orders:read").encode() + b"\r\n\r\n")
            answer = await client.rest()
        running.access_log.flush()
        (line,) = await running.logged()
    assert answer.startswith(b"HTTP/1.1 200")
    assert not answer.endswith(b"0\r\n\r\n")
    assert b"DE" not in answer
    assert (line["decision"], line["problem"]) == ("refused", "answer-unclassifiable")


async def test_in_whatever_pieces_an_answer_comes_what_is_left_is_the_same(tmp_path: Path) -> None:
    chance = random.Random(7)
    shop = Shop()
    seen = set()
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        for pieces in (1, 2, 7, 60, 300):
            cuts = sorted(chance.sample(range(1, len(TEXT)), pieces - 1))
            shop.pieces = tuple(TEXT[a:b] for a, b in zip([0, *cuts], [*cuts, len(TEXT)], strict=True))
            seen.add((await asked(running)).body)
        shop.pieces, shop.fields = (gzip.compress(TEXT),), b"Content-Encoding: gzip\r\n"
        seen.add((await asked(running)).body)
    (left,) = seen
    assert b"DE" not in left
    assert len(json.loads(left)) == len(ROWS)


@pytest.mark.parametrize(
    ("shop", "status", "said"),
    [
        (Shop(TEXT[:-1]), 502, "answer-unclassifiable"),
        (Shop(fields=b"Content-Type: text/csv\r\n"), 502, "answer-unclassifiable"),
        (Shop(status=b"206 Partial Content"), 502, "answer-unclassifiable"),
        (Shop(fields=b"Content-Encoding: br\r\n"), 502, "upstream-answer-unusable"),
        (Shop(b'[{"id":"', *[b"x" * 65_536] * (MOST_HELD // 65_536), b'"}]'), 502, "answer-unclassifiable"),
        (Shop(status=b"500 Oh no", fields=b"Content-Type: text/html\r\n"), 500, "about:blank"),
    ],
    ids=["cut off", "another type", "a part", "encoded", "too long", "an error page"],
)
async def test_what_cannot_be_read_by_the_contract_is_not_let_through(
    tmp_path: Path, shop: Shop, status: int, said: str
) -> None:
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        answer = await asked(running)
        running.access_log.flush()
        (line,) = await running.logged()
    assert answer.status == status
    assert b"DE" not in answer.body
    if said == "about:blank":
        assert json.loads(answer.body)["type"] == said
    else:
        assert problem_of(answer)["type"].rpartition(":")[2] == said
        assert line["policy"] == "classification"


async def test_a_tag_comes_back_as_the_upstream_gave_it(tmp_path: Path) -> None:
    shop = Shop(fields=b'ETag: "r1"\r\n')
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port))
        tag = (await asked(running)).fields[b"etag"].decode()
        await asked(running, If_None_Match=tag)
        await asked(running, "orders:cost", If_None_Match=tag)
        head = await asked(running, method="HEAD")
        whole = await asked(running, "orders:all", method="HEAD")
    assert tag == '"r1;class=public"'
    assert head.fields[b"etag"].decode() == tag
    # RFC 9110 §8.6: no length but that which the answer to a GET would have.
    assert b"content-length" not in head.fields
    assert whole.fields[b"content-length"] == b"%d" % len(TEXT)
    assert [request.fields.get(b"if-none-match") for request in shop.requests] == [None, b'"r1"', None, None, None]


async def test_an_answer_that_is_kept_for_all_is_classified_for_each(tmp_path: Path) -> None:
    shop = Shop(fields=b'ETag: "r1"\r\nCache-Control: public, max-age=60\r\n')
    cache = PolicyUse("cache", config={"ttl": 60, "shared": True})
    async with gateway(tmp_path, shop) as running:
        running.adopt(made(running.upstream.port, None, cache))
        whole = await asked(running, "orders:all")
        some = await asked(running)
        again = await asked(running, If_None_Match=some.fields[b"etag"].decode())
        others = await asked(running, "orders:cost", If_None_Match=some.fields[b"etag"].decode())
    assert len(shop.requests) == 1
    assert whole.body == TEXT
    assert b"DE" not in some.body
    assert (again.status, again.fields[b"etag"]) == (304, some.fields[b"etag"])
    assert others.status == 200
    assert b'"cost"' in others.body
    assert b"DE" not in others.body


async def test_where_it_reports_callers_get_all_and_it_is_counted(tmp_path: Path) -> None:
    async with gateway(tmp_path, Shop()) as running:
        running.adopt(made(running.upstream.port, "report"))
        answer = await asked(running)
        whole = await asked(running, "orders:all")
        running.access_log.flush()
        lines = await running.logged(2)
    assert answer.body == whole.body == TEXT
    assert [line.get("would_refuse") for line in lines] == [["classification"], None]


async def test_a_consumer_is_let_off(tmp_path: Path) -> None:
    async with gateway(tmp_path, Shop()) as running:
        running.adopt(made(running.upstream.port, acme="off"))
        assert (await asked(running)).body == TEXT


CONTRACT = """\
x-ostiary-policies: {classification: {restricted: {scope: "orders:all"}, unknown-fields: remove}}
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: OK, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
"""
SCHEMAS = """\
  schemas:
    Order:
      allOf:
        - $ref: "#/components/schemas/Document"
        - type: object
          properties:
            total: {$ref: "#/components/schemas/Money", x-ostiary-classification: restricted}
            paid: {$ref: "#/components/schemas/Money"}
    Document:
      type: object
      properties:
        name: {type: string}
        parent: {$ref: "#/components/schemas/Document"}
        note: {type: string, x-ostiary-classification: restricted}
    Money: {type: object, properties: {amount: {type: number}}}
"""


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
async def test_what_a_contract_marks_is_gone_from_its_answers(tmp_path: Path, openapi: str) -> None:
    version, findings = compile_text(HEAD.replace("3.1.0", openapi) + SCHEMAS + CONTRACT)
    assert version is not None, findings
    answer = {
        "name": "S1",
        "note": "x",
        "parent": {"name": "S0", "note": "x", "parent": {"note": "x", "margin": 1}},
        "total": {"amount": 10.50},
        "paid": {"amount": 10.50, "iban": "DE1"},
        "margin": 3,
    }
    text = json.dumps(answer).encode()
    async with gateway(tmp_path, Shop(text)) as running:
        scopes = ("orders:read", "orders:all")
        running.adopt(snapshot(version, port=running.upstream.port, serial=2, scopes=scopes))
        left = await asked(running)
        whole = await asked(running, "orders:all")
    assert json.loads(left.body) == {
        "name": "S1",
        "parent": {"name": "S0", "parent": {}},
        "paid": {"amount": 10.50},
    }
    assert whole.body == text
