"""Builds a document's value from the events of a reader, with the place of every value, within bounds."""

from dataclasses import dataclass
from typing import Any, Final

from contracts.documents.spot import Noted
from contracts.findings import Finding, Place

MAX_NODES: Final = 2_000_000
MAX_DEPTH: Final = 100


class Refused(Exception):
    """The text cannot be read any further; the message says why."""

    def __init__(self, rule: str, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.rule, self.message, self.line, self.column = rule, message, line, column


@dataclass(slots=True, eq=False)
class Built:
    """A finished value; `nodes` counts it with all below it, aliases expanded; `height` is its nesting."""

    value: Any
    spot: Noted
    nodes: int
    height: int


@dataclass(slots=True, eq=False)
class _Frame:
    value: dict[str, Any] | list[Any]
    spot: Noted
    anchor: str | None
    key: str | None = None
    key_line: int = 0
    key_column: int = 0
    dropped: bool = False
    nodes: int = 1
    height: int = 1


class Builder:
    """Takes events in document order. Raises Refused beyond the bounds; lesser faults become findings."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Built] = {}
        self._root: Built | None = None

    def result(self) -> tuple[Any, Noted]:
        """The finished document."""
        if self._root is None:
            raise Refused("empty-document", "the file holds no document", 1, 1)
        return self._root.value, self._root.spot

    def finding(self, rule: str, message: str, line: int, column: int) -> None:
        self.findings.append(Finding(Place(self.file, line, column), rule, message))

    @property
    def wants_key(self) -> bool:
        """Whether the next event is a mapping's key."""
        if not self._stack:
            return False
        frame = self._stack[-1]
        return isinstance(frame.value, dict) and frame.key is None

    def key(self, text: str, line: int, column: int) -> None:
        """A mapping's key. A duplicate is reported with both places, and its value dropped."""
        frame = self._stack[-1]
        children = frame.spot.children
        assert isinstance(children, dict)
        frame.key, frame.key_line, frame.key_column = text, line, column
        frame.dropped = text in children
        if frame.dropped:
            first_line, first_column, _ = children[text]
            self.finding(
                "duplicate-key",
                f"the key {quote(text)} stands here again; it is first at {first_line}:{first_column}",
                line,
                column,
            )

    def refuse_key(self, rule: str, message: str, line: int, column: int) -> None:
        """A key that is none: reported, and its value dropped."""
        frame = self._stack[-1]
        frame.key, frame.dropped = "", True
        self.finding(rule, message, line, column)

    def scalar(self, value: Any, line: int, column: int, anchor: str | None = None) -> None:
        self._attach(Built(value, Noted(line, column), 1, 0), anchor)

    def open(self, value: dict[str, Any] | list[Any], line: int, column: int, anchor: str | None = None) -> None:
        """Starts a mapping or an array (given empty)."""
        if len(self._stack) >= MAX_DEPTH:
            raise Refused("document-too-deep", f"values are nested deeper than {MAX_DEPTH}", line, column)
        self._stack.append(_Frame(value, Noted(line, column, {} if isinstance(value, dict) else []), anchor))

    def close(self) -> None:
        """Ends the innermost mapping or array."""
        frame = self._stack.pop()
        self._attach(Built(frame.value, frame.spot, frame.nodes, frame.height), frame.anchor)

    def alias(self, anchor: str, line: int, column: int) -> None:
        """A YAML alias: the anchored value stands here too, and counts again."""
        if any(frame.anchor == anchor for frame in self._stack):
            raise Refused("yaml-syntax", f"the alias `*{anchor}` refers to a value that holds it", line, column)
        built = self._anchors.get(anchor)
        if built is None:
            raise Refused("yaml-syntax", f"the alias `*{anchor}` has no anchor before it", line, column)
        self._attach(built, None)

    def _attach(self, built: Built, anchor: str | None) -> None:
        spot = built.spot
        if len(self._stack) + built.height > MAX_DEPTH:
            raise Refused(
                "document-too-deep", f"values are nested deeper than {MAX_DEPTH}", spot.line, spot.column
            )
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._stack:
            self._root = built
            return
        frame = self._stack[-1]
        frame.nodes += built.nodes
        frame.height = max(frame.height, built.height + 1)
        if frame.nodes > MAX_NODES:
            raise Refused(
                "document-too-large", f"the document has more than {MAX_NODES} values", spot.line, spot.column
            )
        children = frame.spot.children
        if isinstance(frame.value, list):
            assert isinstance(children, list)
            frame.value.append(built.value)
            children.append(spot)
            return
        assert isinstance(children, dict)
        assert frame.key is not None
        if not frame.dropped:
            frame.value[frame.key] = built.value
            children[frame.key] = (frame.key_line, frame.key_column, spot)
        frame.key = None


def quote(text: str, most: int = 80) -> str:
    """The text in backquotes, on one line and cut to `most` characters, for a message."""
    flat = "".join(character if character.isprintable() else " " for character in text)
    return f"`{flat if len(flat) <= most else flat[: most - 1] + '…'}`"
