"""`$ref`: every reference of a contract, found by walking it as OpenAPI, resolved inside the estate.

A reference is a relative URI (RFC 3986): local (`#/components/…`), or to a file of the estate relative to the
file it stands in, with a JSON pointer as its fragment. Nothing is fetched, and nothing outside is read.
Schemas may refer to each other in circles; a chain of references that only leads back to itself is refused.
"""

import difflib
import posixpath
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from contracts.documents.builder import quote
from contracts.documents.document import Document, Node, escape, tokens_of
from contracts.openapi.grammar import EXTENSIBLE_MAPS, GRAMMAR, SECTIONS, Many, kind_at
from contracts.openapi.rules import Report

Load = Callable[[str], Document | None]
Key = tuple[str, str]

_LONGEST: Final = 255
_REFERABLE: Final = frozenset(SECTIONS.values())
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Reference:
    """One `$ref`: the node it stands in, the kind of object it stands for, and what it names."""

    source: Node
    kind: str
    target: Node


def key_of(node: Node) -> Key:
    """What identifies a node: its file and JSON pointer."""
    return node.document.file, node.pointer


class References:
    """All references that can be reached from a contract. Broken ones are reported once, where they stand.

    `schemas` are the outermost schemas (those in no other schema) and those that are referred to; `extensions`
    are all `x-ostiary-…` members that were met, with the kind of object that they stand in. `legacy`: the
    contract is OAS 3.0, in which a schema is its `$ref` alone, whatever stands beside it.
    """

    def __init__(self, entry: Document, load: Load, report: Report, kind: str = "openapi") -> None:
        self.entry = entry
        self.legacy = (entry.root.text("openapi") or "").startswith("3.0")
        self.references: dict[Key, Reference] = {}
        self.schemas: list[Node] = []
        self.extensions: list[tuple[Node, str]] = []
        self._load = load
        self._report = report
        self._queue: deque[tuple[Node, str]] = deque([(entry.root, kind)])
        self._seen: set[tuple[Key, str]] = set()
        self._cycles: set[Key] = set()
        self._resolved: dict[tuple[str, str, str], Node] = {}
        while self._queue:
            node, kind = self._queue.popleft()
            if kind == "schema" and (key_of(node), kind) not in self._seen:
                self.schemas.append(node)
            self._walk(node, kind)

    def target(self, node: Node) -> Node | None:
        """What the node's own `$ref` names; None if it has none or a broken one."""
        reference = self.references.get(key_of(node))
        return reference.target if reference else None

    def follow(self, node: Node | None) -> Node | None:
        """The node, or what its chain of references ends at; None for a broken one."""
        seen: set[Key] = set()
        while node is not None and has_reference(node.value):
            if key_of(node) in seen:
                return None
            seen.add(key_of(node))
            node = self.target(node)
        return node

    def foreign(self) -> list[Reference]:
        """One reference to each target outside of the contract's own file, in the order of first use."""
        found: dict[Key, Reference] = {}
        for reference in self.references.values():
            if reference.target.document is not self.entry:
                found.setdefault(key_of(reference.target), reference)
        return list(found.values())

    def _walk(self, node: Node, kind: str) -> None:
        marker = (key_of(node), kind)
        if marker in self._seen:
            return
        self._seen.add(marker)
        if kind in _REFERABLE and has_reference(node.value):
            self._reference(node, kind)
            if kind != "schema":
                return
        if isinstance(node.value, dict):
            self._walk_members(node, node.value, kind)

    def _walk_members(self, node: Node, members: dict[str, Any], kind: str) -> None:
        grammar = GRAMMAR[kind]
        other = grammar.get("*")
        for key, value in members.items():
            if key.startswith("x-"):
                if key.startswith("x-ostiary-"):
                    self.extensions.append((_child(node, key, value), kind))
                continue
            rule = grammar.get(key) or other
            if rule is None or not isinstance(value, dict | list | bool):
                continue
            if not isinstance(rule, Many):
                self._walk_child(_child(node, key, value), rule, kind)
                continue
            extensible = (kind, key) in EXTENSIBLE_MAPS
            for child in _child(node, key, value).children():
                if not (extensible and child.key.startswith("x-")):
                    self._walk_child(child, rule.kind, kind)

    def _walk_child(self, child: Node, kind: str, holder: str) -> None:
        if isinstance(child.value, dict | bool):
            if kind == "schema" and holder != "schema":
                self._queue.append((child, kind))
            else:
                self._walk(child, kind)

    def _reference(self, node: Node, kind: str) -> None:
        text = node.value["$ref"]
        asked = node.document.file, text, kind
        target = self._resolved.get(asked) or self._resolve(node, text, kind)
        if target is None:
            return
        self._resolved[asked] = target
        self.references[key_of(node)] = Reference(node, kind, target)
        if kind == "pathItem" and (extra := set(node.value) - {"$ref", "summary", "description"}):
            names = ", ".join(quote(name) for name in sorted(extra))
            self._report.add("reference-siblings", node.place, f"{names} stand beside a `$ref`")
        if self._leads_back(node):
            return
        # A target that is itself an outermost schema of a component is walked once, from wherever it is met.
        self._queue.append((target, kind))

    def _leads_back(self, node: Node) -> bool:
        chain = [key_of(node)]
        current: Node | None = self.target(node)
        while current is not None and has_reference(current.value):
            key = key_of(current)
            if key in chain:
                if not self._cycles.intersection(chain):
                    self._report.add(
                        "reference-cycle",
                        _place(node),
                        f"the reference {quote(node.value['$ref'])} leads back to itself",
                    )
                self._cycles.update(chain)
                return True
            chain.append(key)
            current = self.target(current)
        return False

    def _resolve(self, node: Node, text: str, kind: str) -> Node | None:
        uri, _, fragment = text.partition("#")
        document: Document | None = node.document
        if uri:
            document = self._open(node, text, uri)
            if document is None:
                return None
        assert document is not None
        pointer = unquote(fragment)
        if _BAD_ESCAPE.search(fragment) or (pointer and not pointer.startswith("/")):
            self._report.add(
                "dangling-reference", _place(node), f"{quote(text)}: after `#` stands no JSON pointer (RFC 6901)"
            )
            return None
        target = document.at(pointer)
        if target is None:
            self._report.add(
                "dangling-reference",
                _place(node),
                f"{quote(text)} names nothing in {document.file}{_suggestion(document, pointer)}",
            )
            return None
        if (wrong := _mistyped(target, kind)) is not None:
            self._report.add("reference-mistyped", _place(node), f"{quote(text)} should be a {kind}, but {wrong}")
            return None
        return target

    def _open(self, node: Node, text: str, uri: str) -> Document | None:
        path = unquote(uri)
        if _SCHEME.match(uri):
            self._report.add(
                "remote-reference",
                _place(node),
                f"{quote(text)} is no file beside the contract; nothing is fetched",
            )
            return None
        if _BAD_ESCAPE.search(uri) or any(character in path for character in "\\\0?") or len(uri) > _LONGEST:
            self._report.add("dangling-reference", _place(node), f"{quote(text)} is not a relative path")
            return None
        file = posixpath.normpath(posixpath.join(posixpath.dirname(node.document.file), path))
        if path.startswith("/") or file == ".." or file.startswith("../"):
            self._report.add("reference-outside-estate", _place(node), f"{quote(text)} leads out of the estate")
            return None
        if file == self.entry.file:
            return self.entry
        document = self._load(file)
        if document is None:
            self._report.add(
                "dangling-reference", _place(node), f"{quote(text)}: the file {file!r} is missing or unreadable"
            )
        return document


