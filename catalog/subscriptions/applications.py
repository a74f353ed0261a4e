"""The applications in force, as those see them to whom they belong, and those who own or decide.

There may be hundreds of thousands: they are put in order once for each snapshot, and a page reads no more than it
shows.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.calendar.entries import CurrentView
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished, Published
from catalog.refusal import Refusal
from catalog.subscriptions.rights import acting_right, oversees, own_consumers
from contracts.access import Application

UNKNOWN = Refusal("resource-not-found", "There is no such application, or it is another's.")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which are sought. `text` is part of the client id or the name, in whatever case."""

    consumer: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Order:
    """The client ids in order, all and by consumer."""

    published: Published
    ids: Sequence[str]
    by_consumer: Mapping[str, Sequence[str]]


class Applications:
    """Whose they are is looked up in the estate in force."""

    def __init__(self, view: CurrentView, published: CurrentPublished) -> None:
        self._view = view
        self._published = published
        self._order: _Order | None = None

    def find(self, principal: Principal, client_id: str) -> Application | Refusal:
        """One that is the principal's to see."""
        published = self._published()
        found = None if published is None else published.applications.get(client_id)
        if found is None or not self.sees(principal, found.consumer):
            return UNKNOWN
        return found

    def sees(self, principal: Principal, consumer: str) -> bool:
        """Whether a consumer's applications are the principal's to see."""
        return oversees(principal) or acting_right(principal, self._view(), consumer) is not None

    def own(self, principal: Principal) -> tuple[Application, ...]:
        """All for whose consumer the principal acts, by client id."""
        order = self._ordered()
        if order is None:
            return ()
        consumers = own_consumers(principal, self._view())
        ids = sorted(each for name in consumers for each in order.by_consumer.get(name, ()))
        return tuple(order.published.applications[each] for each in ids)

    def page(
        self, principal: Principal, sought: Sought, limit: int, after: str | None = None
    ) -> tuple[Application, ...]:
        """At most `limit` that are the principal's to see, by client id, from behind `after`."""
        order = self._ordered()
        if order is None:
            return ()
        ids = self._ids(principal, sought, order)
        start = 0 if after is None else bisect_right(ids, after)
        found: list[Application] = []
        for each in _matching(order.published, ids, start, sought.text.casefold()):
            found.append(each)
            if len(found) == limit:
                break
        return tuple(found)

    def _ids(self, principal: Principal, sought: Sought, order: _Order) -> Sequence[str]:
        if sought.consumer is not None:
            return order.by_consumer.get(sought.consumer, ()) if self.sees(principal, sought.consumer) else ()
        if oversees(principal):
            return order.ids
        own = own_consumers(principal, self._view())
        return sorted(each for name in own for each in order.by_consumer.get(name, ()))

    def _ordered(self) -> _Order | None:
        published = self._published()
        if published is None:
            return None
        if self._order is None or self._order.published is not published:
            by_consumer: dict[str, list[str]] = {}
            ids = sorted(published.applications)
            for each in ids:
                by_consumer.setdefault(published.applications[each].consumer, []).append(each)
            self._order = _Order(published, ids, by_consumer)
        return self._order


def _matching(published: Published, ids: Sequence[str], start: int, text: str) -> Iterator[Application]:
    for at in range(start, len(ids)):
        each = published.applications[ids[at]]
        if not text or text in each.client_id or text in each.name.casefold():
            yield each
