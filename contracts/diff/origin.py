"""Where one side of a schema's change stands, and what it is called there.

Formats of OpenAPI's registry are compared as the bounds or the pattern that they stand for. Nobody wrote those
down: whoever reads of such a change looks for the format.
"""

from dataclasses import dataclass
from typing import Any, Final

from contracts.containment.changes import SchemaChange
from contracts.containment.source import Place
from contracts.diff.changes import said
from contracts.diff.contract import Contract

_IMPLIED: Final = frozenset(("minimum", "maximum", "pattern"))


@dataclass(frozen=True, slots=True)
class Origin:
    """`place` is None where the side says nothing, `format` is empty where it says so itself."""

    place: Place | None
    format: str = ""

    def told(self, value: Any) -> str:
        """The value of this side, for a message."""
        return said(value) + (f" (`format: {self.format}`)" if self.format else "")


def origin(contract: Contract, change: SchemaChange, place: Place | None) -> Origin:
    """Of the side of a change that a contract has at a place."""
    document = contract.documents.get(place[0]) if place is not None else None
    if place is None or document is None or change.kind not in _IMPLIED or document.at(place[1]) is not None:
        return Origin(place)
    holder = document.at(place[1].rpartition("/")[0])
    name = holder.text("format") if holder is not None else None
    return (
        Origin(place) if holder is None or name is None else Origin((place[0], f"{holder.pointer}/format"), name)
    )
