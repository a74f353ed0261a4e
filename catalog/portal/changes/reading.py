"""A change as people read it: what breaks first, files side by side, and whom it touches consumer by consumer."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, Literal

_HUNK: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

Finding = Mapping[str, Any]
"""A finding as the admin API shows it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Two lines of a file beside each other. `kind` `gap` stands for lines that are left out; a number is None
    where that side has no such line."""

    kind: Literal["same", "changed", "removed", "added", "gap"]
    old_number: int | None = None
    old: str = ""
    new_number: int | None = None
    new: str = ""


@dataclass(frozen=True, slots=True)
class Grouped:
    """The differences of a contract: those that break, those of which nobody can tell, and the others."""

    breaking: tuple[Finding, ...]
    undecided: tuple[Finding, ...]
    others: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Linted:
    """What the linter says of what is proposed: what it does not say of what is in force, and what it does."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """An application and what it does of all that a change breaks. `calls` is the most at one such place;
    `last_seen` in Unix seconds, None where nothing was seen and its subscription alone says so."""

    consumer: str
    application: str
    calls: int
    last_seen: int | None
    places: tuple[str, ...]


def side_by_side(diff: Iterable[str]) -> Iterator[Row]:
    """The rows of a unified diff. Lines that were taken away stand beside those that came in their place."""
    old_number = new_number = 0
    removed: list[str] = []
    added: list[str] = []

    def pending() -> Iterator[Row]:
        nonlocal old_number, new_number
        for old, new in zip_longest(removed, added):
            kind: Literal["changed", "removed", "added"] = "changed"
            kind = "added" if old is None else "removed" if new is None else kind
            at_old, at_new = (None if old is None else old_number), (None if new is None else new_number)
            yield Row(kind, at_old, old or "", at_new, new or "")
            old_number += old is not None
            new_number += new is not None
        removed.clear()
        added.clear()

    first = True
    for line in diff:
        hunk = _HUNK.match(line)
        if hunk is not None:
            yield from pending()
            if not first:
                yield Row("gap")
            first, old_number, new_number = False, int(hunk[1]), int(hunk[3])
        elif line.startswith("-"):
            removed.append(line[1:])
        elif line.startswith("+"):
            added.append(line[1:])
        else:
            yield from pending()
            yield Row("same", old_number, line[1:], new_number, line[1:])
            old_number, new_number = old_number + 1, new_number + 1
    yield from pending()


def grouped(changes: Sequence[Finding]) -> Grouped:
    """What the diff found, by what it means for consumers; the order within each stays."""
    undecided = tuple(each for each in changes if each.get("undecided"))
    breaking = tuple(each for each in changes if each["severity"] == "error" and not each.get("undecided"))
    others = tuple(each for each in changes if each["severity"] != "error" and not each.get("undecided"))
    return Grouped(breaking, undecided, others)


def by_novelty(lint: Sequence[Finding]) -> Linted:
    """What the linter found, by whether the change brings it; the order within each stays."""
    return Linted(
        tuple(each for each in lint if each.get("new", True)),
        tuple(each for each in lint if not each.get("new", True)),
    )


def by_consumer(reach: Mapping[str, Any]) -> tuple[Touched, ...]:
    """Each application once, with the most calls first; the order of its places is that of the findings."""
    found: dict[tuple[str, str], Touched] = {}
    for version in reach["versions"]:
        for impact in version["impacts"]:
            place = f"{version['version']} {impact['operation']}".strip()
            for each in impact["touched"]:
                key = (each["consumer"], each["application"])
                known = found.get(key, Touched(*key, 0, None, ()))
                seen = [at for at in (known.last_seen, each["last_seen"]) if at is not None]
                found[key] = Touched(
                    *key,
                    max(known.calls, each["calls"]),
                    max(seen, default=None),
                    known.places if place in known.places else (*known.places, place),
                )
    return tuple(sorted(found.values(), key=lambda each: (-each.calls, each.consumer, each.application)))


def next_version(names: Iterable[str]) -> str:
    """The name of the version that would follow these: `v3` after `v1` and `v2`."""
    numbers = [int(name[1:]) for name in names if name[1:].isdecimal()]
    return f"v{max(numbers, default=0) + 1}"
