"""What people do about upstream credentials: see, set, replace, return to an earlier value, hand over and revoke.

A value comes in by `put` and never goes out again but to gateways. Every change counts up the serial by which
these learn of it.
"""

from collections.abc import Awaitable, Callable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import DAY, Clock
from catalog.credentials.rights import guards
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.upstream_credentials import upstream_credentials, upstream_values
from catalog.upstream_credentials import table
from catalog.upstream_credentials.credential import UpstreamCredential, UpstreamValue
from catalog.upstream_credentials.envelope import Keyring, MasterKeyError, context_of
from catalog.upstream_credentials.putting import Wanted, fault_of_wanted, value_bytes
from catalog.upstream_credentials.reach import Depending, Serving, depending_on, served_by
from catalog.upstream_credentials.rights import NOT_ALL, UNKNOWN, may_see, refuse_team


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A credential with its values, the newest first."""

    credential: UpstreamCredential
    values: tuple[UpstreamValue, ...]

    @property
    def in_use(self) -> UpstreamValue | None:
        """The value that gateways present."""
        return next((each for each in self.values if each.version == self.credential.current), None)


class UpstreamDesk:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        environment: str,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        published: CurrentPublished,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """`changed` wakes the gateways that wait for secrets."""
        self._store = store
        self._keyring = keyring
        self._environment = environment
        self._audit = audit
        self._clock = clock
        self._view = view
        self._published = published
        self._changed = changed

    @property
    def environment(self) -> str:
        """The environment of all of them."""
        return self._environment

    @property
    def master_key(self) -> str:
        """The id of the master key in use."""
        return self._keyring.current.key_id

    async def list(self, principal: Principal) -> tuple[Known, ...]:
        """Those that are the principal's to see, by name."""
        async with self._store.snapshot() as connection:
            names = [table.credential_of(row) for row in (await connection.execute(table.every())).all()]
            values = [table.value_of(row) for row in (await connection.execute(table.values_of())).all()]
        return tuple(
            Known(credential=each, values=tuple(value for value in values if value.name == each.name))
            for each in names
            if may_see(principal, each.team)
        )

    async def find(self, principal: Principal, name: str) -> Known | Refusal:
        """One by its name."""
        async with self._store.snapshot() as connection:
            found = await _known(connection, name)
        return UNKNOWN if found is None or not may_see(principal, found.credential.team) else found

    async def serving(self, name: str) -> Serving:
        """What needs it."""
        return await served_by(self._store, self._published(), name)

    async def depending(self, name: str) -> Depending:
        """What breaks where it ends."""
        return await depending_on(self._store, self._published(), name, self._clock())

    async def put(
        self, principal: Principal, name: str, wanted: Wanted, *, request_id: str = ""
    ) -> Known | Refusal:
        """A new value, in use at once; the one before stays to return to for `keep_days`. The first value
        makes the name, for which who answers and what for must be said."""
        view = self._view()
        if view is None:
            return Refusal("state-conflict", "There is no estate in force.")
        value = value_bytes(wanted.value)
        if isinstance(value, Refusal):
            return value

        async def act(connection: AsyncConnection) -> Refusal | None:
            now, known = int(self._clock()), await _known(connection, name)
            if known is not None and not may_see(principal, known.credential.team):
                return UNKNOWN
            before = None if known is None else known.credential
            made = wanted.merged(name, before, principal.name, now)
            refusal = refuse_team(principal, made.team)
            refusal = refusal or fault_of_wanted(wanted, made, Members(view.teams), view.file.credentials)
            if refusal is not None:
                return refusal
            version = 1 + max((each.version for each in known.values), default=0) if known is not None else 1
            envelope = await self._keyring.seal(value, context_of(self._environment, name, version))
            made = msgspec.structs.replace(made, current=version)
            if before is None:
                await table.add(connection, made)
            else:
                await table.replace(connection, made)
                if before.current:
                    until = now + wanted.keep_days * DAY
                    await table.change_value(connection, name, before.current, kept_until=until)
            new = UpstreamValue(
                name=name,
                version=version,
                created_at=now,
                created_by=principal.name,
                expires_at=now + wanted.expires_days * DAY,
                master_key=envelope.master_key,
            )
            await table.add_value(connection, new, envelope)
            action = "set" if before is None else "replaced"
            await self._record(connection, name, version, action, principal, made.purpose, request_id)
            return None

        return await self._do(principal, name, act)

    async def go_back(
        self, principal: Principal, name: str, reason: str, *, request_id: str = ""
    ) -> Known | Refusal:
        """Makes the newest value that was kept current again, and keeps the one in its place until the other would
        have gone."""

        async def act(connection: AsyncConnection) -> Refusal | None:
            now, known = int(self._clock()), await _known(connection, name)
            if known is None or not may_see(principal, known.credential.team):
                return UNKNOWN
            current = known.credential.current
            kept = [each for each in known.values if each.version != current and each.can_return(now)]
            if not kept:
                return Refusal("state-conflict", "There is no earlier value that was kept.")
            target = kept[0]
            await table.change_value(connection, name, target.version, kept_until=None)
            if current:
                await table.change_value(connection, name, current, kept_until=target.kept_until)
            back = msgspec.structs.replace(known.credential, current=target.version)
            await table.replace(connection, back)
            await self._record(connection, name, target.version, "returned-to", principal, reason, request_id)
            return None

        return await self._do(principal, name, act)

    async def hand_over(
        self, principal: Principal, name: str, team: str, owner: str, reason: str, *, request_id: str = ""
    ) -> Known | Refusal:
        """Lets another member answer for it."""
        view = self._view()

        async def act(connection: AsyncConnection) -> Refusal | None:
            known = await _known(connection, name)
            if known is None or not may_see(principal, known.credential.team):
                return UNKNOWN
            member = None if view is None else Members(view.teams).by_name.get(owner)
            if member is None or team not in member.memberships:
                message = f"must be a member of the team {team!r}"
                violation = {"in": "body", "pointer": "/owner", "rule": "member", "message": message}
                return Refusal("schema-violation", "Nobody would answer for it.", {"violations": [violation]})
            made = msgspec.structs.replace(known.credential, team=team, owner=owner)
            await table.replace(connection, made)
            await self._record(connection, name, 0, "handed-over", principal, reason, request_id)
            return None

        # Whoever gave it away may not see it any more.
        outcome = await self._act(act)
        if outcome is not None:
            return outcome
        async with self._store.snapshot() as connection:
            found = await _known(connection, name)
        return UNKNOWN if found is None else found

    async def revoke(
        self, principal: Principal, name: str, reason: str, *, version: int | None = None, request_id: str = ""
    ) -> Known | Refusal:
        """Throws values away: that one, or all. Gateways present none of them any more; who calls what needs it is
        answered 502, so ask `depending` first."""

        async def act(connection: AsyncConnection) -> Refusal | None:
            now, known = int(self._clock()), await _known(connection, name)
            if known is None or not may_see(principal, known.credential.team):
                return UNKNOWN
            ending = [each for each in known.values if each.revoked_at is None and version in (None, each.version)]
            if not ending:
                return Refusal("state-conflict", "There is no such value, or it was revoked already.")
            for each in ending:
                marks = {"revoked_at": now, "revoked_by": principal.name, "revoked_reason": reason}
                await table.throw_away(connection, name, each.version, each.gone_at or now, **marks)
                await self._record(connection, name, each.version, "revoked", principal, reason, request_id)
            if any(each.version == known.credential.current for each in ending):
                await table.replace(connection, msgspec.structs.replace(known.credential, current=0))
            return None

        return await self._do(principal, name, act)

    async def rewrap(self, principal: Principal, *, request_id: str = "") -> int | Refusal:
        """Wraps every data key anew by the master key in use; how many there were. All of them or none."""
        if not guards(principal):
            return NOT_ALL
        count = 0

        async def act(connection: AsyncConnection) -> Refusal | None:
            nonlocal count
            for row in (await connection.execute(table.with_text())).all():
                name, version, envelope = table.envelope_of(row)
                if envelope.master_key != self._keyring.current.key_id:
                    made = await self._keyring.rewrap(envelope, context_of(self._environment, name, version))
                    await table.put_envelope(connection, name, version, made)
                    count += 1
            key_id = self._keyring.current.key_id
            await self._audit.append(
                connection,
                Event(
                    subject="master-key",
                    action="rewrapped",
                    object=key_id,
                    actor=principal.name,
                    reason=f"{count} values",
                    request_id=request_id,
                ),
            )
            return None

        outcome = await self._act(act)
        return count if outcome is None else outcome

    async def require_keys(self) -> None:
        """Raises MasterKeyError where a value is stored under a master key that the catalog was not given."""
        columns = upstream_values.c
        query = sa.select(columns.master_key).where(columns.gone_at.is_(None)).distinct()
        self._keyring.require([row[0] for row in await self._store.all(query)])

    async def forget_replaced(self) -> int:
        """Throws away what was kept long enough; how many values."""
        columns = upstream_values.c
        over = sa.and_(columns.kept_until <= int(self._clock()), columns.gone_at.is_(None))
        rows = await self._store.all(sa.select(columns.name, columns.version).where(over))
        if rows:
            async with self._store.write() as connection:
                for name, version in rows:
                    row = (
                        await connection.execute(
                            sa.select(upstream_credentials.c.current).where(upstream_credentials.c.name == name)
                        )
                    ).one()
                    if row[0] != version:  # somebody may have returned to it meanwhile
                        await table.throw_away(connection, name, version, int(self._clock()))
        return len(rows)

    async def _do(
        self, principal: Principal, name: str, act: Callable[[AsyncConnection], Awaitable[Refusal | None]]
    ) -> Known | Refusal:
        outcome = await self._act(act)
        return outcome if outcome is not None else await self.find(principal, name)

    async def _act(self, act: Callable[[AsyncConnection], Awaitable[Refusal | None]]) -> Refusal | None:
        refusal: Refusal | None = None
        try:
            async with self._store.write() as connection:
                refusal = await act(connection)
                if refusal is None:
                    await table.count_change(connection)
        except MasterKeyError as error:
            return Refusal("master-key-unavailable", f"{error}.")
        if refusal is None:
            await self._changed()
        return refusal

    async def _record(
        self,
        connection: AsyncConnection,
        name: str,
        version: int,
        action: str,
        principal: Principal,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject="upstream-credential",
            action=action,
            object=f"{name}/{version}" if version else name,
            actor=principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


async def _known(connection: AsyncConnection, name: str) -> Known | None:
    credential = await table.find(connection, name)
    if credential is None:
        return None
    rows = (await connection.execute(table.values_of(name))).all()
    return Known(credential=credential, values=tuple(map(table.value_of, rows)))
