"""One action on many credentials, whichever question to the ledger finds them: all of them or none.

The same question asks first who is hit, and its answer has a name by which the action is then held to it. Every
method raises SQLAlchemyError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.credentials import table
from catalog.credentials.asking import Asking
from catalog.credentials.credential import Credential, Issued
from catalog.credentials.making import Maker
from catalog.credentials.questions import Chosen
from catalog.credentials.reach import Reached, called_in_a_day, name_of
from catalog.credentials.reminders import revoked
from catalog.credentials.table import credential_of, good_at
from catalog.credentials.telling import current_of
from catalog.notices.outbox import post
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials
from contracts.estate_files import CredentialsEntry

MOST: Final = 1_000
"""Credentials of one action; more are asked for in parts."""

Action: TypeAlias = Literal["rotate", "revoke", "extend", "hand-over"]

DONE: Final[Mapping[Action, str]] = {
    "rotate": "rotated",
    "revoke": "revoked",
    "extend": "extended",
    "hand-over": "handed-over",
}
"""What the audit log calls them."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done. `overlap_until` (Unix seconds) is for `rotate`; `expires_days`, from now on, for
    `rotate` and `extend`; `team` and `owner` are for `hand-over`. With `expected`, it has to hit so many; with
    `preview`, exactly what the answer of that name has shown, as it was then."""

    action: Action
    reason: str
    overlap_until: int = 0
    expires_days: int | None = None
    team: str = ""
    owner: str = ""
    expected: int | None = None
    preview: str = ""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Who was hit, or would be: the credentials as they are then, and their applications' last day. `issued` are
    the successors of a rotation, with their secrets. `preview` names the answer."""

    credentials: tuple[Credential, ...]
    reached: Reached
    issued: tuple[Issued, ...] = ()
    preview: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """Of one credential: as it was, as it is to be, and its successor with the digest, where it gets one."""

    before: Credential
    after: Credential
    successor: tuple[Issued, bytes] | None = None


