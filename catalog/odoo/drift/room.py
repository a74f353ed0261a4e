"""All that there is about drift in a catalog, put together for those that show it and keep it."""

from dataclasses import dataclass

from catalog.audit.log import AuditLog
from catalog.calendar.entries import EstateView
from catalog.clock import Clock
from catalog.odoo.drift.places import ContractTexts
from catalog.odoo.drift.rounds import DriftRounds
from catalog.odoo.drift.told import ToldDrift
from catalog.publication import Publisher
from catalog.publishing.published import Published
from catalog.revisions.store import RevisionStore
from catalog.storage.engine import Store
from catalog.upstream_credentials.opening import Opening


@dataclass(frozen=True, slots=True)
class DriftRoom:
    """`rounds` look at Odoos, `told` takes what gateways met."""

    store: Store
    rounds: DriftRounds
    told: ToldDrift


def drift_room(
    store: Store, publisher: Publisher, opening: Opening, audit: AuditLog, clock: Clock, interval: float
) -> DriftRoom:
    """Over a store that was migrated. `interval` is the seconds from one look to the next."""
    texts = ContractTexts(RevisionStore(store), lambda: publisher.pointers)

    def published() -> Published | None:
        return publisher.current

    def view() -> EstateView | None:
        return publisher.estate

    rounds = DriftRounds(store, published, view, texts, opening, audit, clock, interval)
    return DriftRoom(store, rounds, ToldDrift(store, published, view, texts, audit, clock))
