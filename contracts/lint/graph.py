"""A document with the files that it refers to: what each `$ref` stands for, and where a value really is.

Rules see documents with their references resolved, as if each target stood in its place. Nothing is copied for
that: whoever walks the document goes on at the target. A finding's place is found by walking its path again.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from contracts.documents.builder import quote
from contracts.documents.document import Document, Node, escape, tokens_of
from contracts.findings import Finding, Place, Rule
from contracts.lint.jsonpath.selecting import TooMuchWork
from contracts.openapi.extensions import LINT_IGNORE

Load = Callable[[str], Document | None]
"""Opens a file by its path relative to the root of the run; None for one that is missing or outside."""
Key = str | int

MOST_EXPANDED: Final = 500_000
REFERENCE_RULES: Final = {
    row.id: row
    for row in (
        Rule("dangling-reference", "error", "A reference that leads nowhere leaves a part of the contract open."),
        Rule("remote-reference", "error", "What is fetched can change; nothing is, so keep a copy beside it."),
        Rule("reference-cycle", "error", "References that only lead back to themselves say nothing."),
    )
}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_LONGEST: Final = 1_000
# Beneath these a `$ref` may be plain data; one that leads nowhere is no fault there.
_DATA: Final = frozenset(("example", "examples", "default", "enum", "const"))

_Link = tuple["_Link | None", Key]


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference stands for, and where that is."""

    document: Document
    pointer: str
    value: Any


@dataclass(frozen=True, slots=True)
class Located:
    """Where a path of the resolved document leads: the keys in the file that exist, and those that do not."""

    document: Document
    keys: tuple[str, ...]
    missing: tuple[str, ...]
    value: Any

    @property
    def pointer(self) -> str:
        return "".join("/" + escape(key) for key in self.keys)

    @property
    def place(self) -> Place:
        """The key of an object or array, a scalar itself."""
        if isinstance(self.value, dict | list):
            return self.document.place_of_key(self.pointer)
        return self.document.place(self.pointer)


