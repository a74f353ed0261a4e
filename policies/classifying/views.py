"""What a caller gets to see of an answer, by clearance: the JSON text with what is above it taken out, or masked.

Only as much of a text is read as has to be: of an object its members' names, and the members of those that have
something in them. All else is copied byte by byte, so that every number keeps its digits, and names keep their
order. Where a name is given twice, the last counts, for us and for whoever reads what is written anew.

Where something is taken out of, a value of another kind than the contract speaks of goes as a whole: an array in
place of an object could hold all that the object must not.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec

from policies.classifying.places import Place

MOST_DEPTH: Final = 64
"""Levels of an answer that are looked into."""
_NAMES_KEPT: Final = 1_024
"""Names of members that are not declared, of which a place remembers what becomes of them."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_whole = msgspec.json.Decoder(msgspec.Raw).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_NULL: Final = msgspec.Raw(b"null")
_KINDS: Final = {ord("{"): "object", ord("["): "array"}
_NULLS: Final = ord("n")
_SPACE: Final = b" \t\r\n"


class UnreadableError(ValueError):
    """The text is no JSON, or nested too deep to be looked into."""


class Run:
    """One text: how much was `taken` out of it, or masked."""

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken = 0


Effect: TypeAlias = Callable[[msgspec.Raw, Run, int], Any]
"""What becomes of a value: something to be written in its place, or None where it is taken out."""


def take(value: msgspec.Raw, run: Run, depth: int) -> Any:
    """The value goes."""
    run.taken += 1
    return None


class Mask:
    """Another value takes its place."""

    __slots__ = ("_text",)

    def __init__(self, value: Any) -> None:
        self._text = msgspec.Raw(_encode(value))

    def __call__(self, value: msgspec.Raw, run: Run, depth: int) -> Any:
        run.taken += 1
        return self._text


