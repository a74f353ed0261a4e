"""Keys and certificates of clients: items of the ledger with an owner and an end, which prove nothing once
over."""

import datetime
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey

from catalog.storage.tables.calendar import notices
from contracts.client_certificates import thumbprint
from contracts.oauth_client import OAuthSettings
from contracts.snapshot import ContractsPart
from contracts.usage.batch import CredentialUsed
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_credentials import DAY, GUARD, later, revoked
from tests.catalog.credentials.test_uses import tell
from tests.catalog.serving import ANALYST, AUDIENCE, WEB_SHOP
from tests.support.policy_world import version


def key() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256", private=True).as_dict(private=False))


def thumbprint_of(jwk: dict[str, Any]) -> str:
    return str(ECKey.import_key(jwk).thumbprint())


def certificate(now: float, days: int) -> bytes:
    private, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begin = datetime.datetime.fromtimestamp(now, datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(begin)
    made = made.not_valid_after(begin + datetime.timedelta(days=days))
    return made.sign(private, SHA256()).public_bytes(Encoding.DER)


async def publish(admin: AdminClient, oauth: OAuthSettings | None, *, rounds: bool = True) -> None:
    """Gives the shop these settings."""
    made = admin.world.compiled
    assert not isinstance(made, Exception)
    shop = msgspec.structs.replace(WEB_SHOP, oauth=oauth)
    contracts = ContractsPart(AUDIENCE, (), (), (version(version="v2", base_path="/orders/v2"),))
    admin.world.compiled = replace(made, contracts=contracts, applications=(ANALYST, shop))
    await admin.world.publisher.publish()
    if rounds:
        await admin.world.catalog.credentials.rounds.make()


async def items(admin: AdminClient, query: str = "application=web-shop") -> dict[str, Any]:
    listed = (await admin(GUARD, "GET", f"/credentials?{query}")).body["items"]
    return {each["key_id"]: each for each in listed}


async def test_what_a_client_has_made_is_in_the_ledger_with_an_owner_and_an_end(admin: AdminClient) -> None:
    jwk, der = key(), certificate(admin.world.now, 40)
    settings = OAuthSettings(
        auth_methods=("private_key_jwt", "self_signed_tls_client_auth"),
        jwks={"keys": [jwk, {"kty": "oct", "k": "AAAA"}]},
        certificates=(thumbprint(der),),
        trusted=(der,),
    )
    await publish(admin, settings)
    found = await items(admin)
    assert {name: each["kind"] for name, each in found.items()} == {
        thumbprint_of(jwk): "jwk",
        thumbprint(der): "certificate",
    }
    assert {(each["team"], each["owner"], each["state"]) for each in found.values()} == {
        ("sales", "anna", "active")
    }
    assert found[thumbprint(der)]["expires_at"] == later(admin, 40)
    assert found[thumbprint_of(jwk)]["expires_at"] == later(admin, 366)
    assert revoked(admin) is None


async def test_its_owner_is_reminded_and_then_it_proves_nothing(admin: AdminClient) -> None:
    der = certificate(admin.world.now, 20)
    await publish(admin, OAuthSettings(certificates=(thumbprint(der),), trusted=(der,)))
    rows = await admin.world.store.all(sa.select(notices.c.kind, notices.c.subject, notices.c.body))
    assert [row.kind for row in rows] == ["credential-ending"]
    assert "The certificate" in rows[0].subject
    assert "estate" in rows[0].body
    admin.world.now += 21 * DAY
    await admin.world.catalog.credentials.rounds.make()
    assert revoked(admin).credentials == (thumbprint(der),), "nobody was told that it has ended"
    await publish(admin, None)
    admin.world.now += 3 * 3600
    await admin.world.publisher.publish()
    assert revoked(admin) is None, "what no client has any more is named for good"


async def test_one_key_is_revoked_and_stays_so_as_long_as_its_client_has_it(admin: AdminClient) -> None:
    jwk = key()
    settings = OAuthSettings(auth_methods=("private_key_jwt",), jwks={"keys": [jwk]})
    await publish(admin, settings)
    name = thumbprint_of(jwk)
    done = await admin(GUARD, "POST", "/revocations", {"credential": name, "reason": "stolen"})
    assert done.body["credential"]["state"] == "revoked"
    admin.world.now += 10 * DAY
    await publish(admin, settings)
    assert revoked(admin).credentials == (name,)


async def test_nobody_but_its_client_makes_the_next_one(admin: AdminClient) -> None:
    first, second = key(), key()
    await publish(admin, OAuthSettings(jwks={"keys": [first]}))
    path = f"/credentials/{thumbprint_of(first)}/rotation"
    assert (await admin(GUARD, "POST", path, {"overlap_until": later(admin, 1)})).status == 409
    await publish(admin, OAuthSettings(jwks={"keys": [first, second]}))
    await publish(admin, OAuthSettings(jwks={"keys": [second]}))
    admin.world.now += 1
    assert {name: each["state"] for name, each in (await items(admin)).items()} == {
        thumbprint_of(first): "ended",
        thumbprint_of(second): "active",
    }
    await publish(admin, OAuthSettings(jwks={"keys": [first]}))
    assert (await items(admin))[thumbprint_of(first)]["state"] == "active", "its client has it again"


async def test_it_shows_which_one_is_still_used_also_of_keys_at_an_address(admin: AdminClient) -> None:
    jwk = key()
    await publish(admin, OAuthSettings(jwks={"keys": [jwk]}))
    now = int(admin.world.now)
    await tell(admin, [0], CredentialUsed(thumbprint_of(jwk), "web-shop", now, "192.0.2.0/24", "orders", "v2"))
    assert (await items(admin))[thumbprint_of(jwk)]["last_used_from"] == "192.0.2.0/24"
    await publish(admin, OAuthSettings(jwks_uri="https://shop.example/jwks"))
    await tell(
        admin, [1], CredentialUsed(thumbprint_of(key()), "web-shop", now, "198.51.100.0/24", "orders", "v2")
    )
    [there] = (await items(admin, "application=web-shop&kind=jwks")).values()
    assert there["last_used_from"] == "198.51.100.0/24"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_the_ledger_is_read_page_by_page_in_the_order_of_its_ends(admin: AdminClient, limit: int) -> None:
    wanted = {"kind": "api-key", "application": "web-shop", "team": "sales", "owner": "anna", "purpose": "x"}
    for days in (30, 10, 20, 10):
        assert (await admin(GUARD, "POST", "/credentials", {**wanted, "expires_days": days})).status == 201
    found: list[Any] = []
    after = ""
    while after is not None:
        path = f"/credentials?limit={limit}" + (f"&after={after}" if after else "")
        page = (await admin("anna", "GET", path)).body
        assert len(page["items"]) <= limit
        found += page["items"]
        after = page["next"]
    keys = [each for each in found if each["kind"] == "api-key"]
    assert [each["ends_at"] for each in keys] == [later(admin, days) for days in (10, 10, 20, 30)]
    assert len({each["key_id"] for each in found}) == len(found) == 5, "four keys, and her own token"
    assert (await admin("anna", "GET", "/credentials?after=unknownXXXXX")).body["items"] == []
    states = await items(admin, "state=active&kind=api-key&ending_days=15")
    assert len(states) == 2
