"""Lines of the estate's files."""

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from catalog.explaining.grounds import Ground
from contracts.documents.document import Document, Node, load
from contracts.findings import Place

_FOLLOWED: Final = 8
"""References one after the other, at most."""


class Places:
    """Finds what is asked for in the estate below `root`; each file is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._documents: dict[str, Document | None] = {}

    def of(self, grounds: Iterable[Ground]) -> tuple[Place, ...]:
        """Those that are there, each once."""
        found = (self._of(ground) for ground in grounds)
        return tuple(dict.fromkeys(place for place in found if place is not None))

    def _of(self, ground: Ground) -> Place | None:
        document = self._document(ground.file)
        if document is None:
            return None
        node = next((found for pointer in ground.pointers if (found := document.at(pointer)) is not None), None)
        if node is not None and ground.parameter is not None:
            node = self._parameter(node, *ground.parameter)
        return None if node is None else node.key_place

    def _document(self, file: str) -> Document | None:
        if file not in self._documents:
            path = self._root / file
            self._documents[file] = load(path, file)[0] if path.is_file() else None
        return self._documents[file]

    def _parameter(self, operation: Node, location: str, name: str) -> Node | None:
        """Where an operation has a parameter: among its own before those of its path (OAS 3.1 §4.8.10)."""
        path = operation.document.at(operation.pointer.rpartition("/")[0])
        for holder in (operation, path):
            listed = None if holder is None else holder.get("parameters")
            for entry in listed.items() if listed is not None else ():
                said = self._followed(entry)
                if said.text("in") == location and (said.text("name") or "").lower() == name.lower():
                    return entry
        return None

    def _followed(self, node: Node) -> Node:
        """What a reference leads to; the node itself where it is none, or leads nowhere."""
        for _ in range(_FOLLOWED):
            reference = node.text("$ref")
            if reference is None:
                break
            file, _, pointer = reference.partition("#")
            beside = posixpath.dirname(node.document.file)
            document = self._document(posixpath.normpath(posixpath.join(beside, file))) if file else node.document
            found = None if document is None else document.at(pointer)
            if found is None:
                break
            node = found
        return node
