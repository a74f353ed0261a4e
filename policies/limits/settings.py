"""What may be set of limits beside those of a plan."""

from collections.abc import Iterator

import msgspec

from contracts.limits import RateLimit
from contracts.limits_text import By, LimitEntry, parse_limit
from contracts.operations import ApiVersion, Operation
from policies.policy import Fault, PolicyConfig, Setting


class LimitSetting(LimitEntry, frozen=True, kw_only=True):
    """One limit. It has to say whose calls it counts together: where it is set does not narrow that."""

    by: By
    """Whose calls are counted together: those that agree in all that is named."""


class RateLimitConfig(PolicyConfig, frozen=True):
    """Limits beside those of the caller's plan, by name. All of them hold at once.

    Limits of the same name that count the same calls together are one limit, wherever they are set.
    """

    limits: dict[str, LimitSetting] = msgspec.field(default_factory=dict)
    """By the name that `RateLimit` shows."""


def limits_of(config: RateLimitConfig) -> tuple[RateLimit, ...]:
    """Raises ValueError."""
    return tuple(parse_limit(name, entry) for name, entry in config.limits.items())


def check(setting: Setting[RateLimitConfig], version: ApiVersion, operation: Operation) -> Iterator[Fault]:
    """Limits that are none, those that refuse every call of the operation, and those that a plan has by name."""
    for name, entry in setting.config.limits.items():
        pointer = f"/limits/{name.replace('~', '~0').replace('/', '~1')}"
        try:
            limit = parse_limit(name, entry)
        except ValueError as error:
            yield Fault(pointer, f"limit {name!r}: {error}")
            continue
        if operation.cost > limit.most:
            message = f"limit {name!r} never gives the {operation.cost} units that one call costs"
            yield Fault(pointer, message)
        yield from _twice(setting, operation, name, pointer)


def _twice(setting: Setting[RateLimitConfig], operation: Operation, name: str, pointer: str) -> Iterator[Fault]:
    """Callers know limits by their names, and two of one name that count alike would count each call twice."""
    nowhere = setting.mode == "off" and all(mode == "off" for mode in setting.consumers.values())
    if operation.public or nowhere:
        return
    places = [f"plan {plan!r} ({limits[name]})" for plan, limits in setting.around.plans.items() if name in limits]
    if places:
        message = (
            f"limit {name!r} is also a limit of {' and '.join(places)}, and both would hold: name one otherwise"
        )
        yield Fault(pointer, message)
