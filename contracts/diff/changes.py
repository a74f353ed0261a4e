"""Changes as they are found: a rule, an operation, a location, and a sentence that quotes before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from contracts.diff.contract import Contract
from contracts.diff.rule import DiffRule
from contracts.documents.document import Node, escape
from contracts.findings import Place
from contracts.reports.entry import Entry, OperationName
from contracts.reports.fingerprints import fingerprint

_LONGEST: Final = 120
MAX_CHANGES: Final = 20_000


class TooManyChanges(Exception):
    """The two documents have so little in common that listing it all would help nobody."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a change is. `location` is a JSON pointer into the document as if every `$ref` were what it names, so
    that it says on which way the operation meets the change. `stable` is the same with the items of an array by
    name instead of by index."""

    location: str
    stable: str
    operation: OperationName | None = None

    def down(self, *tokens: str | int) -> "Where":
        """Further in, by keys."""
        more = "".join("/" + escape(str(token)) for token in tokens)
        return replace(self, location=self.location + more, stable=self.stable + more)

    def item(self, key: str, index: int, name: str) -> "Where":
        """An item of the array `key`."""
        return replace(
            self,
            location=f"{self.location}/{escape(key)}/{index}",
            stable=f"{self.stable}/{escape(key)}/{escape(name)}",
        )

    def pointer(self, pointer: str) -> "Where":
        """Further in, by a pointer."""
        return replace(self, location=self.location + pointer, stable=self.stable + pointer)


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two documents. `node` is in the revision, or in the base where only that has it;
    `before` and `after` are what they say, cut to a line, and empty where there is nothing. `file` is the path of
    an estate's contract, empty for a pair of documents."""

    rule: DiffRule
    where: Where
    message: str
    contract: Contract
    node: Node
    fingerprint: str
    before: str = ""
    after: str = ""
    file: str = ""

    @property
    def location(self) -> str:
        """The JSON pointer; of an estate's contract, after its path and `#`."""
        return f"{self.file}#{self.where.location}" if self.file else self.where.location

    @property
    def place(self) -> Place:
        """Where it stands. It is looked for in the text when somebody asks."""
        return self.contract.shown(self.node.place)

    @property
    def entry(self) -> Entry:
        """As reports show it."""
        rule = self.rule
        return Entry(
            rule.id,
            rule.severity,
            self.message,
            self.place,
            self.fingerprint,
            operation=self.where.operation,
            direction="" if rule.direction == "none" else rule.direction,
            why=rule.why,
        )


class Changes:
    """Collects changes. The same change at the same location counts once.

    `file` tells the documents of an estate apart in fingerprints, and `shown` is what they are called; both are
    empty for a pair of documents.
    """

    def __init__(
        self, base: Contract, revision: Contract, rules: Mapping[str, DiffRule], file: str = "", shown: str = ""
    ) -> None:
        self._base, self._revision = base, revision
        self._shown = shown or file
        self._rules = rules
        self._file = file
        self._found: dict[tuple[str, str, OperationName | None], Change] = {}

    def add(
        self,
        rule: str,
        where: Where,
        message: str,
        node: Node,
        *,
        before: Any = None,
        after: Any = None,
        subject: str = "",
        last: bool = False,
    ) -> None:
        """A change by a rule in the catalogue; `subject` tells apart several at one location. Raises KeyError for
        an id that is not in it, and TooManyChanges unless it is the `last` one."""
        row = self._rules[rule]
        stable = f"{where.stable}#{subject}" if subject else where.stable
        key = (rule, stable, where.operation)
        if key in self._found:
            return
        if len(self._found) >= MAX_CHANGES and not last:
            raise TooManyChanges(MAX_CHANGES)
        contract = self._revision if self._revision.owns(node.document) else self._base
        mark = fingerprint(rule, stable, operation=where.operation, file=self._file)
        self._found[key] = Change(
            row, where, message, contract, node, mark, quoted(before), quoted(after), self._shown
        )

    def sorted(self) -> tuple[Change, ...]:
        """The worst first, then by operation and location."""
        return tuple(sorted(self._found.values(), key=order))


_RANK: Final = {"error": 0, "warning": 2, "info": 3}


def order(change: Change) -> tuple[int, str, str, str, str, str]:
    """A sort key: errors, what is undecided, warnings, and the rest."""
    operation = change.where.operation
    rank = 1 if change.rule.undecided else _RANK[change.rule.severity]
    where = (operation.path, operation.method) if operation else ("", "")
    return rank, *where, change.where.location, change.rule.id, change.fingerprint


def quoted(value: Any) -> str:
    """A JSON value on one line, cut; empty for nothing."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def said(value: Any) -> str:
    """A value in backquotes for a message, or "nothing"; a string stands without quotation marks."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else quoted(value)
    flat = "".join(character if character.isprintable() else " " for character in text).replace("`", "'")
    return f"`{flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + '…'}`"