def _child(node: Node, key: str, value: Any) -> Node:
    return Node(node.document, f"{node.pointer}/{escape(key)}", value)


def has_reference(value: Any) -> bool:
    """Whether a value is an object with a `$ref`."""
    return isinstance(value, dict) and isinstance(value.get("$ref"), str)


def _place(node: Node) -> Any:
    reference = node.get("$ref")
    assert reference is not None
    return reference.place


def _mistyped(target: Node, kind: str) -> str | None:
    if not isinstance(target.value, dict) and not (kind == "schema" and isinstance(target.value, bool)):
        return "it is not an object"
    tokens = tokens_of(target.pointer)
    if target.document.root.get("openapi") is not None:
        found = kind_at(tokens)
        if found not in (kind, "any"):
            return f"it is a {found}" if found in _REFERABLE else "it is none"
    elif len(tokens) == 3 and tokens[0] == "components" and SECTIONS.get(tokens[1], kind) != kind:
        return f"it is a {SECTIONS[tokens[1]]}"
    return None


def _suggestion(document: Document, pointer: str) -> str:
    parent = document.at(pointer.rpartition("/")[0])
    if parent is None or not isinstance(parent.value, dict):
        return ""
    close = difflib.get_close_matches(tokens_of(pointer)[-1], parent.value, n=1)
    return f"; did you mean {quote(close[0])}?" if close else ""
