"""What clients, and those who ask for them, do about registrations (RFC 7591, RFC 7592)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.credentials import table as credential_table
from catalog.credentials.credential import Issued
from catalog.credentials.making import Maker, Wanted
from catalog.credentials.secrets import generate, parse
from catalog.oauth.grants.ending import By
from catalog.oauth.registration import table
from catalog.oauth.registration.admission import Admission, Admitted
from catalog.oauth.registration.ending import RegistrationEnding
from catalog.oauth.registration.metadata import ClientMetadata, MetadataFault
from catalog.oauth.registration.registration import Registration, widens
from catalog.oauth.registration.table import registration_of
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.oauth import registrations

PENDING_DAYS: Final = 30
"""Days after which a registration that nobody decided about is over."""
SECRET_DAYS: Final = 90
"""Days that a client's first secret lives."""
IDS: Final = "reg-"
"""What client ids of registrations begin with."""

_columns = registrations.c
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Registered:
    """A new registration. Its token, and the secret of a client that has one, exist nowhere else."""

    registration: Registration
    token: str = field(repr=False)
    secret: Issued | None = None


class Registrar:
    """Every method raises SQLAlchemyError. `max_days` gives how long the estate lets a credential live."""

    def __init__(
        self,
        store: Store,
        pepper: bytes,
        environment: str,
        clock: Clock,
        audit: AuditLog,
        maker: Maker,
        admission: Admission,
        ending: RegistrationEnding,
        published: CurrentPublished,
        republish: Republish,
        max_days: Callable[[], int],
    ) -> None:
        self._store = store
        self._pepper = pepper
        self._environment = environment
        self._clock = clock
        self._audit = audit
        self._maker = maker
        self._admission = admission
        self._ending = ending
        self._published = published
        self._republish = republish
        self._max_days = max_days

    async def register(
        self, admitted: Admitted, metadata: ClientMetadata, request_id: str
    ) -> Registered | MetadataFault | None:
        """A registration that waits for approval; None where the token that admitted it is spent meanwhile.

        Raises TooMany.
        """
        now, token = int(self._clock()), generate(self._environment)
        made = Registration(
            client_id=IDS + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
            metadata=metadata,
            state="pending",
            team=admitted.team,
            owner=admitted.owner,
            created_at=now,
            expires_at=now + PENDING_DAYS * DAY,
            consumer=admitted.consumer,
        )
        async with self._store.write() as connection:
            if await self.is_taken(connection, metadata.client_name, made.client_id):
                return NAME_TAKEN
            if not await self._admission.enter(connection, admitted):
                return None
            await table.add(connection, made, token, self._pepper)
            secret = await self._secret(connection, made, admitted.owner, now)
            reason = f"by {admitted.credential}"
            await self._record(connection, made, "requested", admitted.owner, reason, request_id)
        return Registered(made, token.text, secret)

    async def find(self, client_id: str, text: str) -> Registration | None:
        """The registration of that client id whose registration access token this is, while that is good."""
        token = parse(text)
        if token is None or token.environment != self._environment:
            return None
        async with self._store.snapshot() as connection:
            found = await table.find_by_token(connection, token, self._pepper)
        if found is None or found.client_id != client_id or not found.is_open(self._clock()):
            return None
        return found

    async def update(
        self, known: Registration, metadata: ClientMetadata, request_id: str, by: str = ""
    ) -> Registration | MetadataFault | Refusal:
        """Replaces the metadata. Of an approved client, what gives it more waits for approval (RFC 7592 §2.2).
        `by` is the member who does so, where it is not the client itself."""
        if metadata.token_endpoint_auth_method != known.metadata.token_endpoint_auth_method:
            return METHOD_FIXED
        changed: list[Registration] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            found = await table.find(connection, known.client_id)
            if found is None or not found.is_open(self._clock()):
                return _over()
            waits = found.state == "approved" and widens(found.metadata, metadata)
            changes = {"wanted": metadata} if waits else {"metadata": metadata, "wanted": None}
            made = msgspec.structs.replace(found, **changes)
            await table.replace(connection, made)
            action = "update-requested" if waits else "updated"
            reason = "by who answers for it" if by else "by its client"
            await self._record(connection, made, action, by or known.client_id, reason, request_id)
            changed.append(made)
            return None

        async with self._store.snapshot() as connection:
            if await self.is_taken(connection, metadata.client_name, known.client_id):
                return NAME_TAKEN
        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else changed[0]

    async def delete(self, known: Registration, request_id: str) -> Registration | Refusal:
        """Ends it (RFC 7592 §2.3)."""
        ended: list[Registration] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            found = await table.find(connection, known.client_id)
            if found is None or not found.is_open(self._clock()):
                return _over()
            by = By(known.client_id, "its client deleted it", request_id)
            ended.append(await self._ending.end_in(connection, found, "deleted", by))
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else ended[0]

    async def is_taken(self, connection: AsyncConnection, name: str, client_id: str) -> bool:
        """Whether another application is called so, in whatever case: people tell them by their names."""
        folded = name.casefold()
        published = self._published()
        applications = {} if published is None else published.applications
        if any(each.name.casefold() == folded for each in applications.values() if each.client_id != client_id):
            return True
        rows = (await connection.execute(sa.select(registrations).where(_columns.client_id != client_id))).all()
        others = [each for each in map(registration_of, rows) if each.is_open(self._clock())]
        names = {each.client_name.casefold() for one in others for each in (one.metadata, one.under_review)}
        return folded in names

    async def _secret(
        self, connection: AsyncConnection, registration: Registration, by: str, now: int
    ) -> Issued | None:
        if not registration.metadata.has_secret:
            return None
        wanted = Wanted(
            kind="client-secret",
            application=registration.client_id,
            team=registration.team,
            owner=registration.owner,
            purpose=f"Registration of {registration.metadata.client_name}",
            expires_days=min(SECRET_DAYS, self._max_days()),
        )
        issued, digest = self._maker.make(wanted, by, now)
        await credential_table.add(connection, issued.credential, digest)
        what = f"{registration.client_id}/{issued.key_id}"
        event = Event(subject="client-secret", action="issued", object=what, actor=by, reason=wanted.purpose)
        await self._audit.append(connection, event)
        return issued

    async def _record(
        self,
        connection: AsyncConnection,
        registration: Registration,
        action: str,
        actor: str,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject="registration",
            action=action,
            object=registration.client_id,
            actor=actor,
            reason=reason,
            after=registration.etag,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


NAME_TAKEN: Final = MetadataFault("invalid_client_metadata", "Another application has this client_name.")
METHOD_FIXED: Final = MetadataFault(
    "invalid_client_metadata", "token_endpoint_auth_method does not change: register another client."
)


def _over() -> Refusal:
    return Refusal("state-conflict", "The registration is over.")
