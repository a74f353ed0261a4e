"""What a stage answers: go on, the refusal, or the answer itself. A denial is a value; an exception is a fault of
ours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from contracts.problems import Problem
from policies.answer import Answer, Wish
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


@dataclass(frozen=True, slots=True)
class Reply:
    """The gateway answers by itself, and no upstream is called; `policy` is the id of the one whose answer it is.

    The answer passes the filters of those policies that come before it in the order, as an upstream's passes all.
    """

    policy: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Switch:
    """The exchange is for another `version` of its API: it goes on as that one's, from the first stage on."""

    version: str


Verdict: TypeAlias = Allow | Deny | Reply | Switch

Stage: TypeAlias = Callable[[Exchange], Verdict | Awaitable[Verdict]]
"""A stage is a plain function, and returns an awaitable only when it has to wait."""


class AnswerFilter(Protocol):
    """What a policy does to answers. Both methods may change the answer; a denial replaces it."""

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish | Deny:
        """On the status and header fields."""
        ...

    def body(self, exchange: Exchange, answer: Answer, /) -> Deny | Awaitable[Deny | None] | None:
        """On the body, where that was wished for. After `Wish.COPY` nothing waits for it."""
        ...