class Within:
    """The value stays, and something in it does not."""

    __slots__ = (
        "_declared",
        "_fill",
        "_item",
        "_kept",
        "_kinds",
        "_named",
        "_other",
        "_prefix",
        "_unknown",
    )

    def __init__(self, fill: "Callable[[Within], None]") -> None:
        """`fill` calls `set`, when the place is first met in an answer: schemas may be large, and lead back to
        themselves. That it may be called by several threads at once changes nothing."""
        self._fill: Callable[[Within], None] | None = fill
        self._kinds: frozenset[str] = frozenset()
        self._named: tuple[tuple[str, Effect], ...] = ()
        self._declared: frozenset[str] = frozenset()
        self._unknown: Effect | None = None
        self._other: Callable[[str], Effect | None] | None = None
        self._kept: dict[str, Effect | None] = {}
        self._prefix: tuple[Effect | None, ...] = ()
        self._item: Effect | None = None

    def set(
        self,
        kinds: frozenset[str],
        named: Iterable[tuple[str, Effect]],
        declared: frozenset[str],
        unknown: Effect | None,
        other: Callable[[str], Effect | None] | None,
        prefix: tuple[Effect | None, ...],
        item: Effect | None,
    ) -> None:
        """What happens to members: to those `named`, to `other` ones than are `declared`, else to what is
        `unknown`; and to items. Values of other `kinds` go."""
        self._kinds = kinds
        self._named = tuple(named)
        self._declared = declared
        self._unknown = unknown
        self._other = other
        self._prefix = prefix if any((*prefix, item)) else ()
        self._item = item

    @property
    def on_items(self) -> Effect | None:
        """What becomes of all items alike of an array, if one is admitted."""
        self._ready()
        return None if self._prefix or (self._kinds and "array" not in self._kinds) else self._item

    def __call__(self, value: msgspec.Raw, run: Run, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise UnreadableError
        self._ready()
        first = memoryview(value)[0]
        kind = _KINDS.get(first, "scalar")
        if self._kinds and kind not in self._kinds and first != _NULLS:
            return take(value, run, depth)
        if kind == "object":
            return self._object(value, run, depth + 1)
        if kind == "array" and (self._item is not None or self._prefix):
            return self._array(value, run, depth + 1)
        return value

    def _ready(self) -> None:
        fill = self._fill
        if fill is not None:
            fill(self)
            self._fill = None  # not before: nobody goes on with half of it

    def _object(self, value: msgspec.Raw, run: Run, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = _members(value)
        for name, effect in self._named:
            if name in members:
                made = effect(members[name], run, depth)
                if made is None:
                    del members[name]
                else:
                    members[name] = made
        if self._unknown is not None or self._other is not None:
            for name in members.keys() - self._declared:
                other = self._unknown if self._other is None else self._effect(name, self._other)
                if other is None:
                    continue
                made = other(members[name], run, depth)
                if made is None:
                    del members[name]
                else:
                    members[name] = made
        return members

    def _effect(self, name: str, other: Callable[[str], Effect | None]) -> Effect | None:
        try:
            return self._kept[name]
        except KeyError:
            effect = other(name)
            if len(self._kept) < _NAMES_KEPT:
                self._kept[name] = effect
            return effect

    def _array(self, value: msgspec.Raw, run: Run, depth: int) -> list[Any]:
        items: list[Any] = _items(value)
        rest = self._item
        made: list[Any] = []
        for item, effect in zip(items, self._prefix, strict=False):
            # Places in front of others keep them in theirs.
            found = item if effect is None else effect(item, run, depth)
            made.append(_NULL if found is None else found)
        if rest is None:
            return made + items[len(made) :]
        for item in items[len(made) :]:
            found = rest(item, run, depth)
            if found is not None:
                made.append(found)
        return made


class View:
    """All places, as a caller of one clearance sees them."""

    __slots__ = ("_clearance", "_criterion", "_effects", "_hidden", "_unknown_goes")

    def __init__(self, clearance: int, hidden: Callable[[Place], Effect], *, unknown_goes: bool) -> None:
        """`hidden` says what becomes of a value that is above the clearance. With `unknown_goes` a name goes of
        which nothing is said, also where the object is open."""
        self._clearance = clearance
        self._hidden = hidden
        self._unknown_goes = unknown_goes
        self._effects: dict[Place, Effect] = {}
        self._criterion = (clearance, True, unknown_goes)

    def effect(self, place: Place) -> Effect | None:
        """What becomes of a value at a place; None where it stays as it is."""
        effect = self._effects.get(place)
        if effect is not None:
            return effect
        if place.never:
            effect = take
        elif place.level > self._clearance:
            effect = self._hidden(place)
        elif not place.touches(self._criterion):
            return None
        if effect is not None:
            self._effects[place] = effect
            return effect
        within = self._effects[place] = Within(lambda within: self._fill(within, place))
        return within

    def _fill(self, within: Within, place: Place) -> None:
        named = [(name, self._member(place, name)) for name in sorted(place.declared)]
        unknown = take if place.closed or self._unknown_goes else None

        def other(name: str) -> Effect | None:
            member = place.member(name)
            return unknown if member is None else self.effect(member)

        within.set(
            place.kinds,
            [(name, effect) for name, effect in named if effect is not None],
            place.declared,
            unknown,
            other if place.open_names else None,
            tuple(self.effect(each) for each in place.prefix),
            self.effect(place.item),
        )

    def _member(self, place: Place, name: str) -> Effect | None:
        member = place.member(name)
        assert member is not None  # it is declared
        return self.effect(member)


def encoded(made: Any) -> bytes:
    """The text of what an effect has made."""
    return _encode(made)


def effect_on_items(effect: Effect) -> Effect | None:
    """What becomes of each item of an array, where it is the same for all; else None."""
    return effect.on_items if isinstance(effect, Within) else None


def rewritten(effect: Effect, text: bytes) -> tuple[bytes | None, int]:
    """The text as a view has it, None where all of it goes; and how much was taken. Raises UnreadableError."""
    run = Run()
    try:
        whole = msgspec.Raw(text.strip(_SPACE))
        if memoryview(whole)[0] not in _KINDS:
            _whole(whole)  # a single value is not looked at any closer
        made = effect(whole, run, 0)
        return (None if made is None else _encode(made)), run.taken
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError) as error:
        raise UnreadableError from error
