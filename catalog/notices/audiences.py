"""Who is told: the team of an API, its consumers one by one, and members by their role. No I/O."""

from collections.abc import Iterable

import msgspec

from catalog.calendar.entries import CalendarEntry, EstateView
from catalog.people.members import Members
from contracts.estate_words import Role


class Audience(msgspec.Struct, frozen=True):
    """Who gets the same message. `id` tells it from others in a notice's key.

    A consumer never learns who else calls: each is an audience of its own, with its `applications`.
    """

    id: str
    recipients: tuple[str, ...]
    consumer: str | None = None
    applications: tuple[str, ...] = ()


def owner_of(view: EstateView, api: str) -> Audience:
    """The API's contact, and those of the owning team who decide about it."""
    entry = view.apis[api]
    owners = (each.email for each in Members(view.teams).holders("api-owner", entry.owner))
    return Audience("owner", distinct([entry.contact, *owners]))


def consumers_of(view: EstateView, entry: CalendarEntry) -> tuple[Audience, ...]:
    """Each consumer that is subscribed to the version, with those of its applications that are."""
    applications: dict[str, list[str]] = {}
    for each in entry.subscribers:
        applications.setdefault(each.consumer, []).append(each.application)
    return tuple(consumer_of(view, name, tuple(found)) for name, found in sorted(applications.items()))


def consumer_of(view: EstateView, consumer: str, applications: tuple[str, ...]) -> Audience:
    """One consumer; nobody is reached where it is gone from the estate."""
    entry = view.consumers.consumers.get(consumer)
    recipients = () if entry is None else (entry.contact,)
    return Audience(f"consumer:{consumer}", recipients, consumer, applications)


def holders_of(view: EstateView, *roles: Role) -> Audience:
    """Everyone who has one of these roles, in whichever team."""
    members = Members(view.teams)
    return Audience("+".join(roles), distinct(each.email for role in roles for each in members.holders(role)))


def member_of(view: EstateView, name: str) -> Audience:
    """One member; nobody is reached who is gone."""
    member = Members(view.teams).by_name.get(name)
    return Audience(f"member:{name}", () if member is None else (member.email,))


def distinct(addresses: Iterable[str]) -> tuple[str, ...]:
    """In order; an address in two spellings is one (RFC 5321 §2.4 leaves the local part's case to its host)."""
    found: dict[str, str] = {}
    for each in addresses:
        if each:
            found.setdefault(each.lower(), each)
    return tuple(found.values())
