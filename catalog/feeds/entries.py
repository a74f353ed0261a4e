"""What is new: about an API what came into force, for a consumer what its contact was told."""

from typing import Final

import sqlalchemy as sa

from catalog.calendar.entries import CurrentView
from catalog.clock import DAY
from catalog.feeds.feed import Entry, FeedKind
from catalog.revisions.store import PublicationRecord, RevisionStore
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import notices

LATEST: Final = 30
"""Entries of a feed: a reader that polls once a day misses none of them."""
DAYS: Final = 90
"""How far back what a consumer was told is looked for."""

_columns = notices.c


class Entries:
    """Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, revisions: RevisionStore, view: CurrentView) -> None:
        self._store = store
        self._revisions = revisions
        self._view = view

    async def of(self, kind: FeedKind, name: str, now: float) -> tuple[Entry, ...]:
        """The latest, the newest first."""
        return await (self._of_api(name) if kind == "api" else self._of_consumer(name, int(now)))

    async def _of_api(self, api: str) -> tuple[Entry, ...]:
        view = self._view()
        entry = None if view is None else view.apis.get(api)
        title = api if entry is None else entry.title
        return tuple(_published(title, each) for each in await self._revisions.history(api, limit=LATEST))

    async def _of_consumer(self, consumer: str, now: int) -> tuple[Entry, ...]:
        # The key of a notice ends with whom it tells.
        told = _columns.key.endswith(f":consumer:{consumer}", autoescape=True)
        since = _columns.created_at >= now - DAYS * DAY
        query = sa.select(_columns.key, _columns.about, _columns.subject, _columns.body, _columns.due_at)
        rows = await self._store.all(
            query.where(told, since, _columns.due_at <= now).order_by(_columns.due_at.desc()).limit(LATEST)
        )
        return tuple(Entry(row.key, row.due_at, row.subject, row.body, _page_about(row.about)) for row in rows)


def _published(title: str, record: PublicationRecord) -> Entry:
    path = f"/portal/apis/{record.unit}"
    if record.revision and record.previous:
        path += f"/changes?from={record.previous}&to={record.revision}"
    what = "is published in a new form" if record.revision else "is no longer published"
    text = f"{title} {what} ({record.kind}, by {record.actor})."
    if record.reason:
        text += f"\n\n{record.reason}"
    return Entry(f"publication:{record.unit}:{record.id}", record.at, f"{title} {what}", text, path)


def _page_about(about: str) -> str:
    """The page of what a notice is about: `orders/v1`, or `subscription-request/7`."""
    kind, _, rest = about.partition("/")
    if kind == "subscription-request":
        return f"/portal/subscriptions/{rest}"
    return f"/portal/calendar/{about}" if rest.startswith("v") else "/portal/todo"
