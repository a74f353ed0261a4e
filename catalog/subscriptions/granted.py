"""The estate as it is in force: with what is granted beside it, to its own applications and to registered ones.

Whoever asks who is subscribed to what, to warn them or to show it, asks this and not the files.
"""

from dataclasses import replace

import msgspec

from catalog.publishing.published import CurrentPublished, Published
from contracts.access import Application
from contracts.estate.estate import CurrentEstate, Estate
from contracts.estate_files import ApplicationEntry, ConsumersFile, SubscriptionEntry


class GrantedEstate:
    """The estate in force with the subscriptions in force, made anew when one of them is another."""

    def __init__(self, estate: CurrentEstate, published: CurrentPublished) -> None:
        self._estate = estate
        self._published = published
        self._made: tuple[Estate, Published, Estate] | None = None

    def __call__(self) -> Estate | None:
        estate, published = self._estate(), self._published()
        if estate is None or published is None:
            return estate
        if self._made is None or self._made[0] is not estate or self._made[1] is not published:
            self._made = (estate, published, as_granted(estate, published))
        return self._made[2]


def as_granted(estate: Estate, published: Published) -> Estate:
    """The estate with the subscriptions that are published. What nobody has granted beside it stays as it is."""
    consumers = estate.consumers.consumers
    granted: dict[str, dict[str, ApplicationEntry]] = {}
    for application in published.applications.values():
        entry = consumers.get(application.consumer)
        if entry is None:
            continue
        subscriptions = _subscriptions(application)
        known = entry.applications.get(application.client_id)
        if known is None:
            known = ApplicationEntry(title=application.name)
        elif {_key(each) for each in subscriptions} <= {_key(each) for each in known.subscriptions}:
            continue  # as the files have it; those to drafts are not published
        made = msgspec.structs.replace(known, subscriptions=subscriptions)
        granted.setdefault(application.consumer, {})[application.client_id] = made
    entries = {
        name: entry
        if name not in granted
        else msgspec.structs.replace(entry, applications={**entry.applications, **granted[name]})
        for name, entry in consumers.items()
    }
    return replace(estate, consumers=ConsumersFile(entries))


def _subscriptions(application: Application) -> tuple[SubscriptionEntry, ...]:
    return tuple(
        SubscriptionEntry(api=each.api, version=each.version, plan=each.plan, scopes=each.scopes)
        for each in application.subscriptions
    )


def _key(each: SubscriptionEntry) -> tuple[str, str, str, tuple[str, ...]]:
    return each.api, each.version, each.plan, each.scopes
