"""Changes to a YAML text that leave the rest of it as it is, comments and all.

Only whole members of block mappings are put in, replaced or taken out, at lines that the parser reported. The
new text is parsed again and compared with the value that was meant; where that fails (flow style, unusual
indentation), the value is written anew and the caller is told that comments were lost.
"""

from copy import deepcopy
from typing import Any

from contracts.adopt.yaml_text import dump
from contracts.documents.document import Document, escape, parse, tokens_of


class YamlEdit:
    """A pending change of one document. `text` is what it was parsed from; `value` is what it is to become."""

    def __init__(self, document: Document, text: str) -> None:
        self.value: Any = deepcopy(document.value)
        self._document = document
        self._lines = [line + "\n" for line in text.removeprefix("\ufeff").splitlines()]
        self._edits: list[tuple[int, int, list[str]]] = []
        # A JSON text is written anew: as YAML, it would be one flow mapping.
        self._by_line = not document.file.endswith(".json")

    def put(self, parent: str, key: str, value: Any, *, before: str = "") -> None:
        """Sets the member `key` of the mapping at the pointer `parent`, which the document has.

        A new member stands before the member `before`, or last where there is none of that name.
        """
        self._at(parent)[key] = value
        original = self._original(parent)
        pointer = f"{parent}/{escape(key)}"
        if not original or not self._is_block(parent, original):
            self._by_line = False
        elif key in original:
            start, end = self._extent(pointer)
            self._edits.append((start, end, self._block(parent, original, key, value)))
        else:
            line = (
                self._line_above(f"{parent}/{escape(before)}")
                if before in original
                else self._end(parent, original)
            )
            self._edits.append((line, line, self._block(parent, original, key, value)))

    def remove(self, parent: str, key: str) -> None:
        """Takes out the member `key` of the mapping at the pointer `parent`."""
        mapping = self._at(parent)
        del mapping[key]
        original = self._original(parent)
        # A block mapping without members cannot be written by leaving lines out.
        if not mapping or not self._is_block(parent, original):
            self._by_line = False
        else:
            self._edits.append((*self._extent(f"{parent}/{escape(key)}"), []))

    def result(self) -> tuple[str, bool]:
        """The new text, and whether everything else in it is as it was."""
        if self._by_line:
            lines = list(self._lines)
            # From the end, so that earlier line numbers stay true; inserts at one line keep their order.
            for _, (start, end, block) in sorted(enumerate(self._edits), key=_last_first):
                lines[start:end] = block
            text = "".join(lines)
            document, findings = parse(text, self._document.file)
            if document is not None and not findings and document.value == self.value:
                return text, True
        return dump(self.value), False

    def _at(self, pointer: str) -> Any:
        value = self.value
        for token in tokens_of(pointer):
            value = value[token]
        return value

    def _original(self, pointer: str) -> Any:
        node = self._document.at(pointer)
        return node.value if node is not None else None

    def _is_block(self, pointer: str, mapping: Any) -> bool:
        """Whether each member of the mapping starts a line of its own."""
        places = [self._document.place_of_key(f"{pointer}/{escape(key)}") for key in mapping]
        return all(not self._lines[place.line - 1][: place.column - 1].strip() for place in places)

    def _block(self, parent: str, original: Any, key: str, value: Any) -> list[str]:
        first = self._document.place_of_key(f"{parent}/{escape(next(iter(original)))}")
        indent = " " * (first.column - 1)
        return [indent + line + "\n" for line in dump({key: value}).splitlines()]

    def _extent(self, pointer: str) -> tuple[int, int]:
        """The lines of a member, from its key to the last line that is deeper than it; trailing comments stay."""
        place = self._document.place_of_key(pointer)
        start = end = place.line - 1
        for number in range(start + 1, len(self._lines)):
            line = self._lines[number]
            content = line.lstrip(" ")
            if not content.strip() or content.startswith("#"):
                continue
            depth = len(line) - len(content)
            # A list may stand as deep as its key.
            if depth < place.column - 1 or (depth == place.column - 1 and not content.startswith("-")):
                break
            end = number
        return start, end + 1

    def _end(self, parent: str, original: Any) -> int:
        last = max(self._document.place_of_key(f"{parent}/{escape(key)}").line for key in original)
        pointer = next(
            f"{parent}/{escape(key)}"
            for key in original
            if self._document.place_of_key(f"{parent}/{escape(key)}").line == last
        )
        return self._extent(pointer)[1]

    def _line_above(self, pointer: str) -> int:
        """The line of a member, or that of the comment which belongs to it."""
        line = self._document.place_of_key(pointer).line - 1
        while line and self._lines[line - 1].lstrip().startswith("#"):
            line -= 1
        return line


def _last_first(entry: tuple[int, tuple[int, int, list[str]]]) -> tuple[int, int]:
    position, (start, _, _) = entry
    return -start, -position
