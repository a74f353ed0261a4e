"""Two versions, one upstream: clients of the old and of the new one, through a real listener."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from catalog.estates import load_estate
from contracts.estate.estate import contracts_part
from contracts.findings import has_errors
from contracts.snapshot import FORMAT, AccessPart, Manifest, Snapshot, encode_part
from tests.gateway.gateway_world import NOW, Gateway, gateway, problem_of
from tests.gateway.http_harness import RawAnswer, Script, SeenRequest
from tests.support.adapted_estate import V1, V2, write_adapted

SALE = {"id": 7, "customerId": "12", "total_cents": 1999, "state": "sale", "internal": "x"}
ORDER = {"id": 7, "customer": "12", "total": 19.99, "state": "done", "internal": "x"}
NEW_ORDER = b'{"customer": 12, "street": "Main", "lines": [{"sku": "a", "qty": 2}, {"sku": "b", "qty": 3}]}'


def adapted(root: Path, port: int, *changes: tuple[str, str, str]) -> Snapshot:
    estate, findings = load_estate(write_adapted(root / "estate", *changes))
    assert not has_errors(findings), findings
    assert estate is not None
    contracts = contracts_part(estate, upstream_urls={"bookshop": f"http://127.0.0.1:{port}/backend"})
    access = AccessPart((), ())
    manifest = Manifest(FORMAT, 2, NOW, encode_part(contracts)[0], encode_part(access)[0])
    return Snapshot(manifest, contracts, access)


def answering(status: int, body: Any, *fields: str, kind: str = "application/json") -> Script:
    """An upstream that always gives this answer; `body` is JSON, or bytes as they are."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(text)}", *fields, "", ""]
        writer.write("\r\n".join(lines).encode() + (b"" if request.line.startswith(b"HEAD ") else text))
        await writer.drain()
        return True

    return script


async def ask(running: Gateway, method: str, path: str, body: bytes = b"", **fields: str) -> RawAnswer:
    kind = {"Content_Type": "application/json"} if body else {}
    return await running.ask(method, path, body, bearer=None, **kind, **fields)


