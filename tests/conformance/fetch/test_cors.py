"""What pages get through the gateway, by a browser that goes through the steps of the Fetch standard."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import PolicyUse
from gateway.asgi import AsgiGateway
from gateway.wire.limits import ListenerSettings
from tests.conformance.fetch.browser import NetworkError, Page, Shown
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import RawAnswer, SeenRequest, raw_client

SHOP = "https://shop.example.com"
ORDERS = "/orders/v1/orders"
JSON = {"Content-Type": "application/json"}


def cors(**settings: Any) -> PolicyUse:
    return PolicyUse("cors", None, {"origins": [SHOP, "https://*.partner.example"], **settings})


def with_cors(**settings: Any) -> ApiVersion:
    """Every operation but `upload` takes pages."""
    made = []
    for each in operations():
        policies = () if each.id == "upload" else (cors(**settings),)
        made.append(_changed(each, policies=policies))
    return orders(*made)


def _changed(operation: Operation, **changes: Any) -> Operation:
    members = {name: getattr(operation, name) for name in operation.__struct_fields__}
    return Operation(**{**members, **changes})


@asynccontextmanager
async def serving(directory: Path, version: ApiVersion, **options: Any) -> AsyncIterator[Gateway]:
    async with gateway(directory, **options) as running:
        running.adopt(snapshot(version, serial=2, port=running.upstream.port))
        yield running


def page(
    running: Gateway, origin: str = SHOP, path: str = ORDERS, credentials: bool = False, port: int = 0
) -> Page:
    """One that calls the gateway, or what is at another port."""

    async def send(method: str, fields: Mapping[str, str], body: bytes) -> RawAnswer:
        lines = [f"{method} {path} HTTP/1.1", "Host: api.example", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        async with raw_client(port or running.port) as client:
            await client.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            return await client.answer(head=method == "HEAD")

    return Page(origin, send, credentials)


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


def methods(running: Gateway) -> list[str]:
    """Of the requests that the upstream saw."""
    return [seen.line.split(b" ")[0].decode() for seen in running.upstream.seen]


async def test_a_page_of_a_listed_origin_gets_its_answer(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        for origin in (SHOP, "https://a.partner.example", "https://b.a.partner.example"):
            one = page(running, origin)
            shown = await one.fetch("GET", bearer())
            assert shown.status == 200
            assert {"x-request-id", "ratelimit"} <= shown.fields.keys()
            assert [each.status for each in one.preflights] == [204]
            assert b"content-length" not in one.preflights[0].fields
        assert methods(running) == ["GET"] * 3


async def test_a_write_with_json_is_asked_for_first(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        shown = await page(running).fetch("POST", bearer() | JSON, b'{"sku":"a"}')
        assert shown.status == 200
        assert methods(running) == ["POST"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://partner.example",
        "https://evilpartner.example",
        "https://a.partner.example.evil.example",
        "https://.partner.example",
        "https://evil.example/.partner.example",
        "https://evil.example#.partner.example",
        "https://A.partner.example",
        "null",
    ],
)
async def test_a_page_of_another_origin_gets_nothing(tmp_path: Path, origin: str) -> None:
    async with serving(tmp_path, with_cors()) as running:
        one = page(running, origin)
        with pytest.raises(NetworkError):
            await one.fetch("GET", bearer())
        assert [each.status for each in one.preflights] == [403]
        assert problem_of(one.preflights[0])["type"] == "urn:ostiary:problem:cors-refused"
        with pytest.raises(NetworkError):
            await page(running, origin, "/orders/v1/ping").fetch("GET", {})
        assert methods(running) == ["GET"], "a request without a preflight is sent; its answer is not shown"


async def test_a_refusal_is_shown_too(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        for fields, status in (({}, 401), (bearer(scope="none"), 403), ({"Authorization": "Bearer x"}, 401)):
            shown = await page(running).fetch("GET", fields)
            assert shown.status == status
            assert json.loads(shown.body)["status"] == status


async def test_what_is_refused_before_all_policies_is_shown_too(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors(), max_open=1) as running:
        running.pipeline.open = 1_000
        shown = await page(running, path="/orders/v1/ping").fetch("GET", {})
        assert shown.status == 503
        running.pipeline.open = 0


async def test_an_upstreams_own_word_is_taken_off(tmp_path: Path) -> None:
    async def loose(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n"
            b"Vary: Accept\r\nContent-Length: 2\r\n\r\nok"
        )
        return True

    async with serving(tmp_path, with_cors(), script=loose) as running:
        assert (await page(running, path="/orders/v1/ping").fetch("GET", {})).body == b"ok"
        answer = await page(running, path="/orders/v1/ping").send("GET", {"Origin": SHOP}, b"")
        assert answer.head.lower().count(b"access-control-allow-origin") == 1
        assert b"credentials" not in answer.head.lower()
        assert answer.head.lower().count(b"vary: ") == 2
        with pytest.raises(NetworkError):
            await page(running, "https://evil.example", "/orders/v1/ping").fetch("GET", {})


async def test_a_cache_is_told_that_answers_differ_by_origin(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        for fields in ({}, {"Origin": SHOP}, {"Origin": "https://evil.example"}):
            answer = await page(running, path="/orders/v1/ping").send("GET", fields, b"")
            assert answer.fields[b"vary"] == b"Origin"


async def test_any_origin_is_a_wildcard_and_takes_no_credentials(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors(origins=["*"])) as running:
        shown = await page(running, "https://anybody.example").fetch("GET", bearer())
        assert shown.status == 200
        with pytest.raises(NetworkError):
            await page(running, "https://anybody.example", credentials=True).fetch("GET", bearer())
        answer = await page(running, path="/orders/v1/ping").send("GET", {"Origin": SHOP}, b"")
        assert b"vary" not in answer.fields


async def test_credentials_are_for_listed_origins(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors(credentials=True)) as running:
        shown = await page(running, credentials=True).fetch("GET", bearer())
        assert shown.status == 200
        with pytest.raises(NetworkError):
            await page(running, "https://evil.example", credentials=True).fetch("GET", bearer())
    async with serving(tmp_path, with_cors()) as running:
        with pytest.raises(NetworkError, match="no credentials"):
            await page(running, credentials=True).fetch("GET", bearer())


@pytest.mark.parametrize("server", SERVERS)
async def test_it_is_the_same_behind_other_servers(tmp_path: Path, server: str) -> None:
    async with serving(tmp_path, with_cors()) as running:
        application = AsgiGateway(running.pipeline, ListenerSettings())
        async with asgi_server(server, application) as port:
            one = page(running, port=port)
            assert (await one.fetch("POST", bearer() | JSON, b'{"sku":"a"}')).status == 200
            assert (await one.fetch("GET", {})).status == 401
            with pytest.raises(NetworkError):
                await page(running, "https://evil.example", port=port).fetch("GET", bearer())
            assert [each.status for each in one.preflights] == [204]
        assert methods(running) == ["POST"]


async def test_fields_that_are_not_listed_are_not_sent(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors(headers=["X-Trace"])) as running:
        assert (await page(running).fetch("GET", bearer() | {"X-Trace": "1"})).status == 200
        with pytest.raises(NetworkError):
            await page(running).fetch("GET", bearer() | {"X-Other": "1"})
        assert methods(running) == ["GET"]


async def test_fields_that_are_not_exposed_are_not_seen(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors(expose=["X-Request-Id"])) as running:
        shown = await page(running).fetch("GET", bearer())
        assert "x-request-id" in shown.fields
        assert "ratelimit" not in shown.fields


async def test_head_is_asked_for_as_get(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        assert (await page(running).fetch("HEAD", bearer())).status == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/orders/v1/files/a", {"Origin": SHOP, "Access-Control-Request-Method": "PUT"}),  # no `cors` there
        (ORDERS, {"Origin": SHOP, "Access-Control-Request-Method": "DELETE"}),  # no such operation
        (ORDERS, {"Origin": SHOP}),
        (ORDERS, {"Access-Control-Request-Method": "GET"}),
        (ORDERS, {"Origin": SHOP, "Access-Control-Request-Method": "get"}),
    ],
    ids=str,
)
async def test_what_is_no_preflight_to_us_is_no_method_of_the_contract(
    tmp_path: Path, path: str, fields: dict[str, str]
) -> None:
    async with serving(tmp_path, with_cors()) as running:
        answer = await page(running, path=path).send("OPTIONS", fields, b"")
        assert answer.status == 405
        assert not any(name.startswith(b"access-control") for name in answer.fields)
        assert running.upstream.seen == []


async def test_off_answers_no_preflight(tmp_path: Path) -> None:
    made = [_changed(each, policies=(PolicyUse("cors", "off", {"origins": [SHOP]}),)) for each in operations()]
    async with serving(tmp_path, orders(*made)) as running:
        for path in (ORDERS, "/orders/v1/ping"):  # the second needs no token: nothing else would stop it
            fields = {"Origin": SHOP, "Access-Control-Request-Method": "GET"}
            assert (await page(running, path=path).send("OPTIONS", fields, b"")).status == 405
        assert running.upstream.seen == []


async def test_a_preflight_is_recorded_and_takes_no_quota(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        shown: Shown = await page(running).fetch("GET", bearer())
        first = shown.fields["ratelimit"]
        for _ in range(3):
            fields = {"Origin": SHOP, "Access-Control-Request-Method": "GET"}
            assert (await page(running).send("OPTIONS", fields, b"")).status == 204
        assert _left(await page(running).fetch("GET", bearer())) == _left_of(first) - 1
        lines = await running.logged(7)
        assert [line["status"] for line in lines] == [204, 200, 204, 204, 204, 204, 200]


def _left(shown: Shown) -> int:
    return _left_of(shown.fields["ratelimit"])


def _left_of(field: str) -> int:
    return int(field.partition("r=")[2].partition(";")[0])


async def test_a_body_with_a_preflight_does_no_harm(tmp_path: Path) -> None:
    async with serving(tmp_path, with_cors()) as running:
        fields = {"Origin": SHOP, "Access-Control-Request-Method": "GET"}
        assert (await page(running).send("OPTIONS", fields, b"x" * 5_000)).status == 204
