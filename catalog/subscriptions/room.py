"""All that there is about partners' applications and subscriptions, put together for those that show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.audit.log import AuditLog
from catalog.calendar.entries import CalendarEntry, CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials.least_privilege import SpareSubscription
from catalog.publishing.published import CurrentPublished
from catalog.storage.engine import Store
from catalog.subscriptions.applications import Applications
from catalog.subscriptions.desk import SubscriptionDesk
from catalog.subscriptions.todo import ToDo, calls_of, todo_of
from catalog.subscriptions.unused import unused_of
from contracts.access import Application


@dataclass(frozen=True, slots=True)
class SubscriptionsRoom:
    """`desk` takes and decides requests, `applications` are those in force. `view` is the estate as its files have
    it."""

    store: Store
    clock: Clock
    view: CurrentView
    published: CurrentPublished
    desk: SubscriptionDesk
    applications: Applications

    async def unused(self, application: Application, since: int) -> tuple[SpareSubscription, ...]:
        """What it was granted and did not use since then (Unix seconds). Raises SQLAlchemyError."""
        published = self.published()
        return () if published is None else await unused_of(self.store, application, published, since)

    async def to_do(
        self, applications: Sequence[Application], entries: Sequence[CalendarEntry], since: int
    ) -> tuple[ToDo, ...]:
        """What these have to change, what is due first first; with their calls since then (Unix seconds).
        `entries` is the calendar. Raises SQLAlchemyError."""
        published = self.published()
        if published is None or not applications:
            return ()
        calls = await calls_of(self.store, [each.client_id for each in applications], since)
        return todo_of(applications, entries, published, calls)


def subscriptions_room(
    store: Store,
    view: CurrentView,
    published: CurrentPublished,
    republish: Republish,
    audit: AuditLog,
    clock: Clock,
) -> SubscriptionsRoom:
    """Over a store that was migrated."""
    return SubscriptionsRoom(
        store=store,
        clock=clock,
        view=view,
        published=published,
        desk=SubscriptionDesk(store, audit, clock, view, published, republish),
        applications=Applications(view, published),
    )
