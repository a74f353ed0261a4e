"""Leaked secrets: found in whatever text they stand in, held against the ledger, ended, and their owners told.

A secret is known by its form and its checksum, before anything is looked up, and believed by its digest. Nothing
of the text is kept: neither in the store nor in a log. Whoever can paste a secret has it, so that anybody may
report one. Every method raises SQLAlchemyError.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials import table
from catalog.credentials.credential import CredentialKind
from catalog.credentials.reminders import leaked
from catalog.credentials.secrets import Secret
from catalog.credentials.table import credential_of
from catalog.notices.outbox import post
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.people import member_tokens
from contracts import secret_text
from contracts.sealed_text import Sealing

MOST: Final = 1_000
"""Secrets of one report."""

Outcome = Literal["revoked", "told", "over"]
"""What came of it: it was ended; its owner was told, which is all that the estate wants; or it opened nothing."""


LeakKind = CredentialKind | Literal["refresh-token", "registration-token", "initial-access-token"]


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """A secret of ours that was found. `owner` is the member who answers for it, `application` empty for what is
    no application's."""

    key_id: str
    kind: LeakKind
    application: str
    owner: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a text: `leaks` are secrets of ours, once each, by their text's position; `unknown` counts
    those that only look like one, or are of another environment."""

    leaks: tuple[Leak, ...]
    unknown: int
    matched: frozenset[str] = field(repr=False, default=frozenset())
    """The texts that were ours, for whoever has to answer for each that it sent."""


class Place(msgspec.Struct, frozen=True):
    """A text in which a secret was found, and where that was: `source` stands in the audit log and in the notice,
    with nothing in it that looks like a secret."""

    text: str
    source: str

    def __repr__(self) -> str:
        return "Place()"


@dataclass(frozen=True, slots=True)
class Said:
    """Where it was found, as the audit log says it, and who said so."""

    where: str
    actor: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Peppers:
    """Under which digests are made: of client secrets and member tokens, and of API keys."""

    secrets: bytes = field(repr=False)
    keys: bytes = field(repr=False)


class Elsewhere(Protocol):
    """Secrets of ours that are in another ledger than credentials and member tokens."""

    async def known(self, secrets: Sequence[Secret]) -> frozenset[str]:
        """The key ids of those that are there, by their digests."""

    async def end(self, connection: AsyncConnection, key_id: str, said: Said) -> Leak:
        """Ends one of them, within a publication, and tells its owner."""


class LeakIntake:
    """Takes reports."""

    def __init__(
        self,
        store: Store,
        peppers: Peppers,
        environment: str,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        republish: Republish,
        elsewhere: Elsewhere,
    ) -> None:
        self._elsewhere = elsewhere
        self._store = store
        self._peppers = peppers
        self._environment = environment
        self._audit = audit
        self._clock = clock
        self._view = view
        self._republish = republish

    async def take(self, places: Sequence[Place], actor: str, *, request_id: str = "") -> Report | Refusal:
        """Ends what is found, or only tells of it, as the estate says: all of it, or nothing."""
        found = {each.text: place.source for place in reversed(places) for each in secret_text.find(place.text)}
        if len(found) > MOST:
            detail = f"No more than {MOST} secrets are taken at once."
            return Refusal("schema-violation", detail, {"violations": [_violation()]})
        secrets = [made for made in map(_secret, found) if made.environment == self._environment]
        of_applications = await self._known(credentials, secrets)
        of_members = await self._known(member_tokens, secrets)
        of_others = await self._elsewhere.known(secrets)
        leaks: list[Leak] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            for secret in secrets:
                said = Said(_where(found[secret.text]), actor, request_id)
                if secret.key_id in of_applications:
                    leaks.append(await self._credential(connection, secret.key_id, said))
                elif secret.key_id in of_members:
                    leaks.append(await self._token(connection, secret.key_id, said))
                elif secret.key_id in of_others:
                    leaks.append(await self._elsewhere.end(connection, secret.key_id, said))
            return None

        ours = of_applications | of_members | of_others
        matched = frozenset(each.text for each in secrets if each.key_id in ours)
        if matched:
            outcome = await self._republish(act)
            if isinstance(outcome, Refusal):
                return outcome
        return Report(tuple(leaks), len(found) - len(matched), matched)

    async def _known(self, ledger: sa.Table, secrets: Sequence[Secret]) -> set[str]:
        """The key ids of those whose text is the ledger's."""
        by_id = {each.key_id: each for each in secrets}
        if not by_id:
            return set()
        some = ledger.c.key_id.in_(sorted(by_id))
        rows = await self._store.all(sa.select(ledger.c.key_id, ledger.c.digest).where(some))
        return {row.key_id for row in rows if hmac.compare_digest(row.digest, self._digest(by_id[row.key_id]))}

    def _digest(self, secret: Secret) -> bytes:
        """What is stored of it."""
        if secret.is_signing_key:
            return Sealing(self._peppers.keys).seal(secret.key_id, secret.text)
        return secret.digest(self._peppers.keys if secret.is_api_key else self._peppers.secrets)

    async def _credential(self, connection: AsyncConnection, key_id: str, said: Said) -> Leak:
        now, view = int(self._clock()), self._view()
        found = credential_of((await connection.execute(table.by_key(key_id))).one()._mapping)
        # Without an estate nobody has said that a leak may go on.
        tell = view is not None and view.file.credentials.on_leak == "tell"
        outcome: Outcome = "over" if not found.is_good(now) else "told" if tell else "revoked"
        if outcome == "revoked":
            found = msgspec.structs.replace(
                found, revoked_at=now, revoked_by=said.actor, revoked_reason=said.where
            )
            await table.replace(connection, found)
        await self._record(connection, found.kind, f"{found.application}/{key_id}", said, outcome)
        await post(connection, leaked(found, view, said.where, ended=outcome != "told", now=now), now)
        return Leak(
            key_id=key_id,
            kind=found.kind,
            application=found.application,
            owner=found.owner,
            outcome=outcome,
        )

    async def _token(self, connection: AsyncConnection, key_id: str, said: Said) -> Leak:
        """A member token is ended whatever the estate says of partners' credentials: it opens the catalog."""
        now, columns = int(self._clock()), member_tokens.c
        mine = columns.key_id == key_id
        query = sa.select(columns.member, columns.expires_at, columns.revoked_at).where(mine)
        row = (await connection.execute(query)).one()
        outcome: Outcome = "revoked" if row.revoked_at is None and row.expires_at > now else "over"
        if outcome == "revoked":
            await connection.execute(sa.update(member_tokens).where(mine).values(revoked_at=now))
        await self._record(connection, "member-token", f"{row.member}/{key_id}", said, outcome)
        return Leak(key_id=key_id, kind="member-token", application="", owner=row.member, outcome=outcome)

    async def _record(
        self, connection: AsyncConnection, kind: str, name: str, said: Said, outcome: Outcome
    ) -> None:
        event = Event(
            subject=kind,
            action="revoked" if outcome == "revoked" else "leaked",
            object=name,
            actor=said.actor,
            reason=said.where,
            request_id=said.request_id,
        )
        await self._audit.append(connection, event)


def _where(source: str) -> str:
    return f"leaked: {secret_text.redact(source) or 'nobody said where'}"


def _secret(text: str) -> Secret:
    found = secret_text.parse(text)
    assert found is not None, "it was found by its form and its checksum"
    return Secret(found.environment, found.key_id, found.text)


def _violation() -> dict[str, str]:
    return {"in": "body", "pointer": "/text", "rule": "maximum", "message": f"has more than {MOST} secrets"}
