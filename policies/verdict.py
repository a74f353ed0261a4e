"""What a stage answers: go on, or the refusal. A denial is a value; an exception is a fault of ours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from contracts.problems import Problem
from policies.exchange import Exchange


class Allow:
    """The exchange goes on. There is one instance, ALLOW, so that stages compare by identity."""

    __slots__ = ()


ALLOW: Final = Allow()


@dataclass(frozen=True, slots=True)
class Deny:
    """The exchange ends here with `problem`; `policy` is the id of the one that refused."""

    policy: str
    problem: Problem


Verdict: TypeAlias = Allow | Deny

Stage: TypeAlias = Callable[[Exchange], Verdict | Awaitable[Verdict]]
"""A stage is a plain function, and returns an awaitable only when it has to wait."""
