"""What a stage answers: go on, the refusal, or the answer itself. A denial is a value; an exception is a fault of
ours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from contracts.problems import Problem
from policies.answer import Answer, Wish
from policies.exchange import Exchange, Header


class Allow:
    """The exchange goes on. There is one instance, ALLOW, so that stages compare by identity."""

    __slots__ = ()


ALLOW: Final = Allow()


@dataclass(frozen=True, slots=True)
class Deny:
    """The exchange ends here with `problem`; `policy` is the id of the one that refused. A stage that is `silent`
    has the connection broken off in place of an answer; the problem is then for the record."""

    policy: str
    problem: Problem
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The gateway answers by itself, and no upstream is called; `policy` is the id of the one whose answer it is.

    The answer passes the filters of those policies that come before it in the order, as an upstream's passes all.
    With `refresh` the request goes upstream all the same, when the client has its answer: as an exchange of
    nobody's, for which that is called first.
    """

    policy: str
    answer: Answer
    refresh: Callable[[Exchange], None] | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """The exchange is for another `version` of its API: it goes on as that one's, from the first stage on."""

    version: str


Verdict: TypeAlias = Allow | Deny | Reply | Switch

Stage: TypeAlias = Callable[[Exchange], Verdict | Awaitable[Verdict]]
"""A stage is a plain function, and returns an awaitable only when it has to wait."""


class AnswerReport(Protocol):
    """What looks at answers on their way to the client, and changes nothing for it."""

    def look(self, exchange: Exchange, status: int, headers: list[Header], /) -> Any:
        """At a head; what `report` is to be given, or None where the body does not matter."""
        ...

    def report(self, exchange: Exchange, found: Any, body: bytes, /) -> None:
        """On the body, when the client has it."""
        ...


class AnswerFilter(Protocol):
    """What a policy does to answers. Both methods may change the answer; a denial replaces it."""

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish | Deny:
        """On the status and header fields."""
        ...

    def body(self, exchange: Exchange, answer: Answer, /) -> Deny | Awaitable[Deny | None] | None:
        """On the body, where that was wished for. After `Wish.COPY` nothing waits for it."""
        ...
