"""Sandbox and production: other issuers, other keys, other prefixes; and what is of one never opens the other."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.credentials.credential import GATEWAY_KINDS
from catalog.oauth.token_client import TokenError, request_token
from contracts.secret_text import parse
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.api.admin.test_admin_credentials import GUARD, issued
from tests.catalog.serving import World, serving


async def staffed(world: World) -> AdminClient:
    world.compiled = compiled(company())
    await world.publisher.publish()
    return AdminClient(world)


def published(world: World) -> Any:
    assert world.publisher.current is not None
    return world.publisher.current


def header(token: str) -> dict[str, str]:
    return dict(msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[0] + "==")))


async def test_each_has_its_issuer_its_keys_and_its_prefix(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "sandbox", environment="sandbox") as sandbox,
        serving(tmp_path / "production", environment="live") as production,
    ):
        made = await issued(await staffed(sandbox))
        await staffed(production)
        assert made["secret"].startswith("ost_sandbox_")
        assert made["credential"]["environment"] == "sandbox"
        token = str((await request_token(sandbox.url, "web-shop", made["secret"]))["access_token"])
        assert sandbox.url != production.url
        assert header(token)["kid"] in published(sandbox).signing_keys
        assert header(token)["kid"] not in published(production).signing_keys
        for name in ("pepper", "key_pepper", "gateway_token"):
            assert getattr(sandbox.keys, name) != getattr(production.keys, name), name


@pytest.mark.parametrize("kind", ["client-secret", "api-key", "hmac-key", "member-token"])
async def test_not_even_over_one_store_with_the_same_keys_does_one_open_the_other(
    tmp_path: Path, kind: str
) -> None:
    """As where a copy of the sandbox's data was brought up as production."""
    async with serving(tmp_path, environment="sandbox") as sandbox:
        admin = await staffed(sandbox)
        if kind == "member-token":
            text = await admin.token(GUARD)
        else:
            text = (await issued(admin, kind=kind))["secret"]
        if kind in GATEWAY_KINDS:
            assert len(published(sandbox).applications["web-shop"].keys) == 1
    found = parse(text)
    assert found is not None
    assert found.environment == "sandbox"
    async with serving(tmp_path, environment="live") as production:
        await staffed(production)
        if kind == "client-secret":
            with pytest.raises(TokenError, match="invalid_client"):
                await request_token(production.url, "web-shop", text)
        elif kind in GATEWAY_KINDS:
            assert published(production).applications["web-shop"].keys == ()
        else:
            stranger = AdminClient(production, {GUARD: text})
            assert (await stranger(GUARD, "GET", "/whoami")).status == 401
