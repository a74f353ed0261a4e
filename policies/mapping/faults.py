"""What is wrong with steps, each of which has the right form."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from policies.mapping.expressions import compiled
from policies.mapping.places import ITEMS, Place, parse_place
from policies.mapping.steps import ACTS, Step
from policies.policy import Fault

_NEEDS: Final = {
    "rename": ("to",),
    "move": ("to",),
    "copy": ("to",),
    "default": ("value",),
    "set": ("value",),
    "drop": (),
    "compute": ("jmespath",),
}
_FORMS: Final = ("kind", "values", "multiply", "dates")
_DETAILS: Final = ("to", "value", *_FORMS, "otherwise", "jmespath")
_ABSENT: Final = {"value": msgspec.UNSET, "otherwise": msgspec.UNSET}
"""What stands for a detail that is not given, where null is a value."""
_POINTER: Final = re.compile(r"(/([^~/]|~[01])+)+")
_WRITTEN: Final = {"kind": "as"}


def step_faults(steps: Sequence[Step], pointer: str = "") -> Iterator[Fault]:
    """Each with its place below `pointer`, at which the list stands."""
    for index, step in enumerate(steps):
        yield from _faults(step, f"{pointer}/{index}")


def _faults(step: Step, pointer: str) -> Iterator[Fault]:
    acts = [act for act in ACTS if getattr(step, act) is not None]
    if len(acts) != 1:
        found = " and ".join(acts) or "none"
        yield Fault(pointer, f"a step has one of {', '.join(ACTS)}; this has {found}")
        return
    act = acts[0]
    given = [name for name in _DETAILS if getattr(step, name) is not _ABSENT.get(name)]
    needed = _NEEDS.get(act, ())
    for name in needed:
        if name not in given:
            yield Fault(pointer, f"{act!r} needs {name!r} beside it")
    taken = (*needed, *(_FORMS if act == "convert" else ()), *(("otherwise",) if step.values is not None else ()))
    for name in given:
        if name not in taken:
            written = _WRITTEN.get(name, name)
            yield Fault(f"{pointer}/{written}", f"{written!r} means nothing beside {act!r}")
    if act == "convert":
        forms = [name for name in _FORMS if name in given]
        if len(forms) != 1:
            yield Fault(pointer, "'convert' takes one of 'as', 'values', 'multiply' and 'dates' beside it")
        if step.multiply == 0:
            yield Fault(f"{pointer}/multiply", "a factor of 0 makes all values one")
    place = parse_place(getattr(step, act))
    if act != "convert" and not place.members:
        yield Fault(f"{pointer}/{act}", f"{act!r} takes a member of an object, not the items of an array")
    elif step.to is not None and "to" in needed:
        yield from _target(act, place, step.to, f"{pointer}/to")
    if act == "compute":
        if ITEMS in place.tokens:
            yield Fault(f"{pointer}/compute", "'compute' puts one value, and `*` stands for several places")
        if step.jmespath is not None:
            try:
                compiled(step.jmespath)
            except ValueError as error:
                yield Fault(f"{pointer}/jmespath", f"the expression cannot be read: {error}")


def _target(act: str, place: Place, to: str, pointer: str) -> Iterator[Fault]:
    if act == "rename":
        if "/" in to or to == ITEMS:
            yield Fault(pointer, f"{to!r} is no member's name; 'move' takes a place")
        return
    if not _POINTER.fullmatch(to):
        yield Fault(pointer, f"{to!r} is no JSON pointer")
        return
    target = parse_place(to)
    if target.base != place.base:
        yield Fault(pointer, f"{to!r} and {str(place)!r} are not the same up to their last `*`")
    elif not target.members:
        yield Fault(pointer, f"{act!r} takes a member of an object, not the items of an array")
