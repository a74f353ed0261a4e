"""A sample of the calls that were refused or failed, so that whoever made one finds it by its request id.

The sample is bounded twice: what one application does wrong all day must not take the place of another's one
failure. Calls of nobody, who have proved nothing, share the place of one application. What is kept are names and
numbers, never the exchange: its body may be large.
"""

import time
from typing import Final

from contracts.usage.report import MAX_FAILURES, Failure, Upstream
from gateway.usage.mismatches import Mismatches
from policies.exchange import Exchange

OF_ONE: Final = 20
"""Failures of one application in a sample."""

_NAME: Final = 255
_ID: Final = 63
_SHORTEST: Final = 8
"""Characters of a request id that anybody could have been told."""
_HELD_BACK: Final = frozenset({"upstream-open", "upstream-busy"})
"""Refusals in an upstream's name for which it was not called."""


class Failures:
    """Implements the pipeline's `Recorder`. `most` is what a sample holds, `of_one` of one application."""

    def __init__(self, most: int = MAX_FAILURES, of_one: int = OF_ONE) -> None:
        self._most = most
        self._of_one = of_one
        # Wall-clock time of the monotonic zero, by which exchanges are timed.
        self._epoch = time.time() - time.monotonic()
        self._kept: list[Failure] = []
        self._by_application: dict[str, int] = {}
        self._beyond = 0
        self.mismatches = Mismatches()

    def record(self, exchange: Exchange) -> None:
        if exchange.status < 400 and exchange.refusal is None:
            return
        if len(exchange.request_id) < _SHORTEST:
            return
        self.mismatches.record(exchange)
        principal = exchange.principal
        name = "" if principal is None else principal.client_id
        known = self._by_application.get(name, 0)
        if known >= self._of_one or len(self._kept) >= self._most:
            self._beyond += 1
            return
        self._by_application[name] = known + 1
        self._kept.append(self._failure(exchange))

    def take(self) -> tuple[tuple[Failure, ...], int]:
        """The sample since it was taken last, and how many there were beyond it."""
        taken, beyond = self._kept, self._beyond
        self._kept, self._by_application, self._beyond = [], {}, 0
        return tuple(taken), beyond

    def _failure(self, exchange: Exchange) -> Failure:
        refusal, principal = exchange.refusal, exchange.principal
        api, version, operation = ("", "", "") if exchange.labels is None else exchange.labels.key
        method = exchange.method
        problem = "" if refusal is None else refusal.type.id
        return Failure(
            request_id=exchange.request_id,
            at=int(self._epoch + exchange.ended_at),
            status=exchange.status if 0 <= exchange.status < 600 else 0,
            milliseconds=max(0, round((exchange.ended_at - exchange.received_at) * 1000)),
            upstream=_upstream(exchange, problem),
            # Of a request that is no sound one it could be anything.
            method=method
            if len(method) <= 16 and method.isascii() and method.isalpha() and method.isupper()
            else "",
            api=api[:_NAME],
            version=version[:_NAME],
            operation=operation[:_NAME],
            application="" if principal is None else principal.client_id[:_NAME],
            consumer="" if principal is None else principal.consumer[:_NAME],
            problem=problem[:_ID],
            policy="" if refusal is None else exchange.refused_by[:_ID],
            aborted=exchange.status < 400,
        )


def _upstream(exchange: Exchange, problem: str) -> Upstream:
    if not exchange.upstream_sent_at or problem in _HELD_BACK:
        return "not-called"
    return "answered" if exchange.upstream_first_byte_at else "unanswered"
