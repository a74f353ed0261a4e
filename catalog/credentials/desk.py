"""What people do about credentials of applications: see, issue, rotate and hand over, each by their roles.

To end one is `catalog.credentials.revoking`.
"""

from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.credentials.asking import Asking
from catalog.credentials.credential import GATEWAY_KINDS, Credential, CredentialKind, Issued
from catalog.credentials.making import Maker, Wanted, fault_of_rotation, fault_of_wanted
from catalog.credentials.questions import ORDERS, Chosen, Sort, behind
from catalog.credentials.rights import UNKNOWN, holds, may_issue
from catalog.credentials.table import add, by_key, credential_of, find, replace
from catalog.credentials.telling import current_of
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.publishing.transaction import Also
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials

COUNTED: Final = 1_000
"""Of each question, at most: that there are more is enough to know."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """In which order credentials are shown."""

    sort: Sort = "ends"
    descending: bool = False


_FIRST: Final = Sorting()


class CredentialDesk:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        maker: Maker,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        published: CurrentPublished,
        republish: Republish,
    ) -> None:
        self._store = store
        self._maker = maker
        self._audit = audit
        self._clock = clock
        self._view = view
        self._published = published
        self._republish = republish
        self._asking = Asking(view, published, clock)

    async def page(
        self, principal: Principal, chosen: Chosen, limit: int, after: str | None = None, order: Sorting = _FIRST
    ) -> tuple[Credential, ...] | None:
        """At most `limit` of those that are the principal's to see, the ones that end first first unless another
        order is asked for, from behind the one with the key id `after`; None where there is no such one to go on
        from."""
        columns = ORDERS[order.sort]
        query = self._asking.narrowed(sa.select(credentials), principal, chosen)
        if after is not None:
            place = await self._store.one(sa.select(*columns).where(credentials.c.key_id == after))
            if place is None:
                return None
            query = query.where(behind(order.sort, place, descending=order.descending))
        sorted_by = (each.desc() for each in columns) if order.descending else columns
        rows = await self._store.all(query.order_by(*sorted_by).limit(limit))
        return tuple(credential_of(row._mapping) for row in rows)

    async def count(self, principal: Principal, chosen: Chosen) -> int:
        """How many are the principal's to see; `COUNTED` stands for that and more."""
        some = self._asking.narrowed(sa.select(credentials.c.key_id), principal, chosen).limit(COUNTED).subquery()
        row = await self._store.one(sa.select(sa.func.count()).select_from(some))
        return 0 if row is None else int(row[0])

    async def find(self, principal: Principal, key_id: str) -> Credential | Refusal:
        """One by its key id."""
        row = await self._store.one(by_key(key_id))
        found = None if row is None else credential_of(row._mapping)
        return UNKNOWN if found is None or not holds(principal, found.team) else found

    async def issue(self, principal: Principal, wanted: Wanted, *, request_id: str = "") -> Issued | Refusal:
        """A new credential for an application. Its text is in the answer, and nowhere else."""
        published, view = self._published(), self._view()
        application = None if published is None else published.applications.get(wanted.application)
        if application is None or published is None or view is None:
            return Refusal("resource-not-found", f"There is no application {wanted.application!r}.")
        consumer = view.consumers.consumers.get(application.consumer)
        refusal = may_issue(
            principal,
            application,
            {each.api: each.owner for each in published.contracts.versions},
            acting=None if consumer is None else consumer.team,
            team=wanted.team,
        )
        refusal = refusal or fault_of_wanted(wanted, application, Members(view.teams), view.file.credentials)
        if refusal is not None:
            return refusal
        issued, digest = self._maker.make(wanted, principal.name, int(self._clock()))

        async def act(connection: AsyncConnection) -> Refusal | None:
            await add(connection, issued.credential, digest)
            await self._record(connection, issued.credential, "issued", principal, wanted.purpose, request_id)
            return None

        refusal = await self._do(issued.credential.kind, act)
        return refusal or issued

    async def rotate(
        self,
        principal: Principal,
        key_id: str,
        overlap_until: int,
        expires_days: int | None = None,
        *,
        request_id: str = "",
    ) -> Issued | Refusal:
        """A successor like it, good at once; the old one stays good until `overlap_until` (Unix seconds).

        The successor lives as long as the old one was meant to, where no number of days is given.
        """
        view, now = self._view(), int(self._clock())
        known = await self.find(principal, key_id)
        if isinstance(known, Refusal):
            return known
        if view is None:
            return Refusal("state-conflict", "There is no estate in force.")
        if known.is_public:
            detail = "Its client makes the next one: add that to the application in the estate, beside this one."
            return Refusal("state-conflict", detail, current_of(known, now))
        policy = view.file.credentials
        days = min((known.expires_at - known.created_at) // DAY, policy.max_days)
        refusal = fault_of_rotation(overlap_until, expires_days, now, policy)
        if refusal is not None:
            return refusal
        issued, digest = self._maker.succeed(known, principal.name, now, expires_days or days)

        async def act(connection: AsyncConnection) -> Refusal | None:
            old = await find(connection, key_id)
            if old is None or old.successor or not old.is_good(now):
                detail = "Only a good credential is replaced, and only once."
                return Refusal("state-conflict", detail, current_of(old, now))
            await add(connection, issued.credential, digest)
            until = min(overlap_until, old.expires_at)
            replaced = msgspec.structs.replace(old, successor=issued.key_id, overlap_until=until)
            await replace(connection, replaced)
            reason = f"replaced by {issued.key_id}"
            await self._record(connection, replaced, "rotated", principal, reason, request_id)
            return None

        refusal = await self._do(known.kind, act)
        return refusal or issued

    async def hand_over(
        self, principal: Principal, key_id: str, team: str, owner: str, reason: str, *, request_id: str = ""
    ) -> Credential | Refusal:
        """Lets another member answer for it: said by who holds it now, or by security members and operators."""
        view = self._view()
        members = None if view is None else Members(view.teams)
        member = None if members is None else members.by_name.get(owner)
        if member is None or team not in member.memberships:
            return Refusal("resource-not-found", f"Team {team!r} has no member {owner!r}.")
        async with self._store.write() as connection:
            found = await find(connection, key_id)
            if found is None or not holds(principal, found.team):
                return UNKNOWN
            made = msgspec.structs.replace(found, team=team, owner=owner)
            await replace(connection, made)
            await self._record(connection, made, "handed-over", principal, reason, request_id)
        return made

    async def _do(self, kind: CredentialKind, act: Also) -> Refusal | None:
        """In a publication where gateways have to be told, which check such keys themselves."""
        if kind in GATEWAY_KINDS:
            outcome = await self._republish(act)
            return outcome if isinstance(outcome, Refusal) else None
        async with self._store.write() as connection:
            return await act(connection)

    async def _record(
        self,
        connection: AsyncConnection,
        credential: Credential,
        action: str,
        principal: Principal,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject=credential.kind,
            action=action,
            object=f"{credential.application}/{credential.key_id}",
            actor=principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)
