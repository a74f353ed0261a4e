"""The ledger of client secrets: issue one, check one, note when it was used."""

import hmac
from dataclasses import dataclass, field

import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.credentials.last_use import LastUse
from catalog.credentials.secrets import generate, parse
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import client_secrets

DAY = 86_400
_NOBODY = bytes(32)  # compared with where there is no such key, so that both answers take the same time


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A new secret; `secret` exists nowhere else and cannot be shown again. `expires_at` in Unix seconds."""

    client_id: str
    key_id: str
    expires_at: int
    secret: str = field(repr=False)


class SecretLedger:
    """Client secrets over the store. Only their digests are stored."""

    def __init__(self, store: Store, pepper: bytes, environment: str, clock: Clock, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit
        self._pepper = pepper
        self._environment = environment
        self._clock = clock
        self._last_use = LastUse(store, client_secrets)

    async def issue(self, client_id: str, expires_days: int = 90, *, actor: str) -> IssuedSecret:
        """A new secret for an application; earlier ones stay good until they expire. `actor` is who asked."""
        secret = generate(self._environment)
        now = int(self._clock())
        issued = IssuedSecret(client_id, secret.key_id, now + expires_days * DAY, secret.text)
        async with self._store.write() as connection:
            await connection.execute(
                sa.insert(client_secrets).values(
                    key_id=issued.key_id,
                    client_id=client_id,
                    digest=secret.digest(self._pepper),
                    created_at=now,
                    expires_at=issued.expires_at,
                )
            )
            event = Event(
                subject="client-secret", action="issued", object=f"{client_id}/{issued.key_id}", actor=actor
            )
            await self._audit.append(connection, event)
        return issued

    async def verify(self, client_id: str, text: str) -> bool:
        """Whether `text` is a secret of this client, now.

        The row is found by the key id in the secret, never by the client id: neither the answer nor its time
        tells whether such a client exists.
        """
        secret = parse(text)
        if secret is None or secret.environment != self._environment:
            return False
        columns = client_secrets.c
        query = sa.select(columns.client_id, columns.digest, columns.expires_at)
        row = await self._store.one(query.where(columns.key_id == secret.key_id))
        same = hmac.compare_digest(_NOBODY if row is None else row.digest, secret.digest(self._pepper))
        now = self._clock()
        if not same or row is None or row.client_id != client_id or row.expires_at <= now:
            return False
        self._last_use.note(secret.key_id, int(now))
        return True

    async def flush_last_used(self) -> None:
        """Writes the times of last use noted since the last flush. Raises SQLAlchemyError."""
        await self._last_use.flush()
