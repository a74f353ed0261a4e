"""Where a value stands in a text, and what is in it: noted while the text was read, or found when asked for."""

from dataclasses import dataclass
from typing import Protocol


class Spot(Protocol):
    """Where a value starts (1-based), and its children: of a mapping with the places of their keys."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int:
        """In characters."""

    @property
    def children(self) -> "Children | None":
        """None of a scalar."""


Children = dict[str, tuple[int, int, Spot]] | list[Spot]


@dataclass(slots=True, eq=False)
class Noted:
    """A spot that is known."""

    line: int
    column: int
    children: Children | None = None


def moved(spot: Spot, lines: int) -> Noted:
    """The same in a text that has more lines before it."""
    children = spot.children
    if isinstance(children, dict):
        children = {
            key: (line + lines, column, moved(child, lines)) for key, (line, column, child) in children.items()
        }
    elif children is not None:
        children = [moved(child, lines) for child in children]
    return Noted(spot.line + lines, spot.column, children)
