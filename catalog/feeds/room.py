"""All that there is about feeds, put together for those that show it."""

from dataclasses import dataclass

from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.feeds.desk import FeedDesk
from catalog.feeds.endpoint import FeedEndpoint
from catalog.feeds.entries import Entries
from catalog.feeds.rounds import FeedRounds
from catalog.people.directory import Directory
from catalog.revisions.store import RevisionStore
from catalog.storage.engine import Store


@dataclass(frozen=True, slots=True)
class FeedsRoom:
    """`desk` makes and ends feeds, `endpoint` serves them, `rounds` sends what is new."""

    desk: FeedDesk
    endpoint: FeedEndpoint
    rounds: FeedRounds


def feeds_room(
    store: Store,
    pepper: bytes,
    environment: str,
    base: str,
    revisions: RevisionStore,
    view: CurrentView,
    directory: Directory,
    audit: AuditLog,
    clock: Clock,
) -> FeedsRoom:
    """Over a store that was migrated; `base` is the catalog's own address."""
    desk = FeedDesk(store, pepper, environment, audit, clock, view, directory)
    entries = Entries(store, revisions, view)
    return FeedsRoom(
        desk=desk,
        endpoint=FeedEndpoint(desk, entries, base, clock),
        rounds=FeedRounds(store, desk, entries, directory, base, clock),
    )
