"""Steps, bound: a function that changes a JSON value as they say, in their order."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from policies.mapping.conversions import (
    Conversion,
    UnconvertibleError,
    multiplied,
    redated,
    to_kind,
    to_values,
)
from policies.mapping.expressions import compiled
from policies.mapping.places import Place, holders, parse_place, values_at
from policies.mapping.steps import Step

_NOTHING: Final = object()

Change: TypeAlias = Callable[[Any], None]
"""Changes a value in place."""


class MappingError(Exception):
    """A value that a step cannot change as it says; the message names the place, never the value."""


class Mapping:
    """The steps of one mapping, which have no faults (`policies.mapping.faults`)."""

    __slots__ = ("_changes",)

    def __init__(self, steps: Sequence[Step]) -> None:
        self._changes = tuple(_change(step) for step in steps)

    def __bool__(self) -> bool:
        return bool(self._changes)

    def apply(self, value: dict[str, Any]) -> None:
        """Changes the value in place: whoever shares it gives a copy. Raises MappingError."""
        for change in self._changes:
            change(value)


def copied(value: Any) -> Any:
    """A JSON value that shares no array or object with this one."""
    if isinstance(value, dict):
        return {name: copied(member) for name, member in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def _change(step: Step) -> Change:
    if step.rename is not None:
        place = parse_place(step.rename)
        assert step.to is not None
        return _moving(place, Place(place.base, (*place.members[:-1], step.to)), keep=False)
    if step.move is not None or step.copy is not None:
        assert step.to is not None
        return _moving(parse_place(step.move or step.copy or ""), parse_place(step.to), keep=step.move is None)
    if step.default is not None:
        return _putting(parse_place(step.default), step.value, always=False)
    if step.set is not None:
        return _putting(parse_place(step.set), step.value, always=True)
    if step.drop is not None:
        return _dropping(parse_place(step.drop))
    if step.convert is not None:
        return _converting(parse_place(step.convert), conversion_of(step))
    assert step.compute is not None
    assert step.jmespath is not None
    return _computing(parse_place(step.compute), compiled(step.jmespath))


def conversion_of(step: Step) -> Conversion:
    """What a `convert` does to each value."""
    if step.kind is not None:
        return to_kind(step.kind)
    if step.values is not None:
        return to_values(step.values, step.otherwise)
    if step.multiply is not None:
        return multiplied(step.multiply)
    assert step.dates is not None
    return redated(step.dates.before, step.dates.after)


def _moving(source: Place, target: Place, *, keep: bool) -> Change:
    def move(value: Any) -> None:
        for base in list(values_at(value, source.base)):
            found = _taken(base, source.members, keep=keep)
            if found is not _NOTHING:
                _put(base, target, copied(found) if keep else found)

    return move


def _putting(place: Place, constant: Any, *, always: bool) -> Change:
    def put(value: Any) -> None:
        for base in list(values_at(value, place.base)):
            if not isinstance(base, dict):
                continue  # no object, and so nothing of which a member could be wanting
            if always or not any(True for _ in holders(base, place.members)):
                _put(base, place, copied(constant))

    return put


def _dropping(place: Place) -> Change:
    def drop(value: Any) -> None:
        for holder, key in list(holders(value, place.tokens)):
            del holder[key]

    return drop


def _converting(place: Place, convert: Conversion) -> Change:
    def convert_all(value: Any) -> None:
        for holder, key in list(holders(value, place.tokens)):
            try:
                holder[key] = convert(holder[key])
            except UnconvertibleError as error:
                raise MappingError(f"{place} {error}") from None

    return convert_all


def _computing(place: Place, evaluate: Callable[[Any], Any]) -> Change:
    def compute(value: Any) -> None:
        try:
            found = evaluate(value)
        except UnconvertibleError as error:
            raise MappingError(f"what {place} is computed of {error}") from None
        if found is not None:
            _put(value, place, found)

    return compute


def _taken(base: Any, members: tuple[str, ...], *, keep: bool) -> Any:
    for holder, key in holders(base, members):
        return holder[key] if keep else holder.pop(key)
    return _NOTHING


def _put(base: Any, place: Place, value: Any) -> None:
    """Puts a value, with the objects that lead to it. Raises MappingError where something else is in the way."""
    holder = base
    for name in place.members[:-1]:
        if not isinstance(holder, dict):
            break
        holder = holder.setdefault(name, {})
    if not isinstance(holder, dict):
        raise MappingError(f"{place} has no object above it")
    holder[place.members[-1]] = value
