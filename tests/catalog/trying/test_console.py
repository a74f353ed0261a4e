"""Trying an operation: who may, which token the gateway gets, what is bounded, and what is audited."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from catalog.audit.log import Filter
from catalog.publishing.compilation import Compilation
from catalog.trying.sending import MAX_ANSWER
from contracts.access import Application, Subscription
from contracts.base64url import base64url
from contracts.estate_files import ConsumerEntry, ConsumersFile, TeamEntry, TeamsFile
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.snapshot import ContractsPart
from tests.catalog.admin import TEAMS, AdminClient, Reply, company, member
from tests.catalog.serving import AUDIENCE, WEB_SHOP, World, serving
from tests.catalog.trying.test_building import ORDER

PATH = "/apis/orders/versions/v2/operations/amendOrder/trials"
OPEN = Operation("open", "GET", "/open", "", HttpBackend("odoo"), public=True)
AMEND = Operation(
    "amendOrder",
    "PATCH",
    ORDER.path,
    "",
    ORDER.backend,
    (("orders:write",),),
    parameters=ORDER.parameters,
    body=ORDER.body,
)
VERSION = ApiVersion("orders", "v2", "Orders", "sales", "/orders/v2", "sha256:0", (AMEND, OPEN))
BOUND = Application("bound", "Bound", "acme", WEB_SHOP.subscriptions, oauth=OAuthSettings(constraint="dpop"))
CERTIFIED = Application("certified", "Certified", "acme", (), oauth=OAuthSettings(constraint="mtls"))
OTHERS = Application("others", "Others", "bi-firm", (Subscription("orders", "v2", "small", ("orders:read",)),))
UNSUBSCRIBED = Application("unsubscribed", "Unsubscribed", "acme", ())


class Gateway:
    """In a gateway's place: it answers what it is told to, and keeps what came."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.answers: list[web.Response] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        self.bodies.append(await request.read())
        return self.answers.pop(0) if self.answers else web.json_response({"id": 17})

    @property
    def claims(self) -> dict[str, Any]:
        token = self.seen[-1].headers["authorization"].partition(" ")[2]
        return jwt.decode(token, options={"verify_signature": False})


@asynccontextmanager
async def standing(directory: Path, gateway: Gateway) -> AsyncIterator[World]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", gateway.handle)
    server = TestServer(application)
    await server.start_server()
    partners = TeamEntry("Partners", "p@example.com", {"pia": member("pia", "partner-developer")})
    estate = company(
        TeamsFile({**TEAMS.teams, "partners": partners}),
        consumers=ConsumersFile({"acme": ConsumerEntry("Acme", "a@acme.example", {}, "partners")}),
    )
    applications = (BOUND, CERTIFIED, OTHERS, UNSUBSCRIBED, WEB_SHOP)
    compiled = Compilation((), ContractsPart(AUDIENCE, (), (), (VERSION,)), applications, estate)
    async with serving(directory, compiled=compiled, try_url=str(server.make_url("")).rstrip("/")) as world:
        yield world
    await server.close()


@pytest.fixture
async def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def world(tmp_path: Path, gateway: Gateway) -> AsyncIterator[World]:
    async with standing(tmp_path, gateway) as world:
        yield world


async def attempt(world: World, who: str = "pia", application: str | None = "web-shop", **more: Any) -> Reply:
    body = {"parameters": {"path": {"order_id": "17"}}, **more}
    return await AdminClient(world)(
        who, "POST", PATH, body if application is None else {**body, "application": application}
    )


async def test_the_gateway_gets_the_call_with_a_token_for_it_alone(world: World, gateway: Gateway) -> None:
    reply = await attempt(world, body='{"a":1}')
    assert (reply.status, reply.body["status"], reply.body["body"]) == (200, 200, '{"id": 17}')
    (request,) = gateway.seen
    assert (request.method, request.raw_path, gateway.bodies) == ("PATCH", "/orders/v2/orders/17", [b'{"a":1}'])
    claims = gateway.claims
    assert (claims["client_id"], claims["scope"], claims["act"]) == ("web-shop", "orders:write", {"sub": "pia"})
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (AUDIENCE + "/orders/v2", 60)
    assert request.headers["authorization"].partition(" ")[2] not in str(reply.body)
    assert reply.body["scopes"] == ["orders:write"]
    (entry,) = [each async for each in world.audit.entries(Filter(subject="trial"))]
    assert (entry.event.actor, entry.event.object) == ("pia", "web-shop/orders/v2/amendOrder")


