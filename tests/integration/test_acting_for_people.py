"""A client that registered itself acts for a member at a real gateway, until consent and client are ended."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from catalog.demo.tour import fetch
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD
from tests.catalog.processes import ostiary
from tests.conformance.oauth.authorizing import CHALLENGE, VERIFIER
from tests.integration.test_revocation import status
from tests.integration.test_revocation import world as world
from tests.integration.test_snapshots_in_force import Stack, until

CALLBACK = "https://labels.aurora.example/callback"
GRANT = "shipments/v1/partner=shipments:read"
pytestmark = pytest.mark.xdist_group("stack")


def token_of(world: Stack, member: str) -> str:
    data = str(world.running.data / "catalog")
    issued = ostiary("catalog", "member-token", member, "--data", data, "--estate", str(world.estate))
    assert issued.returncode == 0, issued.stderr
    return issued.stdout.strip()


def guard(world: Stack, *arguments: str) -> Any:
    """What a command prints that is called by Ruth, a security member."""
    settings = {"OSTIARY_CATALOG_URL": world.running.catalog_url, "OSTIARY_TOKEN": token_of(world, "ruth")}
    done = ostiary(*arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def registered(world: Stack) -> dict[str, Any]:
    """A client that Jonas answers for and Ruth approves."""
    metadata = {
        "client_name": "Label printer",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    }
    headers = {"Authorization": f"Bearer {token_of(world, 'jonas')}", "Content-Type": "application/json"}
    url = world.running.catalog_url + "/oauth/register"
    answer = fetch(url, method="POST", headers=headers, body=json.dumps(metadata).encode())
    assert answer.status == 201, answer.body
    made: dict[str, Any] = json.loads(answer.body)
    arguments = ("--consumer", "aurora", "--grant", GRANT, "--reason", "labels")
    guard(world, "registrations", "approve", made["client_id"], *arguments)
    return made


def tokens(world: Stack, client: dict[str, Any], **form: str) -> dict[str, Any]:
    given = {**form, "client_id": client["client_id"], "client_secret": client["client_secret"]}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = world.running.catalog_url + "/oauth/token"
    answer = fetch(url, method="POST", headers=headers, body=urlencode(given).encode())
    assert answer.status == 200, answer.body
    body: dict[str, Any] = json.loads(answer.body)
    return body


async def allowed_by_ines(world: Stack, client_id: str) -> str:
    """She sets her password, logs in, and allows the client; the code that it gets."""
    code = (await asyncio.to_thread(guard, world, "accounts", "invite", "ines"))["code"]
    browser = Browser(world.running.catalog_url)
    await browser.get("/login/invitation")
    await browser.send("/login/invitation", name="ines", code=code, password=PASSWORD, again=PASSWORD)
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page = await browser.get(f"/oauth/authorize?{urlencode(asked)}")
    assert ("Label printer" in page.text, "Aurora Web Shop" in page.text) == (True, True), page.text
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    await browser.close()
    [code] = parse_qs(urlsplit(answered.headers["location"]).query)["code"]
    return code


async def test_a_member_lets_a_registered_client_act_and_ends_it(world: Stack) -> None:
    client = await asyncio.to_thread(registered, world)
    code = await allowed_by_ines(world, client["client_id"])
    redeemed = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    given = await asyncio.to_thread(lambda: tokens(world, client, code=code, **redeemed))
    assert given["scope"] == "shipments:read"
    hers = given["access_token"]
    own = (await asyncio.to_thread(lambda: tokens(world, client, grant_type="client_credentials")))["access_token"]
    for token in (hers, own):
        await until(lambda token=token: status(world, token) == 200, "the gateway does not know the client")  # type: ignore[misc]
    [consent] = await asyncio.to_thread(guard, world, "consents", "list", "--member", "ines")
    await asyncio.to_thread(guard, world, "consents", "withdraw", consent["id"], "--reason", "a test")
    await until(lambda: all(status(world, hers) == 401 for _ in range(6)), "her token is still good")
    assert await asyncio.to_thread(status, world, own) == 200, "what is not hers has ended too"
    await asyncio.to_thread(guard, world, "registrations", "end", client["client_id"], "--reason", "a test")
    await until(lambda: all(status(world, own) == 401 for _ in range(6)), "the client's token is still good")
    secrets = (
        code,
        given["refresh_token"],
        client["client_secret"],
        client["registration_access_token"],
        PASSWORD,
    )
    written = [path for path in (*world.running.data.rglob("*"), *world.members.logs.iterdir()) if path.is_file()]
    texts = [path.read_bytes() for path in written]
    assert not any(secret.encode() in text for secret in secrets for text in texts), "a secret was written down"
