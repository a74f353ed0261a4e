"""All policies that are installed: ours in their order, and those of plug-ins in their places.

A plug-in is a distribution with an entry point of the group `ostiary.policies` that leads to a `Policy`.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from policies.policy import Policy
from policies.stages import ORDER

GROUP: Final = "ostiary.policies"


class PluginError(Exception):
    """A plug-in that cannot be used; the message names it and says why. Nothing starts with it."""


@cache
def installed() -> tuple[Policy[Any], ...]:
    """In the order in which they run. Raises PluginError."""
    order = list(ORDER)
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        _insert(order, _loaded(point), point)
    return tuple(order)


def find(policy: str) -> Policy[Any] | None:
    """The policy with this id. Raises PluginError."""
    return next((each for each in installed() if each.id == policy), None)


def _loaded(point: EntryPoint) -> Policy[Any]:
    name = f"the plug-in {point.name!r} ({point.value})"
    try:
        found = point.load()
    except Exception as error:
        raise PluginError(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(found, Policy):
        raise PluginError(f"{name} is a {type(found).__name__}, and no Policy")
    if found.id != point.name:
        raise PluginError(f"{name} says of itself that it is {found.id!r}")
    return found


def _insert(order: list[Policy[Any]], policy: Policy[Any], point: EntryPoint) -> None:
    name = f"the plug-in {point.name!r} ({point.value})"
    if any(each.id == policy.id for each in order):
        raise PluginError(f"{name} has the id of another policy")
    if policy.bind is None and policy.bind_answer is None:
        raise PluginError(f"{name} binds nothing")
    if policy.after:
        place = next((index for index, each in enumerate(order) if each.id == policy.after), None)
        if place is None or order[place].phase is not policy.phase:
            raise PluginError(
                f"{name} is to run after {policy.after!r}, and there is no such {policy.phase.value} policy"
            )
        order.insert(place + 1, policy)
        return
    last = max(index for index, each in enumerate(order) if each.phase is policy.phase)
    order.insert(last + 1, policy)
