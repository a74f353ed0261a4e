"""Keys that sign requests: issued by the ledger, carried sealed, and taken by the very stage of a gateway."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from catalog.storage.tables.credentials import credentials
from contracts.access import AccessPart
from contracts.operations import ApiKeyUse
from contracts.sealed_text import Sealing
from contracts.secret_text import parse
from contracts.snapshot import encode_part
from policies import authentication
from policies.credentials.known_keys import known_keys
from policies.exchange import Exchange
from policies.verdict import ALLOW
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_credentials import GUARD, issued, later, token_of
from tests.support.policy_world import World, operation, version
from tests.support.signing import by_secret, signed

USE = ApiKeyUse("signature", (("orders:read",),), signed=True)


def applications(admin: AdminClient) -> Any:
    assert admin.world.publisher.current is not None
    return admin.world.publisher.current.applications


def opens(admin: AdminClient, text: str, nonce: str, pepper: bytes | None = None) -> bool:
    """Whether a request that is signed with it passes a gateway that has the snapshot in force."""
    here = World()
    here.now = admin.world.now
    here.access.applications = applications(admin)
    here.access.keys = known_keys(tuple(applications(admin).values()))
    plans = {each.plan for app in here.access.applications.values() for each in app.subscriptions}
    ports = replace(here.ports(), key_pepper=pepper or admin.world.keys.key_pepper, key_plans=frozenset(plans))
    stage = authentication.bind(version(), operation(api_key=USE), ports)
    assert stage is not None
    found = parse(text)
    assert found is not None
    told = f';created={int(here.now)};keyid="{found.key_id}";nonce="{nonce:n>16}"'
    fields = {name.encode(): value.encode() for name, value in signed(by_secret(text), told).items()}
    exchange = Exchange("GET", b"/orders/v1/orders", list(fields.items()), fields, "192.0.2.9")
    exchange.path = "/orders/v1/orders"
    return stage(exchange) is ALLOW


async def test_its_text_signs_and_stands_nowhere(admin: AdminClient) -> None:
    made = await issued(admin, kind="hmac-key", scopes=["orders:read"], networks=["192.0.2.0/24"])
    text, key_id = made["secret"], made["credential"]["key_id"]
    assert text.startswith("ost_test_sig")
    assert opens(admin, text, "1")
    assert not opens(admin, text, "2", pepper=b"q" * 32), "another gateway's pepper opens nothing"
    (key,) = applications(admin)["web-shop"].keys
    assert (key.id, key.signs, key.scopes, key.networks) == (key_id, True, ("orders:read",), ("192.0.2.0/24",))
    assert Sealing(admin.world.keys.key_pepper).open(key_id, key.digest) == text.encode()
    part = encode_part(AccessPart((), tuple(applications(admin).values())))[1]
    (row,) = await admin.world.store.all(sa.select(credentials).where(credentials.c.key_id == key_id))
    assert text.encode() not in part
    assert text not in str(tuple(row))
    assert text[-49:].encode() not in row.digest, "it is sealed"


async def test_it_is_replaced_with_an_overlap_and_revoked(admin: AdminClient) -> None:
    old = await issued(admin, kind="hmac-key")
    key_id = old["credential"]["key_id"]
    answer = await admin(GUARD, "POST", f"/credentials/{key_id}/rotation", {"overlap_until": later(admin, 2)})
    assert answer.status == 201, answer.body
    new = answer.body
    assert opens(admin, old["secret"], "1")
    assert opens(admin, new["secret"], "2")
    revocation = await admin(GUARD, "POST", "/revocations", {"credential": key_id, "reason": "Lost"})
    assert revocation.status == 200, revocation.body
    assert not opens(admin, old["secret"], "3")
    assert opens(admin, new["secret"], "4")


@pytest.mark.parametrize("kind", ["client-secret", "api-key"])
async def test_no_other_secret_signs(admin: AdminClient, kind: str) -> None:
    made = await issued(admin, kind=kind)
    assert not opens(admin, made["secret"], "1")


async def test_it_is_not_taken_where_it_is_sent(admin: AdminClient) -> None:
    """As an API key, or at the token endpoint: a key that was sent once is no secret between two any more."""
    made = await issued(admin, kind="hmac-key")
    assert await token_of(admin, made["secret"]) == "invalid_client"
