"""The differences between two JSON bodies, as far as their contract makes them any.

Numbers are equal by value (1 and 1.0), dates with times by the instant (RFC 3339), UUIDs whatever their case.
Items correspond by their place; where the schema says that they are unique, or settings say that their order does
not matter, by what they are; and where settings name the member that identifies them, by that. A difference is
told by its kind and a JSON pointer (RFC 6901), never by a value: items are `*` in it, and so are members that the
contract does not declare by name, since such names may be data.
"""

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec

from contracts.packed import Steps
from policies.classifying.places import Place

Kind: TypeAlias = Literal[
    "status",  # another status
    "problem",  # another problem of the gateway's own, where it mediates
    "media-type",
    "not-json",  # the mirror's body, which is to be JSON, is none
    "missing",  # a member or item that only the caller's answer has
    "added",  # one that only the mirror's has
    "undeclared",  # the same, of a name that the contract does not have
    "type",  # values of other JSON types
    "value",
    "length",  # arrays of other lengths
    "order",  # arrays of the same items in another order
]

_encode = msgspec.json.Encoder(order="deterministic").encode

_ABSENT: Final = object()
_EVERY: Final = "*"
_INSTANT: Final = "date-time"
_UUID: Final = "uuid"


@dataclass(frozen=True, slots=True)
class Rules:
    """What settings say of a comparison. Pointers have `*` for every item: `/data/*/total`."""

    ignore: frozenset[str] = frozenset()
    """Places that are not looked at, with all that is below them."""
    unordered: frozenset[str] = frozenset()
    """Arrays whose order does not matter."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By the pointer of an array, the member that identifies its items."""


Tell: TypeAlias = Callable[[Kind, str], None]


def compare(one: Any, other: Any, place: Place | None, rules: Rules, tell: Tell) -> Steps[None]:
    """Tells of each difference of `other`, a mirror's body, from `one`, the caller's; in small steps."""
    yield from _Comparison(rules, tell).values(one, other, place, "", "")


