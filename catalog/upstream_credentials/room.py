"""All that there is about upstream credentials, put together for those that show it."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.publishing.published import CurrentPublished
from catalog.storage.engine import Store
from catalog.upstream_credentials.delivery import SecretDelivery
from catalog.upstream_credentials.desk import UpstreamDesk
from catalog.upstream_credentials.opening import Opening
from catalog.upstream_credentials.reminders import UpstreamRounds
from catalog.upstream_credentials.settings import Sealing


@dataclass(frozen=True, slots=True)
class UpstreamRoom:
    """`desk` sets and ends, `rounds` remind, `delivery` gives to gateways, `opening` to the catalog itself."""

    desk: UpstreamDesk
    rounds: UpstreamRounds
    delivery: SecretDelivery
    opening: Opening
    published: CurrentPublished
    clock: Clock


def upstream_room(
    store: Store,
    sealing: Sealing,
    signing_key: Ed25519PrivateKey,
    environment: str,
    view: CurrentView,
    published: CurrentPublished,
    audit: AuditLog,
    clock: Clock,
) -> UpstreamRoom:
    """Over a store that was migrated."""
    delivery = SecretDelivery(store, sealing, signing_key, environment, published, audit)
    desk = UpstreamDesk(store, sealing.keyring, environment, audit, clock, view, published, delivery.changed)
    opening = Opening(store, sealing.keyring, environment, audit)
    return UpstreamRoom(desk, UpstreamRounds(store, view, clock), delivery, opening, published, clock)
