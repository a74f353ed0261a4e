"""Client secrets over the store: issue one, check one, note when it was used.

What people do about credentials, by their roles, is `catalog.credentials.desk`; here nobody is asked.
"""

import hmac

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import DAY, Clock
from catalog.credentials.credential import Credential, Issued
from catalog.credentials.last_use import LastUse
from catalog.credentials.look_ups import LookUps
from catalog.credentials.secrets import generate, parse
from catalog.credentials.table import add, credential_of
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials

_NOBODY = bytes(32)  # compared with where there is no such key, so that both answers take the same time


class SecretLedger:
    """Client secrets over the store. Only their digests are stored."""

    def __init__(self, store: Store, pepper: bytes, environment: str, clock: Clock, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit
        self._pepper = pepper
        self._environment = environment
        self._clock = clock
        self._last_use = LastUse(store, credentials)
        self._look_ups = LookUps(store)

    async def issue(
        self,
        client_id: str,
        expires_days: int = 90,
        *,
        actor: str,
        team: str = "",
        owner: str = "",
        purpose: str = "",
    ) -> Issued:
        """A new secret for an application; earlier ones stay good until they end. `actor` is who asked; without an
        `owner` they answer for it until a member does. Raises SQLAlchemyError."""
        secret = generate(self._environment)
        now = int(self._clock())
        made = Credential(
            key_id=secret.key_id,
            kind="client-secret",
            application=client_id,
            team=team,
            owner=owner or actor,
            purpose=purpose,
            created_at=now,
            created_by=actor,
            expires_at=now + expires_days * DAY,
            environment=self._environment,
        )
        async with self._store.write() as connection:
            await add(connection, made, secret.digest(self._pepper))
            event = Event(
                subject="client-secret", action="issued", object=f"{client_id}/{made.key_id}", actor=actor
            )
            await self._audit.append(connection, event)
        return Issued(made, secret.text)

    async def verify(self, client_id: str, text: str) -> Credential | None:
        """The credential whose secret is `text`, where it is one of this client now; else None. Raises
        SQLAlchemyError.

        The row is found by the key id in the secret, never by the client id: neither the answer nor its time
        tells whether such a client exists.
        """
        secret = parse(text)
        if secret is None or secret.environment != self._environment:
            return None
        row = await self._look_ups.row(secret.key_id)
        same = hmac.compare_digest(_NOBODY if row is None else row.digest, secret.digest(self._pepper))
        if not same or row is None:
            return None
        found, now = credential_of(row._mapping), self._clock()
        if found.kind != "client-secret" or found.application != client_id or not found.is_good(now):
            return None
        self._last_use.note(secret.key_id, int(now))
        return found

    async def flush_last_used(self) -> None:
        """Writes the times of last use noted since the last flush. Raises SQLAlchemyError."""
        await self._last_use.flush()
