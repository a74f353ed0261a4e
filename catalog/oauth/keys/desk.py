"""What is done about signing keys: by the calendar, by people, and in an emergency.

Every change is one transaction with the snapshot that tells gateways of it.
"""

from dataclasses import dataclass

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials.rights import GUARDS, guards
from catalog.oauth.keys import table as key_table
from catalog.oauth.keys.schedule import AHEAD, KeyRecord, is_due, published, signing, state_of
from catalog.oauth.keys.signing import SigningAlgorithm, SigningKey
from catalog.oauth.keys.signing_keys import SigningKeys, first_record
from catalog.people.principal import CATALOG, Principal
from catalog.publishing.published import CurrentPublished
from catalog.publishing.transaction import nothing_else
from catalog.refusal import Refusal
from catalog.storage.engine import Store

log = structlog.get_logger("catalog.oauth")


@dataclass(frozen=True, slots=True)
class Ended:
    """A key that was ended, and the one that signs now."""

    ended: KeyRecord
    signing: KeyRecord


class KeyDesk:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        keys: SigningKeys,
        algorithm: SigningAlgorithm,
        days: int,
        current: CurrentPublished,
        republish: Republish,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        """New keys are of `algorithm`, and sign for so many `days`."""
        self._store = store
        self._keys = keys
        self._algorithm = algorithm
        self._days = days
        self._current = current
        self._republish = republish
        self._audit = audit
        self._clock = clock

    async def round(self) -> None:
        """What the time brings: the first record, the next key when it is due, and other keys in force than those
        that are published."""
        await self._keys.refresh(self._store)
        now, stored = int(self._clock()), bool(await self._store.all(key_table.every()))
        if self._current() is None:
            return
        if not stored or is_due(self._keys.records, now, self._days):
            await self._make(None, AHEAD if stored else None, "by the calendar")
        elif not self._keys.can_sign():
            # Its file is gone, or another was put in its place.
            await self._make(None, 0, "no private half of a published key is among the files")
        elif self._published() != tuple(each.kid for each in published(self._keys.records, now)):
            await self._republish(nothing_else)
        for each in self._keys.records:
            if state_of(each, self._keys.records, now) in ("ended", "withdrawn"):
                self._keys.files.remove(each.kid)

    @property
    def days(self) -> int:
        """For how many days a key signs."""
        return self._days

    @property
    def records(self) -> tuple[KeyRecord, ...]:
        """All that there were, in the order of their making, as this process knows them."""
        return self._keys.records

    async def list(self) -> tuple[KeyRecord, ...]:
        """All that there were, the youngest first."""
        await self._keys.refresh(self._store)
        return tuple(reversed(self.records))

    async def rotate(
        self, principal: Principal, ahead: int, reason: str, *, request_id: str = ""
    ) -> KeyRecord | Refusal:
        """A key that signs after `ahead` seconds, published from now on."""
        if not guards(principal):
            return _role_missing()
        return await self._make(principal, ahead, reason, request_id)

    async def end(
        self, principal: Principal, kid: str, reason: str, *, withdrawn: bool, request_id: str = ""
    ) -> Ended | Refusal:
        """Ends a key: tokens that it signed are refused from now on. With `withdrawn` by name, at every gateway
        and for good, as after a leak; and if it is the one that signs, another takes over at once."""
        if not guards(principal):
            return _role_missing()
        await self._keys.refresh(self._store)
        now = int(self._clock())
        records = self._keys.records
        found = next((each for each in records if each.kid == kid), None)
        if found is None:
            return Refusal("resource-not-found", "There is no such signing key.")
        state = state_of(found, records, now)
        if state == "withdrawn" or (state == "ended" and not withdrawn):
            return Refusal("state-conflict", "The key has ended already.", {"current": {"state": state}})
        if state == "signing" and not withdrawn:
            detail = "It signs now. Rotate first; in an emergency withdraw it, and another signs at once."
            return Refusal("state-conflict", detail, {"current": {"state": state}})
        ended = msgspec.structs.replace(
            found, ended_at=now, ended_by=principal.name, ended_reason=reason, withdrawn=withdrawn
        )
        left = [each for each in records if each.kid != kid]
        successor = signing(left, now) if state != "signing" else None
        # An older key does not come back: it was put away for a reason, and its last token may have ended.
        try:
            made = None if successor is not None else self._keys.files.make(self._algorithm)
        except OSError as error:
            return _not_written(error)

        async def act(connection: AsyncConnection) -> Refusal | None:
            await self._adopt(connection, now)
            known = {each.kid: each for each in await key_table.records_in(connection)}
            if known[kid].withdrawn:
                return Refusal("state-conflict", "The key has ended already.")
            await key_table.replace(connection, ended)
            action = "withdrawn" if withdrawn else "retired"
            await self._tell(connection, ended, action, principal, reason, request_id)
            if made is not None:
                record = self._record(made, len(known), principal.name, now)
                await key_table.add(connection, record)
                await self._tell(connection, record, "made", principal, reason, request_id)
            return None

        outcome = await self._republish(act)
        await self._keys.refresh(self._store)
        if isinstance(outcome, Refusal):
            return outcome
        self._keys.files.remove(kid)
        now_signing = signing(self._keys.records, self._clock())
        assert now_signing is not None, "a key was made where none was left"
        return Ended(ended, now_signing)

    async def withdraw(self, principal: Principal, kid: str, reason: str, request_id: str, /) -> str | Refusal:
        """Ends a key as after a leak; the `kid` of the one that signs now."""
        outcome = await self.end(principal, kid, reason, withdrawn=True, request_id=request_id)
        return outcome if isinstance(outcome, Refusal) else outcome.signing.kid

    async def _make(
        self, principal: Principal | None, ahead: int | None, reason: str, request_id: str = ""
    ) -> KeyRecord | Refusal:
        """A new key, published from now on; with no `ahead` only what the catalog began with is recorded."""
        now = int(self._clock())
        try:
            key = None if ahead is None else self._new()
        except OSError as error:
            return _not_written(error)
        actor = CATALOG if principal is None else principal.name
        made: list[KeyRecord] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            made.append(await self._adopt(connection, now))
            if key is not None and ahead is not None:
                records = await key_table.records_in(connection)
                if principal is None and ahead and not is_due(records, now, self._days):
                    return None  # another process was first
                waiting = [each for each in records if state_of(each, records, now) == "next"]
                if waiting and principal is not None:
                    current = {"current": {"kid": waiting[0].kid, "signs_from": waiting[0].signs_from}}
                    return Refusal("state-conflict", "The next key is published already.", current)
                made.append(self._record(key, len(records), actor, now + ahead))
                await key_table.add(connection, made[-1])
                await self._tell(connection, made[-1], "made", principal, reason, request_id)
            return None

        outcome = await self._republish(act)
        await self._keys.refresh(self._store)
        if key is not None and key.kid not in {each.kid for each in self._keys.records}:
            self._keys.files.remove(key.kid)
        return outcome if isinstance(outcome, Refusal) else made[-1]

    async def _adopt(self, connection: AsyncConnection, now: int) -> KeyRecord:
        """Records what the catalog began with, where nothing is recorded; the youngest record."""
        records = await key_table.records_in(connection)
        if records:
            return records[-1]
        record = first_record(self._keys.files.first, now)
        await key_table.add(connection, record)
        return record

    def _new(self) -> SigningKey:
        """A new key; or the first one, where somebody put another into its file. Raises OSError."""
        first = self._keys.files.first
        known = {each.kid for each in self._keys.records}
        return self._keys.files.make(self._algorithm) if first.kid in known else first

    def _record(self, key: SigningKey, before: int, actor: str, signs_from: int) -> KeyRecord:
        now = int(self._clock())
        return KeyRecord(
            kid=key.kid,
            number=before + 1,
            algorithm=key.algorithm,
            jwk=key.public_jwk,
            created_at=now,
            created_by=actor,
            signs_from=signs_from,
        )

    def _published(self) -> tuple[str, ...]:
        current = self._current()
        return () if current is None else current.signing_keys

    async def _tell(
        self,
        connection: AsyncConnection,
        record: KeyRecord,
        action: str,
        principal: Principal | None,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject="signing-key",
            action=action,
            object=record.kid,
            actor=CATALOG if principal is None else principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


def _not_written(error: OSError) -> Refusal:
    log.error("signing key not written", error=type(error).__name__, reason=str(error))
    return Refusal("state-conflict", "A new key cannot be written to the catalog's directory of signing keys.")


def _role_missing() -> Refusal:
    detail = "Signing keys are rotated, retired and withdrawn by security members and operators."
    return Refusal("role-missing", detail, {"roles": list(GUARDS)})