class BulkActions:
    """Acts for whoever holds all that is hit: what another team answers for is neither shown nor touched."""

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

    async def act(
        self, principal: Principal, whose: Chosen, order: Order, *, dry_run: bool = False, request_id: str = ""
    ) -> Hit | Refusal:
        """Does it to all of them, in one transaction and one publication; with `dry_run` nothing is done."""
        view, now = self._view(), int(self._clock())
        if view is None:
            return Refusal("state-conflict", "There is no estate in force.")
        if whose == Chosen(kind=whose.kind, state=whose.state):
            return _wrong("", "selection", "say whose: all credentials of a catalog are never meant")
        refusal = _fault(order, Members(view.teams), view.file.credentials, now)
        if refusal is not None:
            return refusal
        found = await self._found(principal, whose)
        if len(found) > MOST:
            return _wrong("", "maximum", f"it would hit more than {MOST} credentials: ask for them in parts")
        make = self._change(order, principal.name, now, view.file.credentials)
        changes = [made for made in map(make, found) if made is not None]
        if late := [each.before.key_id for each in changes if _lives_too_long(each.after, view.file.credentials)]:
            detail = f"{', '.join(late[:5])} would live longer than the estate lets any."
            return Refusal("state-conflict", detail, {"current": {"credentials": late}})
        hit = await self._hit(changes, order)
        if order.preview and order.preview != hit.preview:
            detail = "It would not hit what the preview has shown any more; nothing was done. Look again."
            return Refusal("state-conflict", detail, {"current": {"preview": hit.preview}})
        if order.expected is not None and order.expected != len(changes):
            detail = f"It would hit {len(changes)} credentials, and {order.expected} were expected."
            return Refusal("state-conflict", detail, {"current": {"credentials": [*hit.reached.credentials]}})
        if dry_run or not changes:
            return msgspec.structs.replace(hit, issued=())

        async def act(connection: AsyncConnection) -> Refusal | None:
            for change in changes:
                refusal = await self._apply(connection, change, order, principal, request_id)
                if refusal is not None:
                    return refusal
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else hit

    async def _found(self, principal: Principal, whose: Chosen) -> list[Credential]:
        query = self._asking.narrowed(sa.select(credentials).where(good_at(self._clock())), principal, whose)
        order = credentials.c.application, credentials.c.key_id
        rows = await self._store.all(query.order_by(*order).limit(MOST + 1))
        return [credential_of(row._mapping) for row in rows]

    def _change(
        self, order: Order, by: str, now: int, policy: CredentialsEntry
    ) -> Callable[[Credential], _Change | None]:
        """What becomes of a credential; None where nothing does."""

        def revoke(each: Credential) -> _Change:
            made = msgspec.structs.replace(each, revoked_at=now, revoked_by=by, revoked_reason=order.reason)
            return _Change(each, made)

        def extend(each: Credential) -> _Change | None:
            expires = now + (order.expires_days or 0) * DAY
            if each.successor or expires <= each.expires_at or each.kind == "certificate":
                return None  # it is to end, ends later already, or says itself when it ends
            return _Change(each, msgspec.structs.replace(each, expires_at=expires))

        def hand_over(each: Credential) -> _Change:
            return _Change(each, msgspec.structs.replace(each, team=order.team, owner=order.owner))

        def rotate(each: Credential) -> _Change | None:
            if each.successor or each.is_public:
                return None  # its client makes the next one
            days = order.expires_days or min((each.expires_at - each.created_at) // DAY, policy.max_days)
            issued, digest = self._maker.succeed(each, by, now, days)
            until = min(order.overlap_until, each.expires_at)
            made = msgspec.structs.replace(each, successor=issued.key_id, overlap_until=until)
            return _Change(each, made, (issued, digest))

        return {"revoke": revoke, "extend": extend, "hand-over": hand_over, "rotate": rotate}[order.action]

    async def _hit(self, changes: list[_Change], order: Order) -> Hit:
        published = self._published()
        known = {} if published is None else published.applications
        names = sorted({each.before.application for each in changes})
        return Hit(
            credentials=tuple(each.after for each in changes),
            reached=Reached(
                applications={name: known[name].consumer if name in known else "" for name in names},
                credentials=tuple(each.before.key_id for each in changes),
                called=await called_in_a_day(self._store, names, self._clock()),
            ),
            issued=tuple(each.successor[0] for each in changes if each.successor is not None),
            preview=name_of(
                msgspec.structs.replace(order, reason="", expected=None, preview=""),
                tuple(_decided(each.before) for each in changes),
            ),
        )

    async def _apply(
        self, connection: AsyncConnection, change: _Change, order: Order, principal: Principal, request_id: str
    ) -> Refusal | None:
        now = int(self._clock())
        found = await table.find(connection, change.before.key_id)
        if found is None or _decided(found) != _decided(change.before):
            detail = f"{change.before.key_id} has changed meanwhile; nothing was done to any."
            return Refusal("state-conflict", detail, current_of(found, now))
        if change.successor is not None:
            issued, digest = change.successor
            await table.add(connection, issued.credential, digest)
        await table.replace(connection, change.after)
        event = Event(
            subject=change.after.kind,
            action=DONE[order.action],
            object=f"{change.after.application}/{change.after.key_id}",
            actor=principal.name,
            reason=order.reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)
        if order.action == "revoke":
            await post(connection, revoked(change.after, self._view()), now)
        return None


def _decided(credential: Credential) -> Credential:
    """All of it but its last use, which goes on meanwhile."""
    return msgspec.structs.replace(credential, last_used_at=None, last_used_from=None, last_used_for=None)


def _lives_too_long(credential: Credential, policy: CredentialsEntry) -> bool:
    return credential.expires_at > credential.created_at + policy.max_days * DAY


def _fault(order: Order, members: Members, policy: CredentialsEntry, now: int) -> Refusal | None:
    if order.expires_days is not None and order.expires_days > policy.max_days:
        return _wrong("/expires_days", "maximum", f"the estate lets none live longer than {policy.max_days} days")
    if order.action == "extend" and order.expires_days is None:
        return _wrong("/expires_days", "required", "say for how many days they are to be good")
    if order.action == "rotate" and order.overlap_until < now:
        return _wrong("/overlap_until", "future", "say until when the old ones are good; not in the past")
    if order.action == "hand-over":
        member = members.by_name.get(order.owner)
        if member is None or order.team not in member.memberships:
            return _wrong("/owner", "member", f"must be a member of the team {order.team!r}")
    return None


def _wrong(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "It is not clear what is to be done.", {"violations": [violation]})
