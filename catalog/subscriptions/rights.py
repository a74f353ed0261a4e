"""Whose application is whose, and who decides about its subscriptions. No I/O.

For a consumer act the partner developers of its team. Its applications are also seen by those who own APIs or
decide, and by nobody else: partners do not learn of each other.
"""

from typing import Final

from catalog.calendar.entries import EstateView
from catalog.people.principal import Principal, Right
from contracts.estate_words import Role

OVERSEERS: Final[tuple[Role, ...]] = ("api-owner", "architect", "security", "operator")


def oversees(principal: Principal) -> bool:
    """Whether it sees the applications of all consumers."""
    return any(principal.right(role) is not None for role in OVERSEERS)


def acting_right(principal: Principal, view: EstateView | None, consumer: str) -> Right | None:
    """By which right the principal acts for a consumer; None for none."""
    entry = None if view is None else view.consumers.consumers.get(consumer)
    if entry is None or entry.team is None:
        return None
    return principal.right("partner-developer", team=entry.team)


def own_consumers(principal: Principal, view: EstateView | None) -> frozenset[str]:
    """The consumers for which the principal acts."""
    if view is None or principal.right("partner-developer") is None:
        return frozenset()
    return frozenset(name for name in view.consumers.consumers if acting_right(principal, view, name) is not None)


def sees(principal: Principal, view: EstateView | None, consumer: str) -> bool:
    """Whether what is about a consumer is the principal's to see."""
    return oversees(principal) or acting_right(principal, view, consumer) is not None


def team_of(view: EstateView | None, consumer: str) -> str | None:
    """The team whose partner developers act for a consumer."""
    entry = None if view is None else view.consumers.consumers.get(consumer)
    return None if entry is None else entry.team


def owned_apis(principal: Principal, view: EstateView | None) -> frozenset[str]:
    """The APIs about whose subscriptions the principal decides."""
    if view is None:
        return frozenset()
    return frozenset(name for name in view.apis if deciding_right(principal, view, name) is not None)


def deciding_right(
    principal: Principal, view: EstateView | None, api: str, without: frozenset[str] = frozenset()
) -> Right | None:
    """By which right the principal decides who may call an API: as an owner of it. Nobody in `without` counts,
    neither as who acts nor as who delegated."""
    entry = None if view is None else view.apis.get(api)
    return None if entry is None else principal.right("api-owner", team=entry.owner, without=without)