def value(answer: RawAnswer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def test_clients_of_both_versions_are_served_by_one_upstream(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(200, SALE)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        assert value(await ask(running, "GET", "/orders/v1/orders/7")) == ORDER
        assert value(await ask(running, "GET", "/orders/v2/sales/7")) == SALE
        assert [seen.line for seen in running.upstream.seen] == [b"GET /backend/sales/7 HTTP/1.1"] * 2
        running.access_log.flush()
        lines = await running.logged(2)
        assert [(line["version"], line["operation"]) for line in lines] == [("v1", "getOrder"), ("v2", "getOrder")]


async def test_a_body_is_that_of_the_new_version_upstream_and_of_the_old_for_the_client(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(201, SALE)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(
            running, "POST", "/orders/v1/orders", NEW_ORDER, Content_Digest="sha-256=:x:", X_Own="1"
        )
        assert value(answer) == ORDER
        (seen,) = running.upstream.seen
        assert (b"content-digest" in seen.fields, seen.fields[b"x-own"]) == (False, b"1")
        assert seen.fields[b"content-type"] == b"application/json"
        assert seen.line == b"POST /backend/sales HTTP/1.1"
        assert json.loads(seen.body) == {
            "customerId": "12",
            "currency": "EUR",
            "address": {"street": "Main"},
            "lines": [{"sku": "a", "quantity": 2}, {"sku": "b", "quantity": 3}],
        }


async def test_parameters_are_those_of_the_new_version_upstream(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(200, {"items": [SALE], "total": 1})) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        assert value(await ask(running, "GET", "/orders/v1/orders?customer=12&state=done")) == [ORDER]
        assert value(await ask(running, "GET", "/orders/v1/orders")) == [ORDER]
        assert [seen.line for seen in running.upstream.seen] == [
            b"GET /backend/sales?state=sale&customerId=12 HTTP/1.1",
            b"GET /backend/sales HTTP/1.1",
        ]


async def test_a_request_is_judged_by_the_version_that_was_called(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(200, SALE)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        for path, body in (
            ("/orders/v1/orders/0", b""),
            ("/orders/v1/orders?customerId=12", b""),
            ("/orders/v1/orders", b'{"customerId": "12", "currency": "EUR", "lines": []}'),
        ):
            answer = await ask(running, "POST" if body else "GET", path, body)
            assert answer.status == 422
        assert running.upstream.seen == []


async def test_numbers_that_are_not_changed_keep_their_digits(tmp_path: Path) -> None:
    text = b'{"id":7,"customerId":"12","total_cents":0,"state":"sale","rate":1.10,"big":12345678901234567890}'
    async with gateway(tmp_path, answering(200, text)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(running, "GET", "/orders/v1/orders/7")
        assert b'"rate":1.10,"big":12345678901234567890' in answer.body


async def test_a_head_request_is_one_upstream_too(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(200, SALE)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(running, "HEAD", "/orders/v1/orders/7")
        assert (answer.status, b"content-length" in answer.fields) == (200, False)
        assert [seen.line for seen in running.upstream.seen] == [b"HEAD /backend/sales/7 HTTP/1.1"]


async def test_digests_of_what_was_changed_do_not_pass(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(200, SALE, "Content-Digest: sha-256=:x:", 'ETag: "7"')) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(running, "GET", "/orders/v1/orders/7")
        assert b"content-digest" not in answer.fields
        assert answer.fields[b"etag"] == b'"7"'
        assert int(answer.fields[b"content-length"]) == len(answer.body)


async def test_an_error_that_both_contracts_know_is_mapped(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(409, {"problem": {"text": "It is there."}})) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(running, "POST", "/orders/v1/orders", NEW_ORDER)
        assert (answer.status, json.loads(answer.body)) == (409, {"problem": {}, "error": "It is there."})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"trace": "secret"}, "application/json"),
        (409, {"other": "secret"}, "application/json"),
        (409, b"secret {", "application/json"),
        (503, b"<p>secret</p>", "text/html"),
    ],
)
async def test_an_error_that_the_old_contract_lacks_becomes_a_plain_problem(
    tmp_path: Path, status: int, body: Any, kind: str
) -> None:
    async with gateway(tmp_path, answering(status, body, kind=kind)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(running, "POST", "/orders/v1/orders", NEW_ORDER)
        assert answer.status == status
        assert answer.fields[b"content-type"] == b"application/problem+json"
        document = json.loads(answer.body)
        assert (document["type"], document["status"]) == ("about:blank", status)
        assert b"secret" not in answer.body


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({**SALE, "state": "lost"}, "/body/state is none of the values that are mapped."),
        ({**SALE, "total_cents": "much"}, "/body/total_cents is no number."),
        (b"{", "The answer is no JSON."),
    ],
)
async def test_an_answer_that_cannot_be_said_in_the_old_version_is_not_passed_on(
    tmp_path: Path, body: Any, detail: str
) -> None:
    async with gateway(tmp_path, answering(200, body)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        problem = problem_of(await ask(running, "GET", "/orders/v1/orders/7"))
        assert (problem["type"], problem["status"]) == ("urn:ostiary:problem:answer-not-adaptable", 502)
        assert problem["detail"] == detail


async def test_what_is_no_json_passes_where_the_old_contract_has_its_type_alone(tmp_path: Path) -> None:
    json_alone = "            application/json: { schema: { type: array"
    typed = (V1, json_alone, f"            text/plain: {{}}\n{json_alone}")
    async with gateway(tmp_path, answering(200, b"secret", kind="text/plain")) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        answer = await ask(running, "GET", "/orders/v1/orders")
        assert problem_of(answer)["type"] == "urn:ostiary:problem:answer-not-adaptable"
        assert b"secret" not in answer.body
        running.adopt(adapted(tmp_path / "typed", running.upstream.port, typed))
        answer = await ask(running, "GET", "/orders/v1/orders")
        assert (answer.status, answer.body) == (200, b"secret")


async def test_an_answer_that_is_not_as_the_old_contract_has_it_is_reported(tmp_path: Path) -> None:
    body = {key: value for key, value in SALE.items() if key != "customerId"}
    async with gateway(tmp_path, answering(200, body)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port))
        assert (await ask(running, "GET", "/orders/v1/orders/7")).status == 200
        running.access_log.flush()
        (line,) = await running.logged()
        assert [(each["pointer"], each["rule"]) for each in line["response_violations"]] == [("", "required")]
        assert line["would_refuse"] == ["response-schema"]


async def test_a_request_that_cannot_be_said_in_the_new_version_is_refused(tmp_path: Path) -> None:
    """As it can be where nothing was proved: `x/y` is a value of a query, and none of a path's segment. That no
    example shows it is the pattern's doing."""
    changes = (
        (V1, "  /orders/{number}:\n", "  /order:\n"),
        (V1, "{ name: number, in: path, required: true,", "{ name: number, in: query, required: true,"),
        (
            V1,
            "schema: { type: integer, minimum: 1 } }\n      responses:\n",
            "schema: { type: string, pattern: ^x } }\n      responses:\n",
        ),
        (V1, "{ rename: /path/number, to: id }", "{ move: /query/number, to: /path/id }"),
        (
            V2,
            "schema: { type: integer, minimum: 1 } }\n      responses:\n",
            "schema: { type: string } }\n      responses:\n",
        ),
    )
    async with gateway(tmp_path, answering(200, SALE)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port, *changes))
        assert value(await ask(running, "GET", "/orders/v1/order?number=x%20b")) == ORDER
        for text in ("x%2Fy", "x%5C", "x%0Ab"):
            problem = problem_of(await ask(running, "GET", f"/orders/v1/order?number={text}"))
            assert (problem["type"], problem["status"]) == ("urn:ostiary:problem:request-not-adaptable", 422)
        assert [seen.line for seen in running.upstream.seen] == [b"GET /backend/sales/x%20b HTTP/1.1"]


async def test_what_is_kept_is_the_new_versions_answer_and_what_is_given_the_old_ones(tmp_path: Path) -> None:
    adapter = "        version-adapter:\n          request:\n          - { rename: /path/number, to: id }\n"
    change = (V1, adapter, f"        cache: {{ ttl: 60 }}\n{adapter}")
    async with gateway(tmp_path, answering(200, SALE)) as running:
        running.adopt(adapted(tmp_path, running.upstream.port, change))
        for _ in range(2):
            assert value(await ask(running, "GET", "/orders/v1/orders/7")) == ORDER
        assert len(running.upstream.seen) == 1