async def test_without_an_application_there_is_no_token(world: World, gateway: Gateway) -> None:
    assert (await attempt(world, "sara", None)).body["status"] == 200
    assert "authorization" not in gateway.seen[0].headers


@pytest.mark.parametrize(("who", "application"), [("pia", "others"), ("sara", "web-shop"), ("pia", "nobody")])
async def test_only_for_an_application_of_ones_own(
    world: World, gateway: Gateway, who: str, application: str
) -> None:
    reply = await attempt(world, who, application)
    assert (reply.status, gateway.seen) == (404, [])


async def test_who_is_not_subscribed_sees_what_the_gateway_says(world: World, gateway: Gateway) -> None:
    assert (await attempt(world, application="unsubscribed")).body["scopes"] == []
    assert (gateway.claims["scope"], gateway.claims["aud"]) == ("", AUDIENCE)


async def test_a_bound_token_comes_with_its_proof_and_a_nonce(world: World, gateway: Gateway) -> None:
    gateway.answers = [web.Response(status=401, headers={"DPoP-Nonce": "n-1"})]
    assert (await attempt(world, application="bound")).body["status"] == 200
    first, second = (
        jwt.decode(each.headers["dpop"], options={"verify_signature": False}) for each in gateway.seen
    )
    assert ("nonce" in first, second["nonce"]) == (False, "n-1")
    scheme, _, token = gateway.seen[1].headers["authorization"].partition(" ")
    assert (scheme, second["htm"], second["htu"]) == ("DPoP", "PATCH", AUDIENCE + "/orders/v2/orders/17")
    assert second["ath"] == base64url(hashlib.sha256(token.encode()).digest())
    header = jwt.get_unverified_header(gateway.seen[1].headers["dpop"])
    assert header["typ"] == "dpop+jwt"
    assert gateway.claims["cnf"]["jkt"]


async def test_what_needs_a_certificate_is_not_tried(world: World, gateway: Gateway) -> None:
    reply = await attempt(world, application="certified")
    assert (reply.status, reply.body["type"], gateway.seen) == (409, "urn:ostiary:problem:trial-unavailable", [])


async def test_what_was_typed_wrong_is_said_where(world: World, gateway: Gateway) -> None:
    reply = await attempt(world, parameters={"header": {"Authorization": "Bearer x"}})
    assert (reply.status, gateway.seen) == (422, [])
    assert {each["pointer"] for each in reply.body["violations"]} == {
        "/parameters/header/Authorization",
        "/parameters/path/order_id",
    }


async def test_a_redirect_is_shown_and_not_followed(world: World, gateway: Gateway) -> None:
    gateway.answers = [web.Response(status=302, headers={"Location": "http://169.254.169.254/"})]
    assert (await attempt(world)).body["status"] == 302
    assert len(gateway.seen) == 1


async def test_a_long_answer_is_cut(world: World, gateway: Gateway) -> None:
    gateway.answers = [web.Response(body=b"x" * (MAX_ANSWER + 1))]
    found = (await attempt(world)).body
    assert (len(found["body"]), found["whole"]) == (MAX_ANSWER, False)


async def test_a_gateway_that_breaks_off_is_no_fault_of_the_catalog(world: World, gateway: Gateway) -> None:
    class Breaking(web.Response):
        async def prepare(self, request: web.BaseRequest) -> Any:
            assert request.transport is not None
            request.transport.abort()
            return await super().prepare(request)

    gateway.answers = [Breaking()]
    found = (await attempt(world)).body
    assert found["status"] is None
    assert "could not be reached" in found["failure"]


async def test_there_has_to_be_such_an_operation(world: World) -> None:
    client = AdminClient(world)
    for path in (PATH.replace("amendOrder", "nothing"), PATH.replace("v2", "v3")):
        assert (await client("pia", "POST", path, {})).status == 404
