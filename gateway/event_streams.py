"""Server-sent events (WHATWG HTML §9.2): an answer that goes on for as long as there is something to tell.

One passes only where the contract declares `text/event-stream`: whoever did not may have time-outs, budgets and a
load balancer that reckon with answers that end. An answer of that type with a length is an answer like any other.
"""

import asyncio
from typing import Final, Protocol

from contracts.operations import Operation
from contracts.problems import problem
from gateway.wire.messages import Call, Client
from policies.exchange import Header

_MEDIA_TYPE: Final = "text/event-stream"
_VALUE: Final = _MEDIA_TYPE.encode("ascii")
_NAME: Final = b"content-type"

UNDECLARED: Final = problem(
    "upstream-malformed", "The upstream answered with an event stream, which the contract does not declare."
)

ASK_EVERY: Final = 1.0
"""Seconds between two questions whether it may go on."""


def opened_by(operation: Operation) -> bool:
    """Whether the contract declares an event stream as an answer; a range that merely admits it does not."""
    return any(media.range == _MEDIA_TYPE for response in operation.responses for media in response.content)


def is_one(headers: list[Header]) -> bool:
    """Whether the answer with these fields is an event stream. Asked only where it has no length."""
    for name, value in headers:
        if len(name) == len(_NAME) and name.lower() == _NAME:
            return value.partition(b";")[0].strip().lower() == _VALUE
    return False


class Watcher(Protocol):
    """Whoever let it through."""

    def may_go_on(self) -> bool: ...

    def ended(self) -> None:
        """It was ended here, and not by either side."""
        ...


class EventStream:
    """One open stream. It ends with the exchange, or when its client may call the operation no more: then as a
    stream that has no more to tell, so that the client connects anew, to where it is told why it may not."""

    __slots__ = ("_call", "_client", "_watcher")

    def __init__(self, watcher: Watcher, client: Client, call: Call) -> None:
        self._watcher = watcher
        self._client = client
        self._call = call
        call.unbounded()
        self._ask_again()

    def _ask_again(self) -> None:
        asyncio.get_running_loop().call_later(ASK_EVERY, self._tick)

    def _tick(self) -> None:
        if self._client.exchange.ended_at:
            return
        if self._watcher.may_go_on():
            self._ask_again()
            return
        self._call.cancel()
        self._client.finish()
        self._watcher.ended()
