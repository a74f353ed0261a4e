"""As `test_agreement`, of policies that are bound where settings name them: who refuses, and what goes where."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.estates import load_estate
from catalog.explaining.asked import Asked, Caller
from catalog.explaining.walk import Walker
from policies import version_adapter
from tests.gateway.gateway_world import gateway
from tests.gateway.http_harness import SeenRequest
from tests.support.example_estate import write_example_estate
from tests.support.policy_world import NOW, claims, compact, header
from tests.support.published_estate import published

ORDER = b'{"customer_id": "c1", "lines": [{"sku": "a", "qty": 2}]}'
RULE = "claims: {partner_id: string}\nrules: [{rule: 'claims.partner_id == \"7\"'}]\n"
NEVER = 'zone: UTC\nopen: [{dates: ["2031-01-01"], from: "00:00", until: "24:00"}]\n'
RENAMED = "request: {query: {rename: {q: search}}}\n"


@dataclass(frozen=True)
class Case:
    """Settings of a policy at an operation of orders v1, a request, and what is to come of it: whether that policy
    refuses it, or what the upstream gets."""

    name: str
    policy: str
    settings: str
    method: str = "GET"
    path: str = "/orders/v1/orders"
    body: bytes = b""
    claims: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    refused: bool = False
    target: str = "/orders"
    upstream: str = "orders"


CASES = (
    Case("rule that holds", "object-rule", RULE, claims=(("partner_id", "7"),)),
    Case("rule that does not", "object-rule", RULE, claims=(("partner_id", "8"),), refused=True),
    Case("claim that is not there", "object-rule", RULE, refused=True),
    Case("closed", "hours", NEVER, refused=True),
    Case("closed, and counted", "hours", f"{NEVER}mode: report\n"),
    Case("no key", "idempotency", "required: true\n", "POST", body=ORDER, refused=True),
    Case("a key", "idempotency", "required: true\n", "POST", body=ORDER, fields=(("idempotency-key", '"k1"'),)),
    Case("changed query", "transformation", RENAMED, path="/orders/v1/orders?q=x", target="/orders?search=x"),
    Case("canary", "canary", "to: orders-next\npercent: 100\n", upstream="orders-next"),
    Case("adapted", "version-adapter", version_adapter.EXAMPLE, "POST", body=ORDER),
)


async def says_json(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """An answer of a type that contracts have."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    await writer.drain()
    return True


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_gateway_does_what_was_explained(tmp_path: Path, case: Case) -> None:
    operation = "listOrders" if case.method == "GET" else "createOrder"
    root = write_example_estate(tmp_path / "estate", case.policy, case.settings, operation, classified=False)
    estate, findings = load_estate(root)
    assert estate is not None, findings
    caller = Caller("acme-shop", "acme", frozenset({"orders:read"}), dict(case.claims))
    asked = Asked(case.method, case.path, float(NOW), caller, case.fields, case.body or None)
    walk = await Walker(estate).walk(asked)
    said = claims(client_id="acme-shop", sub="acme-shop", scope="orders:read", **dict(case.claims))
    fields: dict[str, Any] = {name.replace("-", "_"): value for name, value in case.fields}
    if case.body:
        fields["content_type"] = "application/json"
    async with gateway(tmp_path, says_json) as world:
        url = f"http://127.0.0.1:{world.upstream.port}"  # both are one server, told apart by their paths
        world.adopt(published(estate, {name: f"{url}/{name}" for name in ("orders", "orders-next")}))
        await world.ask(case.method, case.path, case.body, bearer=compact(header(), said), **fields)
        (line,) = await world.logged()
        seen = world.upstream.seen
    assert (line["decision"] == "refused") == walk.refused == case.refused, line
    reported = [step.policy for step in walk.steps if step.decision == "would refuse"]
    assert reported == [each for each in line.get("would_refuse", []) if each != "response-schema"]
    if case.refused:
        assert line["policy"] == walk.steps[-1].policy == case.policy
        assert seen == []
        return
    (request,) = seen
    assert walk.destination is not None
    assert request.line.decode() == f"{walk.destination.method} /{case.upstream}{case.target} HTTP/1.1"
    assert walk.destination.upstream == case.upstream
    assert walk.destination.where.endswith(case.target)
