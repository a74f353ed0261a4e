"""What waits for whoever has just logged in: by role, as the admin API answers them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.credentials.rights import GUARDS
from catalog.portal.visit import Refused, Visit
from catalog.subscriptions.rights import OVERSEERS
from contracts.estate_words import Role

_MOST: Final = 100
"""So many of a kind are counted."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Things of a kind, and the page that has them. `more` says that there are more than `count`."""

    kind: str
    count: int
    more: bool
    path: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """`roles` are those who decide; without any it waits for everybody whom it is shown. `others` is the page of
    those who have none of them, and see what is theirs elsewhere; without one it does not wait for them."""

    name: str
    operation: str
    query: Mapping[str, Any]
    path: str
    roles: tuple[Role, ...] = ()
    others: str = ""


_KINDS: Final = (
    _Kind("changes", "listChanges", {"state": "proposed"}, "/changes?state=proposed", OVERSEERS),
    _Kind(
        "requests",
        "listSubscriptionRequests",
        {"state": "requested", "mine": True},
        "/subscriptions?state=requested&mine=yes",
    ),
    _Kind(
        "registrations",
        "listRegistrations",
        {"state": "pending"},
        "/security/registrations?state=pending",
        GUARDS,
        "/applications",
    ),
    _Kind("extensions", "listExtensions", {"state": "requested"}, "/calendar", OVERSEERS),
    _Kind("to-do", "listToDo", {}, "/todo"),
    _Kind("credentials", "listCredentials", {"ending_days": 30}, "/security/ledger?ending_days=30"),
)


async def waiting(visit: Visit) -> list[Waiting]:
    """The kinds of which there is something; what is not for this reader is left out."""
    found = []
    for kind in _KINDS:
        decides = not kind.roles or visit.may(*kind.roles)
        if not decides and not kind.others:
            continue
        try:
            listed = await visit.ask(kind.operation, limit=_MOST, **kind.query)
        except Refused:
            continue
        if listed["items"]:
            path = kind.path if decides else kind.others
            found.append(Waiting(kind.name, len(listed["items"]), bool(listed["next"]), path))
    return found
