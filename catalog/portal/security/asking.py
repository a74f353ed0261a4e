"""What the ledger is asked by an address: filters that hold together, an order, and questions that have a name."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

KINDS: Final = (
    *("client-secret", "api-key", "hmac-key", "member-token"),
    *("jwk", "jwks", "certificate", "signing-key"),
)
STATES: Final = ("active", "replaced", "ended", "expired", "revoked")
ORDERS: Final = ("ends", "created", "last-used", "application", "owner")

FILTERS: Final = (
    *("text", "kind", "state", "application", "consumer", "api", "team", "owner", "scope"),
    *("ending_days", "unused_days", "spare_days", "orphaned"),
)
NUMBERS: Final = ("ending_days", "unused_days", "spare_days")

QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "ending": {"state": "active", "ending_days": "30"},
    "unused": {"unused_days": "90"},
    "over_privileged": {"spare_days": "90"},
    "orphaned": {"orphaned": "true"},
    "replaced": {"state": "replaced"},
}
"""What `countCredentials` counts, as the filters that show it."""


def chosen_in(given: Mapping[str, str]) -> dict[str, str]:
    """The filters of an address, a form or a saved view; what is empty is not asked."""
    return {name: text for name in FILTERS if (text := given.get(name, "").strip())}


def order_in(given: Mapping[str, str]) -> str:
    """The order that is asked for; by the end where it is none."""
    order = given.get("order", "")
    return order if order.removeprefix("-") in ORDERS else ORDERS[0]


def address_of(given: Mapping[str, str], **more: str) -> str:
    """The query of an address with these parameters, and others in their place or beside them."""
    return urlencode({name: value for name, value in {**given, **more}.items() if value})


def body_of(chosen: Mapping[str, str]) -> dict[str, object]:
    """The same filters as members of a body, typed as the admin API has them; a number that is none stays a text,
    which it then refuses."""
    return {name: _typed(name, text) for name, text in chosen.items()}


def _typed(name: str, text: str) -> object:
    if name == "orphaned":
        return text == "true"
    return int(text) if name in NUMBERS and text.isdecimal() else text
