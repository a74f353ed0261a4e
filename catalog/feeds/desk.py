"""A member's feeds: made, listed, ended, and found by their token.

A feed reader has no log-in, and so the token in its address opens the feed, and nothing else. It is good for as
long as the member may see what it is about.
"""

import hmac
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.credentials.secrets import generate, parse
from catalog.feeds.feed import Feed, FeedKind
from catalog.people.directory import Directory
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.subscriptions import feeds
from catalog.subscriptions.rights import acting_right, oversees

MOST: Final = 100
"""Feeds that one member has at most."""
UNKNOWN: Final = Refusal("resource-not-found", "There is no such feed, or it is another's.")

_columns = feeds.c


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed with the only copy of its token."""

    feed: Feed
    token: str = field(repr=False)


class FeedDesk:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        pepper: bytes,
        environment: str,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        directory: Directory,
    ) -> None:
        self._store = store
        self._pepper = pepper
        self._environment = environment
        self._audit = audit
        self._clock = clock
        self._view = view
        self._directory = directory

    async def make(
        self, principal: Principal, kind: FeedKind, name: str, *, mail: bool, request_id: str = ""
    ) -> NewFeed | Refusal:
        """A feed of what the principal may see."""
        if not self._sees(principal, kind, name):
            return Refusal("resource-not-found", f"There is no {kind} {name!r}, or it is another's.")
        secret = generate(self._environment)
        made = Feed(
            key_id=secret.key_id,
            member=principal.name,
            kind=kind,
            name=name,
            mail=mail,
            created_at=int(self._clock()),
        )
        async with self._store.write() as connection:
            mine = sa.select(sa.func.count()).where(_columns.member == made.member, _columns.ended_at.is_(None))
            if (await connection.scalar(mine) or 0) >= MOST:
                return Refusal("state-conflict", f"You have {MOST} feeds; end one of them first.")
            values = {**msgspec.structs.asdict(made), "digest": secret.digest(self._pepper)}
            await connection.execute(sa.insert(feeds).values(**values))
            await self._audit.append(connection, _event(made, "made", request_id))
        return NewFeed(made, secret.text)

    async def list(self, principal: Principal) -> tuple[Feed, ...]:
        """The principal's own, the newest first."""
        query = sa.select(feeds).where(_columns.member == principal.name, _columns.ended_at.is_(None))
        return tuple(map(_of, await self._store.all(query.order_by(_columns.created_at.desc(), _columns.key_id))))

    async def end(self, principal: Principal, key_id: str, *, request_id: str = "") -> Feed | Refusal:
        """Ends one of the principal's own: its address opens nothing any more."""
        async with self._store.write() as connection:
            row = (await connection.execute(sa.select(feeds).where(_columns.key_id == key_id))).one_or_none()
            if row is None or row.member != principal.name:
                return UNKNOWN
            if row.ended_at is not None:
                return Refusal("state-conflict", "It is ended already.")
            ended = msgspec.structs.replace(_of(row), ended_at=int(self._clock()))
            statement = sa.update(feeds).where(_columns.key_id == key_id).values(ended_at=ended.ended_at)
            await connection.execute(statement)
            await self._audit.append(connection, _event(ended, "ended", request_id))
        return ended

    async def open(self, text: str) -> Feed | None:
        """The feed whose token this is, if its member may still see what it is about."""
        secret = parse(text)
        if secret is None:
            return None
        row = await self._store.one(sa.select(feeds).where(_columns.key_id == secret.key_id))
        if row is None or not hmac.compare_digest(row.digest, secret.digest(self._pepper)):
            return None
        found = _of(row)
        return found if found.ended_at is None and await self.is_good(found) else None

    async def mailed(self) -> tuple[Feed, ...]:
        """Those whose news come by e-mail, too."""
        query = sa.select(feeds).where(_columns.mail.is_(True), _columns.ended_at.is_(None))
        return tuple(map(_of, await self._store.all(query.order_by(_columns.key_id))))

    async def is_good(self, feed: Feed) -> bool:
        """Whether its member is still there, and may see what it is about."""
        principal = await self._directory.principal(feed.member)
        return principal is not None and self._sees(principal, feed.kind, feed.name)

    def _sees(self, principal: Principal, kind: FeedKind, name: str) -> bool:
        view = self._view()
        if view is None:
            return False
        if kind == "api":
            return name in view.apis
        known = name in view.consumers.consumers
        return known and (oversees(principal) or acting_right(principal, view, name) is not None)


def _of(row: sa.Row[*tuple[Any, ...]]) -> Feed:
    return Feed(**{name: getattr(row, name) for name in Feed.__struct_fields__})


def _event(feed: Feed, action: str, request_id: str) -> Event:
    return Event(
        subject="feed",
        action=action,
        object=f"{feed.key_id}/{feed.kind}/{feed.name}",
        actor=feed.member,
        request_id=request_id,
    )