class _Comparison:
    """At each place `path` has the names that are there, and `shown` those that may be told."""

    def __init__(self, rules: Rules, tell: Tell) -> None:
        self._rules = rules
        self._tell = tell

    def values(self, one: Any, other: Any, place: Place | None, path: str, shown: str) -> Steps[None]:
        yield
        # Most of what is compared is the same to the byte, and that is found a hundred times as fast.
        if path in self._rules.ignore or _encode(one) == _encode(other):
            return
        if isinstance(one, dict) and isinstance(other, dict):
            yield from self._objects(one, other, place, path, shown)
        elif isinstance(one, list) and isinstance(other, list):
            yield from self._arrays(one, other, place, path, shown)
        elif _type_of(one) != _type_of(other):
            self._tell("type", shown)
        elif one != other and _normal(one, place) != _normal(other, place):
            self._tell("value", shown)

    def _objects(
        self, one: dict[str, Any], other: dict[str, Any], place: Place | None, path: str, shown: str
    ) -> Steps[None]:
        declared = frozenset[str]() if place is None else place.declared
        for name in (*one, *(name for name in other if name not in one)):
            yield
            inner = f"{path}/{_escaped(name)}"
            if inner in self._rules.ignore:
                continue
            told = f"{shown}/{_escaped(name) if name in declared else _EVERY}"
            mine, theirs = one.get(name, _ABSENT), other.get(name, _ABSENT)
            if theirs is _ABSENT:
                self._tell("missing", told)
            elif mine is _ABSENT:
                self._tell("added" if name in declared else "undeclared", told)
            else:
                member = None if place is None else place.member(name)
                yield from self.values(mine, theirs, member, inner, told)

    def _arrays(self, one: list[Any], other: list[Any], place: Place | None, path: str, shown: str) -> Steps[None]:
        key = self._rules.keys.get(path)
        if key is not None:
            mine_by_key, theirs_by_key = _by_key(one, key), _by_key(other, key)
            if mine_by_key is not None and theirs_by_key is not None:
                yield from self._keyed(mine_by_key, theirs_by_key, place, path, shown)
                return
        item = None if place is None else place.item
        inner, told = f"{path}/{_EVERY}", f"{shown}/{_EVERY}"
        mine_left, theirs_left = yield from _unlike(one, other)
        mine = yield from self._normals(mine_left, item, inner)
        theirs = yield from self._normals(theirs_left, item, inner)
        if mine == theirs:
            return
        counted, others = Counter(mine), Counter(theirs)
        if path in self._rules.unordered or (place is not None and any(place.said("uniqueItems"))):
            self._tell_all("missing", told, counted - others)
            self._tell_all("added", told, others - counted)
        elif counted == others:
            self._tell("order", shown)
        else:
            if len(one) != len(other):
                self._tell("length", shown)
            for mine_item, their_item in zip(mine_left, theirs_left, strict=False):
                yield from self.values(mine_item, their_item, item, inner, told)

    def _tell_all(self, kind: Kind, shown: str, items: Counter[int]) -> None:
        for _ in range(items.total()):
            self._tell(kind, shown)

    def _keyed(
        self,
        one: dict[Hashable, Any],
        other: dict[Hashable, Any],
        place: Place | None,
        path: str,
        shown: str,
    ) -> Steps[None]:
        item = None if place is None else place.item
        for key in (*one, *(key for key in other if key not in one)):
            yield
            if key not in other:
                self._tell("missing", f"{shown}/{_EVERY}")
            elif key not in one:
                self._tell("added", f"{shown}/{_EVERY}")
            else:
                yield from self.values(one[key], other[key], item, f"{path}/{_EVERY}", f"{shown}/{_EVERY}")

    def _normals(self, items: list[Any], place: Place | None, path: str) -> Steps[list[int]]:
        """The hashes of the items' normal forms: what is kept of them, and counted at once, is small."""
        found = []
        for each in items:
            found.append(hash((yield from self.normal(each, place, path))))  # noqa: PERF401
        return found

    def normal(self, value: Any, place: Place | None, path: str) -> Generator[None, None, Hashable]:
        """What two values have in common that do not differ. Objects and arrays inside have their order."""
        yield
        if path in self._rules.ignore:
            return None
        if isinstance(value, dict):
            members = []
            for name, each in sorted(value.items()):
                inner = f"{path}/{_escaped(name)}"
                if inner not in self._rules.ignore:
                    member = None if place is None else place.member(name)
                    members.append((name, (yield from self.normal(each, member, inner))))
            return "object", tuple(members)
        if isinstance(value, list):
            item = None if place is None else place.item
            items = yield from self._normals(value, item, f"{path}/{_EVERY}")
            return "array", tuple(items)
        normal = _normal(value, place)
        if isinstance(normal, float) and normal.is_integer():
            normal = int(normal)
        return _type_of(value), str(normal)  # of numbers, -1 and -2 have one hash


def _unlike(one: list[Any], other: list[Any]) -> Steps[tuple[list[Any], list[Any]]]:
    """The items that are not the same to the byte at their place."""
    mine, theirs = [], []
    for mine_item, their_item in zip(one, other, strict=False):
        yield
        if _encode(mine_item) != _encode(their_item):
            mine.append(mine_item)
            theirs.append(their_item)
    common = min(len(one), len(other))
    return mine + one[common:], theirs + other[common:]


def _by_key(items: list[Any], key: str) -> dict[Hashable, Any] | None:
    """None where the member does not identify them."""
    found: dict[Hashable, Any] = {}
    for item in items:
        value = item.get(key) if isinstance(item, dict) else None
        if value is None or isinstance(value, dict | list) or value in found:
            return None
        found[value] = item
    return found


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object" if isinstance(value, dict) else "array"


def _normal(value: Any, place: Place | None) -> Hashable:
    """A scalar in the form in which equal ones are equal."""
    if not isinstance(value, str) or place is None:
        return value  # type: ignore[no-any-return]
    formats = set(place.said("format"))
    if _UUID in formats:
        return value.lower()
    if _INSTANT not in formats:
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return value if moment.tzinfo is None else moment.timestamp()


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
