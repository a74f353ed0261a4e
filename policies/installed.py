"""All policies that are installed: ours in their order, and those of plug-ins in their places.

A plug-in is a distribution with an entry point of the group `ostiary.policies` that leads to a `Policy`, under the
policy's own id. One that cannot be used stops whatever asks: a policy that silently is not there would let through
what it is there to refuse.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from policies.policy import Phase, Policy, PolicyConfig
from policies.settings_keys import UnfitType, keys_of
from policies.stages import ORDER

GROUP: Final = "ostiary.policies"

_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class PluginError(Exception):
    """A plug-in that cannot be used; the message names it and says why. Nothing starts with it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The distribution that a plug-in's policy comes from."""

    distribution: str
    version: str


@cache
def installed() -> tuple[Policy[Any], ...]:
    """In the order in which they run. Raises PluginError."""
    order = list(ORDER)
    waiting = [(_named(point), _loaded(point)) for point in _points()]
    while waiting:
        left = []
        for name, policy in waiting:
            if any(each.id == policy.id for each in order):
                raise PluginError(f"{name} has the id of another policy")
            place = _place(order, policy)
            if place is None:
                left.append((name, policy))  # it may be another plug-in that it comes after
            else:
                order.insert(place, policy)
        if len(left) == len(waiting):
            name, policy = left[0]
            raise PluginError(
                f"{name} is to run after {policy.after!r}, and there is no such policy of the phase "
                f"{policy.phase.value!r}"
            )
        waiting = left
    return tuple(order)


def find(policy: str) -> Policy[Any] | None:
    """The policy with this id. Raises PluginError."""
    return next((each for each in installed() if each.id == policy), None)


def origins() -> Mapping[str, Origin]:
    """Where the policies of plug-ins come from, by their ids; the others are ours."""
    found: dict[str, Origin] = {}
    for point in _points():
        dist = point.dist
        found[point.name] = Origin("", "") if dist is None else Origin(dist.name, dist.version)
    return found


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda each: each.name)


def _named(point: EntryPoint) -> str:
    return f"the plug-in {point.name!r} ({point.value})"


def _loaded(point: EntryPoint) -> Policy[Any]:
    name = _named(point)
    try:
        found = point.load()
    except Exception as error:
        raise PluginError(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(found, Policy):
        raise PluginError(f"{name} is a {type(found).__name__}, and no Policy")
    if found.id != point.name:
        raise PluginError(f"{name} says of itself that it is {found.id!r}")
    if (reason := _unfit(found)) is not None:
        raise PluginError(f"{name} {reason}")
    return found


def _unfit(policy: Policy[Any]) -> str | None:
    """Why it could not be set, bound or shown as ours are."""
    if _ID.fullmatch(policy.id) is None:
        return "has an id that is not in kebab-case"
    if policy.bind is None and policy.bind_answer is None:
        return "binds nothing"
    if policy.bind is not None and policy.phase is Phase.RESPONSE:
        return "judges requests, and says of itself that it runs on answers"
    if not policy.why or not policy.failure:
        return "does not say why it stands where it does, or what happens where it cannot decide"
    if not policy.modes or policy.mode not in policy.modes:
        return f"has the mode {policy.mode!r}, and admits {', '.join(policy.modes) or 'none'}"
    if not (isinstance(policy.config, type) and issubclass(policy.config, PolicyConfig)):
        return "has settings that are no PolicyConfig"
    try:
        keys_of(policy.config)
    except UnfitType as error:
        return f"has settings that cannot be checked: {error}"
    return None


def _place(order: list[Policy[Any]], policy: Policy[Any]) -> int | None:
    """Where it is inserted; None where what it is to run after is not there.

    Without a word about it: at the end of the first of its phase. Those that come later are nearest to the
    upstream, and may answer without it: what judges requests must have judged them by then.
    """
    ids = [each.id for each in order]
    if policy.after:
        if policy.after not in ids:
            return None
        place = ids.index(policy.after)
        return place + 1 if order[place].phase is policy.phase else None
    phases = [each.phase for each in order]
    place = phases.index(policy.phase)
    while place < len(order) and phases[place] is policy.phase:
        place += 1
    return place
