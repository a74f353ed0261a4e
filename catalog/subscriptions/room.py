"""All that there is about partners' applications and subscriptions, put together for those that show it."""

from dataclasses import dataclass

from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.publishing.published import CurrentPublished
from catalog.storage.engine import Store
from catalog.subscriptions.applications import Applications
from catalog.subscriptions.desk import SubscriptionDesk


@dataclass(frozen=True, slots=True)
class SubscriptionsRoom:
    """`desk` takes and decides requests, `applications` are those in force, `view` the estate with all that is
    granted."""

    clock: Clock
    view: CurrentView
    published: CurrentPublished
    desk: SubscriptionDesk
    applications: Applications


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
        clock=clock,
        view=view,
        published=published,
        desk=SubscriptionDesk(store, audit, clock, view, published, republish),
        applications=Applications(view, published),
    )
