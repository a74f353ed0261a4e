"""An adapter before the Odoo stand-in, in each dialect and version, and before a scripted server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
import pytest

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from contracts.operations import ApiVersion, OdooBackend, OdooField, OdooFilter, Operation
from contracts.problems import Problem
from contracts.snapshot import Timeouts, Upstream
from gateway.pipeline import Tracer
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.answer import Answer
from policies.exchange import Exchange, Principal

KEY = "a-key-for-tests-only"

LINES = OdooField(
    "lines",
    "order_line",
    "records",
    model="sale.order.line",
    fields=(
        OdooField("id", "id", "integer", writable=False),
        OdooField("product", "product_id", "reference-id"),
        OdooField("quantity", "product_uom_qty", "number"),
        OdooField("amount", "price_subtotal", "number", writable=False),
    ),
)
ORDER_FIELDS = (
    OdooField("id", "id", "integer", writable=False),
    OdooField("number", "name", "text", writable=False),
    OdooField("status", "state", "text", writable=False),
    OdooField("customer", "partner_id", "reference"),
    OdooField("customer_name", "partner_id", "reference-name", writable=False),
    OdooField("reference", "client_order_ref", "text"),
    OdooField("ordered_at", "date_order", "datetime"),
    OdooField("deliver_at", "commitment_date", "datetime"),
    OdooField("valid_until", "validity_date", "date"),
    OdooField("total", "amount_total", "number", writable=False),
    OdooField("line_ids", "order_line", "ids", writable=False),
    LINES,
)
ORDERS = OdooBackend(
    upstream="erp",
    model="sale.order",
    action="list",
    fields=ORDER_FIELDS,
    id_parameter="order_id",
    filters=(
        OdooFilter("status", "state", "=", "text"),
        OdooFilter("statuses", "state", "in", "text"),
        OdooFilter("customer", "partner_id", "=", "reference"),
        OdooFilter("ordered", "date_order", ">=", "datetime", property="from"),
        OdooFilter("ordered", "date_order", "<", "datetime", property="to"),
    ),
    order="date_order desc",
    sort_parameter="sort",
    sort_fields=(("number", "name"), ("ordered_at", "date_order")),
    limit_parameter="limit",
    offset_parameter="offset",
    default_limit=5,
    maximum_limit=20,
    item_property="data",
    total_property="total",
)


def orders(action: str, **changes: Any) -> OdooBackend:
    """The orders' mapping for another action."""
    return msgspec.structs.replace(ORDERS, action=action, **changes)


@dataclass
class Rig:
    """An adapter, and the calls that reached its upstream through `call`."""

    adapter: OdooAdapter
    upstream: Upstream

    async def call(
        self,
        backend: OdooBackend,
        *,
        path: dict[str, Any] | None = None,
        query: dict[str, Any] | None = None,
        body: Any = None,
        fields: dict[bytes, bytes] | None = None,
        tracer: Tracer | None = None,
        principal: Principal | None = None,
    ) -> Answer | Problem:
        exchange = Exchange("GET", b"/orders/v2/orders", [], fields or {}, "127.0.0.1")
        exchange.request_id = "request-of-a-test"
        if tracer is not None:
            tracer.start(exchange)
        exchange.path = "/orders/v2/orders"
        item = orders("get", etag="none" if backend.etag == "none" else "offered")
        path_here = "/orders" if backend.action in ("list", "create") else "/orders/{order_id}"
        exchange.operation = Operation("here", "POST", path_here, "", backend)
        exchange.version = ApiVersion(
            "orders",
            "v2",
            "Orders",
            "sales",
            "/orders/v2",
            "0",
            (exchange.operation, Operation("getOrder", "GET", "/orders/{order_id}", "", item)),
        )
        exchange.parameters = {"path": path or {}, "query": query or {}}
        exchange.body_value = body
        exchange.principal = principal
        return await self.adapter.call(exchange, backend)

    async def ok(self, backend: OdooBackend, **request: Any) -> Any:
        """The decoded body of an answer that must be one."""
        answer = await self.call(backend, **request)
        assert isinstance(answer, Answer), answer
        return json.loads(answer.body)


@pytest.fixture
def make_upstream() -> Callable[..., Upstream]:
    def make(url: str, **changes: Any) -> Upstream:
        base = Upstream("erp", "odoo", url, connections=4, database="odoo19", login="admin")
        return msgspec.structs.replace(base, **changes)

    return make


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture(
    params=["json2 on 19.0", "jsonrpc on 19.0", "jsonrpc on 18.0", "jsonrpc on 17.0", "xmlrpc on 17.0"]
)
async def odoo(
    request: pytest.FixtureRequest, make_upstream: Callable[..., Upstream], session: aiohttp.ClientSession
) -> AsyncIterator[Rig]:
    """The adapter before the stand-in; tests that ask for it run in every dialect."""
    protocol, _, version = request.param.partition(" on ")
    async with serve(Settings(version=version, api_keys=(ApiKey(KEY, "admin"),))) as url:
        upstream = make_upstream(url, protocol=protocol)
        yield Rig(OdooAdapter(upstream, session, KEY), upstream)


Script = Callable[[bytes, bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Scripted:
    """A server that reads each request whole and does with it what a test says."""

    url: str
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[[Script], Awaitable[Scripted]]]:
    """Starts a scripted server: `script(head, body, writer)` is called for each request."""
    servers: list[asyncio.Server] = []
    open_writers: set[asyncio.StreamWriter] = set()

    async def start(script: Script) -> Scripted:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_writers.add(writer)
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                body = await reader.readexactly(length)
                server.requests.append((head, body))
                await script(head, body, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                open_writers.discard(writer)
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

        listening = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(listening)
        server = Scripted(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        return server

    yield start
    for listening in servers:
        listening.close()
    for writer in list(open_writers):
        writer.close()
    for listening in servers:
        await listening.wait_closed()


@pytest.fixture
def rig(make_upstream: Callable[..., Upstream], session: aiohttp.ClientSession) -> Callable[..., Rig]:
    """An adapter for a URL; times are in seconds and short where a test waits for one to pass."""

    def make(url: str, *, secret: str = KEY, times: Timeouts | None = None, **changes: Any) -> Rig:
        upstream = make_upstream(url, timeouts=times or Timeouts(), **changes)
        return Rig(OdooAdapter(upstream, session, secret), upstream)

    return make


@pytest.fixture
def mapping() -> Callable[..., OdooBackend]:
    return orders
