"""People and applications at the authorisation endpoint, for the tests of several RFCs."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from starlette.requests import Request

from catalog.login import cookies
from catalog.publishing.compilation import Compilation
from contracts.access import Application, Subscription
from contracts.estate_files import ConsumerEntry, ConsumersFile, EstateFile, PlanEntry, TeamsFile
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.snapshot import ContractsPart, Plan
from tests.catalog.admin import TEAMS, company
from tests.catalog.browser import Browser, Page
from tests.catalog.serving import AUDIENCE, WEB_SHOP, World, serving
from tests.conformance.oauth.tokens import FORM, Answer, post

CALLBACK = "https://planner.example/callback"
LOOPBACK = "http://127.0.0.1/callback"
PRIVATE = "com.example.notes:/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

_SUBSCRIPTIONS = (
    Subscription("orders", "v2", "standard", ("orders:read", "orders:write")),
    Subscription("partners", "v1", "standard", ("partners:read",)),
)
PLANNER = Application(
    "planner",
    "Planner",
    "acme",
    _SUBSCRIPTIONS,
    oauth=OAuthSettings(
        grants=("authorization_code", "refresh_token", "client_credentials"),
        redirect_uris=(CALLBACK, CALLBACK + "?tenant=1"),
    ),
)
"""A partner's web application."""
NOTES = Application(
    "notes",
    "Notes",
    "acme",
    _SUBSCRIPTIONS,
    oauth=OAuthSettings(
        auth_methods=("none",),
        grants=("authorization_code", "refresh_token"),
        redirect_uris=(LOOPBACK, PRIVATE, "https://notes.example/callback"),
    ),
)
"""A public client on people's own devices."""
VAULT = Application(
    "vault",
    "Vault",
    "acme",
    _SUBSCRIPTIONS,
    oauth=OAuthSettings(
        auth_methods=("client_secret_post",),
        grants=("authorization_code",),
        redirect_uris=("https://vault.example/callback",),
        profile="fapi-2",
    ),
)
"""Of the profile by which requests are pushed. (An estate's check would not let it have a secret.)"""

APPLICATIONS = (WEB_SHOP, PLANNER, NOTES, VAULT)


def _version(api: str, name: str, *scopes: str) -> ApiVersion:
    backend = HttpBackend("erp")
    operations = tuple(
        Operation(f"op{number}", "GET", f"/{number}", f"/paths/~1{number}/get", backend, scopes=((scope,),))
        for number, scope in enumerate(scopes, 1)
    )
    return ApiVersion(api, name, api.title(), "sales", f"/{api}/{name}", "sha256:0", operations)


CONTRACTS = ContractsPart(
    AUDIENCE,
    (),
    (Plan("standard", ()),),
    (_version("orders", "v2", "orders:read", "orders:write"), _version("partners", "v1", "partners:read")),
)
_FILE = EstateFile("test", {}, {"standard": PlanEntry({"burst": "10/second"})})
_CONSUMERS = ConsumersFile({"acme": ConsumerEntry("Acme Ltd", "it@acme.example")})


def compilation(*applications: Application, teams: TeamsFile = TEAMS) -> Compilation:
    """What the estate compiles to, with these applications or with all of them."""
    estate = company(teams, file=_FILE, consumers=_CONSUMERS)
    return Compilation((), CONTRACTS, applications or APPLICATIONS, estate)


@asynccontextmanager
async def people_world(directory: Path, **options: Any) -> AsyncIterator[World]:
    """A catalog with a company's people and these applications."""
    async with serving(directory, compiled=compilation(), **options) as world:
        yield world


async def logged_in(world: World, browser: Browser, member: str = "anna", *methods: str) -> None:
    """The browser gets a session of the member's, as after a log-in."""
    request = Request({"type": "http", "method": "GET", "headers": [], "state": {"request_id": "r-1"}})
    async with world.store.write() as connection:
        begun = await world.catalog.login.sessions.begin(
            connection, member, methods or ("pwd",), request, "192.0.2.1"
        )
    assert begun is not None
    browser.plant(cookies.SESSION, begun.cookie)


@dataclass(frozen=True)
class Asking:
    """What an application sends people with. `more` adds parameters, and takes away those that are None."""

    client_id: str = "planner"
    redirect_uri: str = CALLBACK
    scope: str = "orders:read"

    def parameters(self, **more: str | None) -> dict[str, str]:
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "st4te",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def path(self, **more: str | None) -> str:
        return "/oauth/authorize?" + urlencode(self.parameters(**more))

    async def go(self, browser: Browser, **more: str | None) -> Page:
        """The browser comes with the request, and stops at the first answer."""
        return await browser.get(self.path(**more), follow=False)

    async def allowed(self, browser: Browser, **more: str | None) -> Page:
        """The person allows it, if asked; the answer that goes to the application."""
        page = await self.go(browser, **more)
        if page.status == 200:
            page = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
        return page

    async def code(self, browser: Browser, **more: str | None) -> str:
        """The code that the application gets."""
        return answer_of(await self.allowed(browser, **more))["code"]


ASKING = Asking()
ON_DEVICE = replace(ASKING, client_id="notes", redirect_uri="https://notes.example/callback")


def answer_of(page: Page) -> dict[str, str]:
    """What the redirect tells the application."""
    assert page.status == 303, (page.status, page.text)
    query = parse_qs(urlsplit(page.headers["location"]).query, strict_parsing=True)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}


def target_of(page: Page) -> str:
    """Where the redirect leads, without what it tells."""
    return page.headers["location"].partition("?")[0]


async def push(
    world: World,
    secret: str | None,
    *,
    asking: Asking = ASKING,
    headers: tuple[tuple[str, str], ...] = (),
    **more: str | None,
) -> Answer:
    """A client pushes its request."""
    fields = [("Content-Type", FORM), *headers]
    if secret is not None:
        fields.append(("Authorization", aiohttp.encode_basic_auth(asking.client_id, secret)))
    data = urlencode(asking.parameters(**more))
    async with world.session.post(world.url + "/oauth/par", data=data, headers=fields) as response:
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found, await response.json(content_type=None))


async def redeem(
    world: World,
    code: str,
    secret: str | None = None,
    /,
    *,
    asking: Asking = ASKING,
    headers: list[tuple[str, str]] | None = None,
    **more: str | None,
) -> Answer:
    """A token request with the code; of a public client without a `secret`."""
    parameters: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": asking.redirect_uri,
        "code_verifier": VERIFIER,
        "client_id": asking.client_id,
        **more,
    }
    return await token(world, asking.client_id, secret, parameters, headers)


async def refresh(
    world: World,
    refresh_token: str,
    secret: str | None = None,
    /,
    *,
    client_id: str = "notes",
    headers: list[tuple[str, str]] | None = None,
    **more: str | None,
) -> Answer:
    """A token request with the refresh token."""
    parameters = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id, **more}
    return await token(world, client_id, secret, parameters, headers)


async def token(
    world: World,
    client_id: str,
    secret: str | None,
    parameters: dict[str, str | None],
    headers: list[tuple[str, str]] | None = None,
) -> Answer:
    body = urlencode({name: value for name, value in parameters.items() if value is not None})
    basic = None if secret is None else (client_id, secret)
    return await post(world, body, basic=basic, headers=headers or ())


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
