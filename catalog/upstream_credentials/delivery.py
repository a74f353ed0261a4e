"""Upstream secrets for gateways: those that the snapshot in force names, sealed to the key of the one who asks."""

import asyncio
import hashlib
from typing import Final, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.people.principal import CATALOG
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.upstream_credentials import table
from catalog.upstream_credentials.envelope import MasterKeyError, context_of
from catalog.upstream_credentials.reach import names_in
from catalog.upstream_credentials.settings import Sealing
from contracts.upstream_secrets import (
    Bundle,
    SecretsRequest,
    SignedBundle,
    recipient_of,
    sealed_secret,
    signed_bundle,
)

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the store: another catalog may have changed it, or what is published."""

Numbers: TypeAlias = tuple[tuple[str, int], ...]
"""Names of credentials, in order, each with the number of its value in use."""


class SecretDelivery:
    """Every method raises SQLAlchemyError. Where `sealing` names gateway keys, no other one is served."""

    def __init__(
        self,
        store: Store,
        sealing: Sealing,
        signing_key: Ed25519PrivateKey,
        environment: str,
        published: CurrentPublished,
        audit: AuditLog,
    ) -> None:
        self._store = store
        self._keyring = sealing.keyring
        self._signing_key = signing_key
        self._environment = environment
        self._published = published
        self._audit = audit
        self._allowed = sealing.gateway_keys
        self._recorded: set[str] = set()
        self._wake = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Lets everyone who waits go, so that the process can stop."""
        self._closed = True
        self._wake.set()

    async def changed(self) -> None:
        """Those who wait look at once."""
        wake, self._wake = self._wake, asyncio.Event()
        wake.set()

    async def wait(self, asked: SecretsRequest, seconds: float) -> SignedBundle | Refusal | None:
        """The bundle for who asks; None where it is what is `known` already, for that many seconds."""
        try:
            key = X25519PublicKey.from_public_bytes(asked.public_key)
        except ValueError:
            violation = {"in": "body", "pointer": "/public_key", "rule": "key", "message": "is no X25519 key"}
            return Refusal("schema-violation", "Nothing can be sealed to this key.", {"violations": [violation]})
        recipient = recipient_of(key)
        if self._allowed and recipient not in self._allowed:
            return Refusal(
                "gateway-key-unknown", f"The gateway key {recipient} is not one of those that may have them."
            )
        end = asyncio.get_running_loop().time() + seconds
        while True:
            wake = self._wake
            serial, numbers = await self._stand()
            if _state(recipient, serial, numbers) != asked.known:
                return await self._bundle(key, recipient)
            left = end - asyncio.get_running_loop().time()
            if left <= 0 or self._closed:
                return None
            try:
                async with asyncio.timeout(min(left, LOOK_EVERY)):
                    await wake.wait()
            except TimeoutError:
                pass

    async def _stand(self) -> tuple[int, Numbers]:
        """The serial, and the number of each value that is to be delivered. Reads nothing that is sealed."""
        wanted = self._wanted()
        async with self._store.snapshot() as connection:
            serial = await connection.scalar(table.serial()) or 0
            rows = (await connection.execute(table.numbers_in_use())).all()
        return serial, tuple((name, number) for name, number in rows if name in wanted)

    async def _bundle(self, key: X25519PublicKey, recipient: str) -> SignedBundle | Refusal:
        wanted = self._wanted()
        async with self._store.snapshot() as connection:
            serial = await connection.scalar(table.serial()) or 0
            rows = (await connection.execute(table.in_use())).all()
        found = [each for each in map(table.envelope_of, rows) if each[0] in wanted]
        secrets = []
        try:
            for name, version, envelope in found:
                value = await self._keyring.open(envelope, context_of(self._environment, name, version))
                secrets.append(sealed_secret(value, key, self._environment, name, version))
        except MasterKeyError as error:
            return Refusal("master-key-unavailable", f"{error}.")
        if secrets:
            await self._record(recipient)
        state = _state(recipient, serial, tuple((name, version) for name, version, _ in found))
        return signed_bundle(
            Bundle(self._environment, recipient, serial, state, tuple(secrets)), self._signing_key
        )

    def _wanted(self) -> frozenset[str]:
        published = self._published()
        return frozenset() if published is None else names_in(published.contracts)

    async def _record(self, recipient: str) -> None:
        """Once for each key since the catalog started: gateways ask all the time."""
        if recipient in self._recorded:
            return
        event = Event(
            subject="upstream-secrets", action="delivered", object=f"gateway-key/{recipient}", actor=CATALOG
        )
        async with self._store.write() as connection:
            await self._audit.append(connection, event)
        self._recorded.add(recipient)


def _state(recipient: str, serial: int, numbers: Numbers) -> str:
    """What tells one bundle from another, and nothing of a value."""
    return hashlib.sha256(msgspec.json.encode((recipient, serial, numbers))).hexdigest()
