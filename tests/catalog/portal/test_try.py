"""The console's page: a form out of the contract, what came of the call, and what was typed wrong."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from catalog.portal.apis.contracts import Contracts
from contracts.diff.contract import contract_of
from contracts.problems import CONTENT_TYPE, problem
from tests.catalog.portal.entering import entered
from tests.catalog.serving import World
from tests.catalog.trying.test_console import Gateway, standing

PAGE = "/portal/apis/orders/v2/try/amendOrder"
CONTRACT = """
openapi: 3.1.0
info: { title: Orders, version: "2" }
paths:
  /orders/{order_id}:
    patch:
      operationId: amendOrder
      summary: Change an order
      parameters:
        - { name: order_id, in: path, required: true, schema: { type: integer } }
        - { name: words, in: query, schema: { type: string, maxLength: 40 } }
        - { name: Authorization, in: header, schema: { type: string } }
      requestBody:
        content:
          application/json: { schema: { type: object }, example: { note: "<script>alert(1)</script>" } }
      responses: { "200": { description: Done } }
"""


@pytest.fixture
async def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def world(tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    contract, findings = contract_of(CONTRACT)
    assert contract is not None, findings

    async def found(*_: object) -> object:
        return contract

    # The world's versions are in force without a revision.
    monkeypatch.setattr(Contracts, "of", found)
    monkeypatch.setattr(Contracts, "in_force", lambda *_: "sha256:x")
    async with standing(tmp_path, gateway) as world:
        yield world


async def test_the_form_is_the_contracts(world: World) -> None:
    async with entered(world.catalog, world.url, "pia") as browser:
        page = await browser.get(PAGE)
        form = page.form(PAGE)
        assert form.fields["p.path.order_id"] == "1"
        assert "p.query.words" in form.fields
        assert "maxLength: 40" in page.text
        assert "&lt;script&gt;" in page.html
        assert '<option value="web-shop"' in page.html
        assert 'value="others"' not in page.html
        assert page.text.count("not subscribed") == 2


async def test_the_answer_comes_with_what_was_decided(world: World, gateway: Gateway) -> None:
    refused = problem("scope-insufficient", "It takes orders:write.").body("urn:x", "subscription")
    headers = {"X-Request-Id": "r-12345678", "RateLimit": '"day";r=499;t=60', "Deprecation": "@1767225600"}
    gateway.answers = [web.Response(status=403, body=refused, content_type=CONTENT_TYPE, headers=headers)]
    async with entered(world.catalog, world.url, "pia") as browser:
        await browser.get(PAGE)
        page = await browser.send(PAGE, **{"p.path.order_id": "17", "application": "web-shop", "body": "{}"})
        assert page.status == 200
        for text in ("403", "It takes orders:write.", "by the policy subscription", "499 left", "orders:write"):
            assert text in page.text
        assert "/portal/errors?request=r-12345678" in page.html
        assert "Authorization: a token of this call alone\n\n{}</pre>" in page.html
        assert page.form(PAGE).fields["p.path.order_id"] == "17"
    assert gateway.bodies == [b"{}"]


async def test_what_was_typed_wrong_is_said_at_its_field(world: World, gateway: Gateway) -> None:
    async with entered(world.catalog, world.url, "pia") as browser:
        await browser.get(PAGE)
        page = await browser.send(
            PAGE, **{"p.path.order_id": "", "p.query.words": "kept", "application": "web-shop"}
        )
        assert page.status == 422
        assert 'id="p.path.order_id-fault"' in page.html
        assert page.form(PAGE).fields["p.query.words"] == "kept"
    assert gateway.seen == []


async def test_who_acts_for_nobody_is_told(world: World) -> None:
    async with entered(world.catalog, world.url, "sara") as browser:
        page = await browser.get(PAGE)
        assert "You act for no application" in page.text
        assert (await browser.get(PAGE.replace("amendOrder", "nothing"))).status == 404
