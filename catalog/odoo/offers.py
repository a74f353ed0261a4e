"""What a contract offers beyond plain operations: how lists go on, many at once, no lost updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from catalog.odoo.schemas import Property

MOST_OFFSET: Final = 100_000
_CURSOR_KINDS: Final = frozenset({"char", "selection", "date", "datetime"})
_KEPT_FINER: Final = frozenset({"create_date", "write_date"})

Paging = Literal["offset", "cursor", "both"]
Etag = Literal["none", "offered", "required"]


@dataclass(frozen=True, slots=True)
class Offers:
    """`bulk` is how many records one request may create (0: one at a time), `merge` that a change leaves those
    records of a list alone that it does not name."""

    paging: Paging = "offset"
    bulk: int = 0
    etag: Etag = "offered"
    merge: bool = False

    @property
    def by_cursor(self) -> bool:
        return self.paging != "offset"

    @property
    def by_offset(self) -> bool:
        return self.paging != "cursor"


PLAIN: Final = Offers()


def sortable(properties: Sequence[Property], offers: Offers) -> dict[str, str]:
    """Properties that a list can be sorted by, with their fields. A cursor needs a value that is always there, and
    that Odoo compares as it orders by it."""
    return {
        each.name: each.facts.name
        for each in properties
        if each.answer is not None
        and each.facts.stored
        and each.facts.sortable
        and each.facts.type not in ("many2one", "one2many", "many2many", "text", "html", "boolean")
        and (not offers.by_cursor or _goes_on(each))
    }


def _goes_on(each: Property) -> bool:
    facts = each.facts
    return facts.required and facts.type in _CURSOR_KINDS and facts.name not in _KEPT_FINER


def paging_of(offers: Offers, page: tuple[int, int]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The mapping's `paging` and the query parameters; `page` is how many records are on one, and at most."""
    default, most = page
    paging: dict[str, Any] = {"limit": "limit"}
    parameters = [
        _query(
            "limit",
            "The most records on a page.",
            {"type": "integer", "minimum": 1, "maximum": most, "default": default},
        )
    ]
    if offers.by_offset:
        schema = {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET}
        paging["offset"] = "offset"
        # With a cursor beside it, an offset is not there unless it is given.
        schema |= {} if offers.by_cursor else {"default": 0}
        parameters.append(_query("offset", "How many records to skip.", schema))
    if offers.by_cursor:
        paging["cursor"] = "after"
        about = "The `next` of the page before, to go on behind it."
        parameters.append(_query("after", about, {"type": "string", "minLength": 1, "maxLength": 2_048}))
    return {**paging, "default": default, "maximum": most}, parameters


def sort_parameter(fields: Mapping[str, str]) -> dict[str, Any]:
    """The query parameter of a list that can be sorted."""
    values = [f"{sign}{name}" for name in fields for sign in ("", "-")]
    about = "What to sort by, with a leading minus downwards; else the newest come first."
    return _query("sort", about, {"type": "string", "enum": values})


def _query(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def if_match(etag: Etag) -> dict[str, Any]:
    """The header field by which a change says which state it is about. Where it has to, that is mediation's to
    demand (428): a parameter that is required would be missed before, as one that does not match the contract."""
    schema = {"type": "string", "maxLength": 1_024}
    about = "The `ETag` of what the change is about. If it is another by now, nothing is done (412)."
    needed = " Without it nothing is done either (428)." if etag == "required" else ""
    return {"name": "If-Match", "in": "header", "description": about + needed, "schema": schema}


IF_NONE_MATCH: Final[Mapping[str, Any]] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "An `ETag` that is known: if it is still that one, the answer is 304.",
    "schema": {"type": "string", "maxLength": 1_024},
}
ETAG: Final[Mapping[str, Any]] = {
    "ETag": {"description": "The state of the record.", "schema": {"type": "string", "maxLength": 256}}
}
