"""Object rules and networks through a real listener: who is let through, and the upstream sees nobody else."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from contracts.operations import HttpBackend, MediaType, Operation, Parameter, RequestBody
from contracts.policy_settings import Mode, PolicyUse
from tests.gateway.gateway_world import ORDER_SCHEMA, Gateway, gateway, orders, problem_of, snapshot, token
from tests.gateway.http_harness import PATIENCE
from tests.gateway.odoo_pair import NEW_ORDER, mediating, odoo
from tests.gateway.websocket_world import feed, websocket, websocket_gateway
from tests.support.policy_world import NOW

RULE = "claims.partner_id == path.partner_id"


def use(policy: str, mode: Mode | None = None, **settings: Any) -> PolicyUse:
    return PolicyUse(policy, mode, settings)


def rules(*texts: str, mode: Mode | None = None) -> PolicyUse:
    return use("object-rule", mode, rules=[{"rule": text, "message": "Not yours."} for text in texts])


def of_partner(*policies: PolicyUse, method: str = "GET", **changes: Any) -> Operation:
    members: dict[str, Any] = {
        "id": "partnerOrders",
        "method": method,
        "path": "/partners/{partner_id}/orders",
        "pointer": "/paths/~1partners/get",
        "backend": HttpBackend("shop"),
        "scopes": (("orders:read",),),
        "parameters": (Parameter("partner_id", "path", "simple", False, {"type": "string"}, required=True),),
        "policies": policies,
    }
    return Operation(**{**members, **changes})


def with_body(*policies: PolicyUse, required: bool = True, **content: Any) -> Operation:
    media = tuple(MediaType(name.replace("_", "/"), schema) for name, schema in content.items())
    body = RequestBody(required, media or (MediaType("application/json", ORDER_SCHEMA),))
    return of_partner(*policies, method="POST", body=body)


def sent(running: Gateway) -> int:
    return len(running.upstream.seen)


async def test_a_partner_sees_what_is_its_own_and_nothing_else(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(snapshot(orders(of_partner(rules(RULE))), serial=2, port=running.upstream.port))
        own = await running.ask("GET", "/orders/v1/partners/7/orders", bearer=token(partner_id="7"))
        assert own.status == 200
        seen = sent(running)
        other = await running.ask("GET", "/orders/v1/partners/8/orders", bearer=token(partner_id="7"))
        assert problem_of(other) | {"instance": ""} == {
            "type": "urn:ostiary:problem:object-rule-denied",
            "title": "Denied by a rule",
            "status": 403,
            "detail": "Not yours.",
            "instance": "",
            "policy": "object-rule",
            "decided": True,
        }
        nobody = await running.ask("GET", "/orders/v1/partners/7/orders")
        assert problem_of(nobody)["decided"] is False
        number = await running.ask("GET", "/orders/v1/partners/7/orders", bearer=token(partner_id=7))
        assert number.status == 403
        assert sent(running) == seen
        assert [line.get("policy") for line in await running.logged(4)] == [None, *["object-rule"] * 3]


async def test_a_rule_about_the_body_sees_what_the_upstream_gets(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        made = with_body(rules("body.quantity <= 10"))
        running.adopt(snapshot(orders(made), serial=2, port=running.upstream.port))

        async def post(body: bytes) -> int:
            fields = {"content_type": "application/json"}
            return (await running.ask("POST", "/orders/v1/partners/7/orders", body, **fields)).status

        assert await post(b'{"sku":"a","quantity":10}') == 200
        seen = sent(running)
        assert await post(b'{"sku":"a","quantity":11}') == 403
        assert await post(b'{"sku":"a"}') == 403
        assert await post(b'{"sku":"a","quantity":9,"quantity":11}') == 400
        assert sent(running) == seen


async def test_a_body_that_a_rule_cannot_read_is_no_way_round_it(tmp_path: Path) -> None:
    """What would be let through without the body must not be, where a body of another type comes."""
    made = with_body(rules("!has(body.quantity)"), required=False, application_json=ORDER_SCHEMA, text_csv=True)
    async with gateway(tmp_path) as running:
        running.adopt(snapshot(orders(made), serial=2, port=running.upstream.port))
        path = "/orders/v1/partners/7/orders"
        assert (await running.ask("POST", path)).status == 200
        seen = sent(running)
        refused = await running.ask("POST", path, b"sku,quantity\r\na,1000\r\n", content_type="text/csv")
        assert problem_of(refused)["decided"] is False
        assert sent(running) == seen


async def test_a_rule_holds_before_an_odoo_too(tmp_path: Path) -> None:
    async with odoo() as erp, mediating(tmp_path, erp, erp, rules("method != 'POST'")) as running:
        listed = await running.ask("GET", "/orders/v1/orders", bearer=None)
        fields = {"content_type": "application/json"}
        refused = await running.ask("POST", "/orders/v1/orders", NEW_ORDER, bearer=None, **fields)
        assert problem_of(refused)["type"] == "urn:ostiary:problem:object-rule-denied"
        again = await running.ask("GET", "/orders/v1/orders", bearer=None)
        assert (listed.status, json.loads(again.body)) == (200, json.loads(listed.body))


async def test_in_report_mode_it_is_noted_and_let_through(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        made = of_partner(rules(RULE, mode="report"))
        running.adopt(snapshot(orders(made), serial=2, port=running.upstream.port))
        answer = await running.ask("GET", "/orders/v1/partners/8/orders", bearer=token(partner_id="7"))
        assert answer.status == 200
        (line,) = await running.logged(1)
        assert line["would_refuse"] == ["object-rule"]


@pytest.mark.parametrize(
    "text", ["claims.partner_id ==", "nobody.knows == 1", "path.partner_id.matches(claims.p)"]
)
async def test_a_rule_that_cannot_be_held_keeps_its_version_out(tmp_path: Path, text: str) -> None:
    async with gateway(tmp_path) as running:
        broken = orders(of_partner(rules(text)), api="broken", base_path="/broken/v1")
        running.adopt(snapshot(orders(), broken, serial=2, port=running.upstream.port))
        runtime = running.pipeline.runtime
        assert runtime is not None
        assert list(runtime.rejected) == ["broken/v1"]
        assert (await running.ask("GET", "/broken/v1/partners/7/orders")).status == 404
        assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200


async def test_an_address_of_another_network_gets_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        made = (
            of_partner(use("network", allow=["192.0.2.0/24"])),
            of_partner(use("network", allow=["127.0.0.0/8"]), id="listed", path="/listed/{partner_id}"),
            of_partner(
                use("network", **{"by-consumer": {"acme": {"deny": ["127.0.0.1"]}}}),
                id="own",
                path="/own/{partner_id}",
            ),
        )
        running.adopt(snapshot(orders(*made), serial=2, port=running.upstream.port))
        refused = await running.ask("GET", "/orders/v1/partners/7/orders")
        assert problem_of(refused)["type"] == "urn:ostiary:problem:network-denied"
        assert b"127.0.0.1" not in refused.body
        assert (await running.ask("GET", "/orders/v1/own/7")).status == 403
        assert sent(running) == 0
        assert (await running.ask("GET", "/orders/v1/listed/7")).status == 200
        stranger = await running.ask("GET", "/orders/v1/partners/7/orders", bearer=None)
        assert stranger.status == 401


async def test_an_operation_is_closed_until_it_opens(tmp_path: Path) -> None:
    now = [float(NOW)]  # a Friday, 08:00 in UTC
    made = of_partner(use("hours", open=[{"days": ["fri"], "from": "09:00"}]))
    async with gateway(tmp_path, clock=lambda: now[0]) as running:
        running.adopt(snapshot(orders(made), serial=2, port=running.upstream.port))
        path = "/orders/v1/partners/7/orders"
        closed = await running.ask("GET", path)
        assert problem_of(closed)["type"] == "urn:ostiary:problem:outside-hours"
        assert (closed.status, closed.fields[b"retry-after"]) == (503, b"3601")
        assert sent(running) == 0
        now[0] += 3_600
        good = token(iat=int(now[0]), exp=int(now[0]) + 60)
        assert (await running.ask("GET", path, bearer=good)).status == 200


@pytest.mark.parametrize(
    "policy",
    [use("hours", open=[{"until": "09:00"}]), rules("now < timestamp('2027-01-15T09:00:00Z') && query.since < 9")],
    ids=lambda each: each.policy,
)
async def test_what_lasts_ends_at_closing_time(tmp_path: Path, policy: PolicyUse) -> None:
    now = [float(NOW)]
    async with websocket_gateway(tmp_path, clock=lambda: now[0]) as (running, server):
        running.adopt(snapshot(orders(feed(policies=(policy,))), serial=2, port=server.port))
        good = token(exp=NOW + 86_400)
        async with websocket(running.port, "/orders/v1/feed?since=3", bearer=good) as socket:
            await socket.send_str("a")
            assert await socket.receive_str(timeout=PATIENCE) == "a"
            now[0] += 3_600
            assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSED
