"""A YAML or JSON file as plain values that still know their place in the text.

YAML is read by the core schema of YAML 1.2 (§10.3), and of that only what JSON can hold: `no`, `on`, `1:30` and
dates are strings, merge keys and foreign tags are refused, and so are duplicate keys. JSON (`*.json`) is read
by RFC 8259 with the same findings. What is read is bounded: see the three limits below.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from contracts.documents.builder import Builder, Refused
from contracts.documents.json_reader import read_json
from contracts.documents.spot import Spot
from contracts.documents.yaml_reader import read_yaml
from contracts.findings import Finding, Place

MAX_BYTES: Final = 10 * 1024 * 1024

MISSING: Final = object()
"""No value of a document: null is one."""


@dataclass(frozen=True, eq=False)
class Document:
    """One file of an estate: its path (relative, with slashes), its value, and where each value stands."""

    file: str
    value: Any
    spot: Spot

    def place(self, pointer: str = "") -> Place:
        """Where the value at a JSON pointer starts; of its nearest existing parent if it is missing."""
        line, column, found = self._find(pointer, of_key=False)
        return Place(self.file, line, column, found)

    def place_of_key(self, pointer: str) -> Place:
        """Where the key of the member at a JSON pointer starts; for an array's item, the item."""
        line, column, found = self._find(pointer, of_key=True)
        return Place(self.file, line, column, found)

    @cached_property
    def root(self) -> "Node":
        return Node(self, "", self.value)

    def at(self, pointer: str) -> "Node | None":
        """The value at a JSON pointer (RFC 6901), or None where there is none."""
        value = value_at(self.value, pointer)
        return None if value is MISSING else Node(self, pointer, value)

    def _find(self, pointer: str, *, of_key: bool) -> tuple[int, int, str]:
        spot = self.spot
        line, column, found = spot.line, spot.column, ""
        for token in tokens_of(pointer):
            children = spot.children
            if isinstance(children, dict) and token in children:
                key_line, key_column, spot = children[token]
            elif isinstance(children, list) and token.isdecimal() and int(token) < len(children):
                spot = children[int(token)]
                key_line, key_column = spot.line, spot.column
            else:
                return spot.line, spot.column, found
            line, column = (key_line, key_column) if of_key else (spot.line, spot.column)
            found += "/" + escape(token)
        return line, column, found


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document, with its JSON pointer. Readers of wrong types get nothing instead of an error,
    so that every rule can run on a document that other rules refuse."""

    document: Document
    pointer: str
    value: Any

    @property
    def place(self) -> Place:
        return self.document.place(self.pointer)

    @property
    def key_place(self) -> Place:
        return self.document.place_of_key(self.pointer)

    @property
    def key(self) -> str:
        """The last token of the pointer."""
        return unescape(self.pointer.rpartition("/")[2])

    def get(self, key: str) -> "Node | None":
        if isinstance(self.value, dict) and key in self.value:
            return Node(self.document, f"{self.pointer}/{escape(key)}", self.value[key])
        return None

    def text(self, key: str) -> str | None:
        """The member `key` if it is a string."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else None

    def flag(self, key: str, default: bool = False) -> bool:
        """The member `key` if it is a boolean, else `default`."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value if isinstance(value, bool) else default

    def members(self) -> "Iterator[tuple[str, Node]]":
        """Of a mapping."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield key, Node(self.document, f"{self.pointer}/{escape(key)}", value)

    def items(self) -> "Iterator[Node]":
        """Of an array."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Node(self.document, f"{self.pointer}/{index}", value)

    def children(self) -> "Iterator[Node]":
        """Of a mapping or an array."""
        for _, member in self.members():
            yield member
        yield from self.items()


def escape(token: str) -> str:
    """A reference token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


def unescape(token: str) -> str:
    """The inverse of `escape`."""
    return token.replace("~1", "/").replace("~0", "~") if "~" in token else token


def value_at(value: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) leads to from `value`, or MISSING."""
    if pointer and not pointer.startswith("/"):
        return MISSING
    for token in tokens_of(pointer):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            return MISSING
    return value


def tokens_of(pointer: str) -> list[str]:
    """The unescaped reference tokens of a JSON pointer."""
    return [unescape(token) for token in pointer.split("/")[1:]]


def load(path: Path, file: str) -> tuple[Document | None, list[Finding]]:
    """Reads a file; `file` is its name in findings. The document is None where it cannot be used at all."""
    data, findings = read(path, file)
    return (None, findings) if data is None else parse(data, file)


def read(path: Path, file: str) -> tuple[bytes | None, list[Finding]]:
    """A file's bytes, and one too many of a file that is too large; None with what is wrong."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1), []
    except FileNotFoundError:
        return None, [Finding(Place(file), "file-missing", f"the file {file!r} does not exist")]
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return None, [Finding(Place(file), "file-unreadable", f"the file {file!r} cannot be read: {reason}")]


def parse(text: str | bytes, file: str) -> tuple[Document | None, list[Finding]]:
    """Reads a text; JSON if `file` ends in `.json`, else YAML. A document comes back with findings too, where
    its structure is clear in spite of them."""
    builder = Builder(file)
    try:
        content = _decode(text)
        if file.endswith(".json"):
            read_json(content, builder)
        else:
            read_yaml(content, builder)
        value, spot = builder.result()
    except Refused as refused:
        place = Place(file, refused.line, refused.column)
        return None, [*builder.findings, Finding(place, refused.rule, refused.message)]
    return Document(file, value, spot), builder.findings


def _decode(text: str | bytes) -> str:
    if len(text) > MAX_BYTES:
        raise Refused("document-too-large", f"the file is larger than {MAX_BYTES} bytes", 1, 1)
    content = text if isinstance(text, str) else _utf8(text)
    if not content.strip():
        raise Refused("empty-document", "the file is empty", 1, 1)
    return content


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise Refused("not-utf-8", f"byte {error.start} is not UTF-8", line, column) from None
