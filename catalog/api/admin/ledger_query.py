"""Which credentials a request asks for, by the parameters that the ledger and the bulk actions share."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from catalog.clock import DAY
from catalog.credentials.desk import Sorting
from catalog.credentials.questions import Chosen

_AS_THEY_ARE: Final = ("application", "consumer", "api", "team", "owner", "kind", "state", "scope")


def chosen_of(given: Mapping[str, Any], now: float) -> Chosen:
    """What is asked for. Days are counted from now."""
    second = int(now)

    def ago(name: str) -> int | None:
        days = given.get(name)
        return None if days is None else second - days * DAY

    ending = given.get("ending_days")
    return Chosen(
        **{name: given.get(name) or None for name in _AS_THEY_ARE},
        ending=None if ending is None else second + ending * DAY,
        unused_since=ago("unused_days"),
        spare_since=ago("spare_days"),
        orphaned=bool(given.get("orphaned")),
        text=given.get("text") or None,
        key_ids=tuple(given.get("key_ids", ())),
    )


def sorting_of(given: Mapping[str, Any]) -> Sorting:
    """In which order, as the contract spells it: a minus turns it round."""
    order: str = given.get("order", "ends")
    made = {"sort": order.removeprefix("-"), "descending": order.startswith("-")}
    return msgspec.convert(made, Sorting)