class Graph:
    """The document `entry` and all that it refers to. `findings` are references that lead nowhere; with one of
    them, what rules say about the rest cannot be trusted. `ignoring` are the objects with a `LINT_IGNORE`."""

    def __init__(self, entry: Document, load: Load) -> None:
        self.entry = entry
        self.documents = {entry.file: entry}
        self.findings: list[Finding] = []
        self.ignoring: list[Node] = []
        self._load = load
        self._targets: dict[int, Target] = {}
        self._referred: set[tuple[str, str]] = set()
        self._plain: dict[int, tuple[Any, int]] = {}
        waiting = [entry]
        while waiting:
            waiting += self._scan(waiting.pop(0))
        self._shorten()

    def follow(self, value: Any) -> Any:
        """What the value stands for if it is a reference, else the value."""
        target = self._targets.get(id(value))
        return value if target is None else target.value

    def target(self, value: Any) -> Target | None:
        """Where a reference leads; None for anything else."""
        return self._targets.get(id(value))

    def is_referred(self, file: str, pointer: str) -> bool:
        """Whether some reference names exactly this value."""
        return (file, pointer) in self._referred

    def locate(self, path: tuple[Key, ...], *, resolved: bool = True) -> Located:
        """The value at a path from the root, or the nearest that exists above it."""
        document, value = self.entry, self.entry.value
        keys: list[str] = []
        for index, key in enumerate(path):
            found, child, name = _step(value, key)
            if not found:
                return Located(document, tuple(keys), tuple(str(each) for each in path[index:]), value)
            keys.append(name)
            value = child
            target = self._targets.get(id(child)) if resolved and isinstance(child, dict) else None
            if target is not None:
                document, keys, value = target.document, tokens_of(target.pointer), target.value
        return Located(document, tuple(keys), (), value)

    def plain(self, value: Any) -> Any:
        """A copy in which every reference is what it stands for; one that leads back into itself, or too deep,
        stays.

        Raises TooMuchWork where written out it would be beyond bounds.
        """
        copy, size = self._expand(value, set())
        if size > MOST_EXPANDED:
            raise TooMuchWork(f"with its references written out a value holds more than {MOST_EXPANDED} others")
        return copy

    def _expand(self, value: Any, above: set[int]) -> tuple[Any, int]:
        if not isinstance(value, dict | list):
            return value, 1
        target = self.follow(value)
        if id(target) in above or len(above) > _MOST_NESTED:
            return value, 1
        known = self._plain.get(id(target))
        if known is not None:
            return known
        above.add(id(target))
        copy: Any
        size = 1
        if isinstance(target, dict):
            copy = {}
            for key, member in target.items():
                copy[key], inner = self._expand(member, above)
                size += inner
        elif isinstance(target, list):
            copy = []
            for member in target:
                item, inner = self._expand(member, above)
                copy.append(item)
                size += inner
        else:
            copy = target
        above.discard(id(target))
        result = copy, min(size, MOST_EXPANDED + 1)
        self._plain[id(target)] = result
        return result

    def _scan(self, document: Document) -> list[Document]:
        """Resolves every reference of a document; returns the documents that were not known yet."""
        new: list[Document] = []
        stack: list[tuple[Any, _Link | None, bool]] = [(document.value, None, False)]
        seen: set[int] = set()
        while stack:
            value, link, data = stack.pop()
            if id(value) in seen:
                continue  # a YAML alias
            seen.add(id(value))
            if isinstance(value, dict):
                if LINT_IGNORE in value:
                    self.ignoring.append(Node(document, _pointer(link), value))
                text = value.get("$ref")
                if isinstance(text, str):
                    self._refer(document, value, text, link, new, data=data)
                named = link is not None and link[1] in ("properties", "patternProperties")
                for key, member in value.items():
                    if isinstance(member, dict | list):
                        inner = data or (not named and (key in _DATA or key.startswith("x-")))
                        stack.append((member, (link, key), inner))
            else:
                for index, member in enumerate(value if isinstance(value, list) else ()):
                    if isinstance(member, dict | list):
                        stack.append((member, (link, index), data))
        return new

    def _refer(
        self, document: Document, value: Any, text: str, link: _Link | None, new: list[Document], *, data: bool
    ) -> None:
        target: Target | tuple[str, str]
        uri, _, fragment = text.partition("#")
        pointer = unquote(fragment)
        if _SCHEME.match(uri):
            target = "remote-reference", f"{quote(text)} is no file beside the document; nothing is fetched"
        elif len(text) > _LONGEST or "\0" in text or (pointer and not pointer.startswith("/")):
            target = "dangling-reference", f"{quote(text)} is no relative path with a JSON pointer (RFC 6901)"
        else:
            target = self._open(document, text, unquote(uri), pointer, new)
        if isinstance(target, Target):
            self._targets[id(value)] = target
            self._referred.add((target.document.file, target.pointer))
        elif not data:
            rule, message = target
            self.findings.append(Finding(document.place(_pointer(link) + "/$ref"), rule, message))

    def _open(
        self, document: Document, text: str, path: str, pointer: str, new: list[Document]
    ) -> Target | tuple[str, str]:
        other = document
        if path:
            file = posixpath.normpath(posixpath.join(posixpath.dirname(document.file), path))
            known = self.documents.get(file)
            if known is None:
                known = None if path.startswith("/") else self._load(file)
                if known is None:
                    return "dangling-reference", f"{quote(text)}: the file {file!r} is missing or unreadable"
                self.documents[file] = known
                new.append(known)
            other = known
        node = other.at(pointer)
        if node is None:
            return "dangling-reference", f"{quote(text)} names nothing in {other.file}"
        return Target(other, pointer, node.value)

    def _shorten(self) -> None:
        """Makes each reference lead to what its chain of references ends at."""
        broken: set[int] = set()
        for start in self._targets:
            chain: list[int] = []
            at = start
            while at in self._targets and at not in broken and at not in chain[:1]:
                chain.append(at)
                at = id(self._targets[at].value)
                if len(chain) > len(self._targets):
                    break
            if at in self._targets:
                if not broken.intersection((at, *chain)):
                    target = self._targets[at]
                    message = "the reference that stands here leads back to itself"
                    place = target.document.place(target.pointer)
                    self.findings.append(Finding(place, "reference-cycle", message))
                broken.update(chain)
            elif chain:
                end = self._targets[chain[-1]]
                self._targets.update(dict.fromkeys(chain, end))
        for each in broken:
            del self._targets[each]


_MOST_NESTED: Final = 300


def _step(value: Any, key: Key) -> tuple[bool, Any, str]:
    if isinstance(value, dict):
        name = str(key)
        return (True, value[name], name) if name in value else (False, None, name)
    if isinstance(value, list):
        index = int(key) if isinstance(key, int) or (key.isdecimal() and len(key) < 10) else -1
        if 0 <= index < len(value):
            return True, value[index], str(index)
    return False, None, str(key)


def _pointer(link: _Link | None) -> str:
    parts: list[str] = []
    while link is not None:
        link, key = link
        parts.append("/" + escape(str(key)))
    return "".join(reversed(parts))
