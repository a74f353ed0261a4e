"""Secrets on their way to gateways: sealed to the one that asks, signed, and refused to whom they are not for.

The gateway's own client asks a catalog over HTTP, so that both sides are held to one form.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from catalog.audit.log import Filter
from catalog.storage.tables.upstream_credentials import upstream_values
from contracts.upstream_secrets import BundleError, SignedBundle
from gateway.delivered_secrets import DeliveredSecrets
from gateway.secret_client import SecretClient
from tests.catalog.admin import AdminClient
from tests.catalog.serving import GATEWAY_TOKEN, World
from tests.catalog.upstream_credentials.upstream_world import SECRET, WITH_UPSTREAMS, put, replaced


@pytest.fixture
async def admin(world: World) -> AdminClient:
    world.compiled = WITH_UPSTREAMS
    await world.publisher.publish()
    return AdminClient(world)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


class Gateway:
    """What a gateway keeps of its secrets in a directory, and how it asks for them."""

    def __init__(self, world: World, directory: Path, session: aiohttp.ClientSession, **changes: Any) -> None:
        key = changes.get("key", X25519PrivateKey.generate())
        trusted = changes.get("trusted", world.keys.snapshot.public_key())
        self.secrets = DeliveredSecrets(key, trusted, directory)
        token = changes.get("token", GATEWAY_TOKEN)
        self.client = SecretClient(world.url, token, self.secrets, session=session, wait=changes.get("wait", 0))

    def found(self) -> dict[str, str | None]:
        return {name: self.secrets.find(name) for name in self.secrets.names}


async def test_a_gateway_gets_what_its_snapshot_names(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    await put(admin)
    await put(admin, name="of-nobody", value="not for gateways")
    gateway = Gateway(admin.world, tmp_path / "edge", session)
    assert await gateway.client.poll()
    assert gateway.found() == {"odoo-key": SECRET}
    assert not await gateway.client.poll()
    kept = (tmp_path / "edge" / "secrets.sealed").read_bytes()
    assert SECRET.encode() not in kept
    assert base64.b64encode(SECRET.encode()) not in kept
    await replaced(admin, "second")
    assert await gateway.client.poll()
    assert gateway.found() == {"odoo-key": "second"}
    await admin("sara", "POST", "/upstream-credentials/odoo-key/revocation", {"reason": "leaked"})
    assert await gateway.client.poll()
    assert (gateway.found(), gateway.secrets.withdrew("odoo-key")) == ({}, True)
    entries = [entry.event async for entry in admin.world.audit.entries(Filter(subject="upstream-secrets"))]
    assert [each.object for each in entries] == [f"gateway-key/{gateway.secrets.recipient}"]


async def test_who_waits_is_told_at_once(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.upstream_credentials.delivery.LOOK_EVERY", 3600.0)
    await put(admin)
    gateway = Gateway(admin.world, tmp_path, session, wait=25)
    await gateway.client.poll()
    waiting = asyncio.create_task(gateway.client.poll())
    await replaced(admin, "second")
    async with asyncio.timeout(20):
        assert await waiting
    assert gateway.found() == {"odoo-key": "second"}


async def test_what_another_catalog_process_changed_is_seen(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.upstream_credentials.delivery.LOOK_EVERY", 0.05)
    await put(admin)
    gateway = Gateway(admin.world, tmp_path, session, wait=25)
    await gateway.client.poll()
    waiting = asyncio.create_task(gateway.client.poll())

    async def nothing() -> None:
        """The other process wakes those who wait for it, and not for us."""

    monkeypatch.setattr(admin.world.catalog.upstream_credentials.desk, "_changed", nothing)
    await replaced(admin, "second")
    async with asyncio.timeout(20):
        assert await waiting


async def test_those_who_wait_are_let_go_when_the_catalog_ends(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    await put(admin)
    gateway = Gateway(admin.world, tmp_path, session, wait=25)
    await gateway.client.poll()
    waiting = asyncio.create_task(gateway.client.poll())
    admin.world.catalog.upstream_credentials.delivery.close()
    async with asyncio.timeout(20):
        assert not await waiting


async def test_only_the_gateways_with_a_named_key_are_given_any(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    await put(admin)
    known, other = (Gateway(admin.world, tmp_path / name, session) for name in ("known", "other"))
    delivery = admin.world.catalog.upstream_credentials.delivery
    delivery._allowed = frozenset({known.secrets.recipient})
    assert await known.client.poll()
    with pytest.raises(BundleError, match="403"):
        await other.client.poll()
    with pytest.raises(BundleError, match="401"):
        await Gateway(admin.world, tmp_path, session, token="x" * 20).client.poll()


async def test_a_gateway_believes_its_own_catalog_alone(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    await put(admin)
    stranger = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(BundleError, match="not signed"):
        await Gateway(admin.world, tmp_path, session, trusted=stranger).client.poll()
    good = Gateway(admin.world, tmp_path / "good", session)
    await good.client.poll()
    data = (tmp_path / "good" / "secrets.sealed").read_bytes()
    thief = DeliveredSecrets(
        X25519PrivateKey.generate(), admin.world.keys.snapshot.public_key(), tmp_path / "thief"
    )
    with pytest.raises(BundleError, match="another gateway"):
        thief.take(data)
    signed = msgspec.json.decode(data, type=SignedBundle)
    altered = SignedBundle(signed.bundle.replace(b'"version":1', b'"version":2'), signed.signature)
    with pytest.raises(BundleError, match="not signed"):
        good.secrets.take(msgspec.json.encode(altered))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{}", 422, "schema-violation"),
        (b"{", 400, "malformed-json"),
        (b'{"public_key": "AAAA"}', 422, "schema-violation"),
        (b'{"public_key": "' + b"A" * 2000 + b'"}', 413, "body-too-large"),
        (msgspec.json.encode({"public_key": b"\0" * 31}), 422, "schema-violation"),
    ],
)
async def test_a_bad_question_is_told_what_is_wrong(
    body: bytes, status: int, kind: str, admin: AdminClient, session: aiohttp.ClientSession
) -> None:
    headers = {"authorization": f"Bearer {GATEWAY_TOKEN}"}
    async with session.post(f"{admin.world.url}/gateway/secrets", data=body, headers=headers) as answer:
        document = msgspec.json.decode(await answer.read())
        assert (answer.status, document["type"]) == (status, f"urn:ostiary:problem:{kind}")


async def test_a_value_that_was_altered_in_the_store_is_not_delivered(
    admin: AdminClient, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    await put(admin)
    await put(admin, name="carrier-key", value="carrier-secret")
    gateway = Gateway(admin.world, tmp_path, session)
    async with admin.world.store.write() as connection:
        columns = upstream_values.c
        query = sa.select(columns.wrapped_key, columns.nonce, columns.ciphertext).where(
            columns.name == "carrier-key"
        )
        moved = (await connection.execute(query)).one()._mapping
        await connection.execute(sa.update(upstream_values).where(columns.name == "odoo-key").values(**moved))
    with pytest.raises(BundleError, match="503"):
        await gateway.client.poll()
