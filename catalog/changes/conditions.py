"""What has to be so before a change is published: conditions, met or not, each with what would meet it."""

from collections.abc import Iterable

import msgspec


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition of a change.

    `id` is stable: the kind, and after a colon what it is about (`approvals:architect`, `waived:breaking`). `text`
    is a sentence that holds whether it is met or not. `needs` names what would meet it where people can do so:
    roles that have to approve (`architect`), or fingerprints of findings that have to be waived.
    """

    id: str
    met: bool
    text: str
    needs: tuple[str, ...] = ()


def all_met(conditions: Iterable[Condition]) -> bool:
    """Whether nothing stands in the way."""
    return all(condition.met for condition in conditions)


def unmet(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions that are not met, in order."""
    return tuple(condition for condition in conditions if not condition.met)
