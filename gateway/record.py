"""The record of each exchange: one JSON line in the access log.

A line never holds a token, a cookie, a query string or a body: the path is the contract's template, and who
called is named by client id. Lines are gathered and written once a loop's pause, or when 64 KiB are there.
"""

import asyncio
import fcntl
import os
import time
from itertools import pairwise
from typing import Any, Final

import msgspec
import structlog

from contracts.problems import Problem
from policies.exchange import Exchange, Labels

_FLUSH_SIZE: Final = 65_536
_FLUSH_SECONDS: Final = 0.2

_DECIMALS: Final = tuple(f".{number:03}" for number in range(1000))
_NUMBERS: Final = tuple(str(number) for number in range(1000))

SLOW: Final = 1.0

log = structlog.get_logger()


class AccessLog:
    """Appends to a file descriptor. A line that cannot be written is dropped and counted, never waited for."""

    def __init__(self, descriptor: int, *, slow: float = SLOW, lock: int | None = None) -> None:
        """`slow` is how many seconds a request may take without a word on where they went. `lock` is an open file
        that is locked while lines are written, where other processes write to the same place."""
        self._descriptor = descriptor
        self._lock = lock
        self._slow = slow
        self._lines: list[str] = []
        self._size = 0  # of them all, in characters
        self._timer: asyncio.TimerHandle | None = None
        # Wall-clock time of the monotonic zero, so that a line costs no second clock call.
        self._epoch = time.time() - time.monotonic()
        self._second = -1
        self._begin = ""  # of the lines of that second
        self.lines = 0
        self.dropped = 0

    def record(self, exchange: Exchange) -> None:
        """One line for an exchange that has ended."""
        # Strings alone are put together here: a format of a float or of a width takes as long as ten of them.
        began, ended = exchange.received_at, exchange.ended_at
        labels, principal, sent = exchange.labels, exchange.principal, exchange.upstream_sent_at
        if labels is None and exchange.version is not None and exchange.operation is not None:
            labels = Labels(exchange.version, exchange.operation)
        served = "" if labels is None else labels.log_members
        caller = "" if principal is None else principal.log_members
        waited = ""
        if sent:
            waited = f',"upstream_ms":{_milliseconds((exchange.upstream_first_byte_at or ended) - sent)}'
        request_id = exchange.request_id
        if not (request_id.isascii() and request_id.isalnum()):
            request_id = _text(request_id)[1:-1]
        refusal = exchange.refusal
        if (
            refusal is None
            and ended - began < self._slow
            and not exchange.violations
            and not exchange.would_refuse
            and not exchange.answered_by
            and exchange.forward is None
        ):
            rest = ',"decision":"allowed"}\n'
        else:
            rest = self._rest(exchange, refusal)
        thousandths = int((self._epoch + began) * 1000.0 + 0.5)
        second = thousandths // 1000
        if second != self._second:
            self._second, self._begin = second, f'{{"time":{second}'
        line = (
            f'{self._begin}{_DECIMALS[thousandths % 1000]},"request_id":"{request_id}",'
            f'"peer":{_known_text(exchange.peer)},"method":{_known_text(exchange.method)},'
            f'"status":{_number(exchange.status)},"duration_ms":{_milliseconds(ended - began)},'
            f'"bytes_in":{_number(exchange.bytes_in)},"bytes_out":{_number(exchange.bytes_out)}'
            f"{served}{caller}{waited}{rest}"
        )
        self._lines.append(line)
        self.lines += 1
        self._size += len(line)
        if self._size >= _FLUSH_SIZE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def _rest(self, exchange: Exchange, refusal: Problem | None) -> str:
        """What is only said of those that were refused or nearly so, slow, answered by a policy, or otherwise than
        the contract has it."""
        more: dict[str, Any] = {"decision": "allowed"}
        if refusal is not None:
            more = {"decision": "refused", "policy": exchange.refused_by, "problem": refusal.type.id}
        if exchange.marks and (refusal is not None or exchange.ended_at - exchange.received_at >= self._slow):
            more["policies_ms"] = {
                name: round((after - before) * 1000, 3)
                for name, (before, after) in zip(exchange.timed, pairwise(exchange.marks), strict=False)
            }
        if exchange.would_refuse:
            more["would_refuse"] = exchange.would_refuse
        if exchange.answered_by:
            more["answered_by"] = exchange.answered_by
        forward = exchange.forward
        if forward is not None and forward.upstream:
            more["upstream"] = forward.upstream
        if forward is not None and forward.fell_back:
            more["fell_back_from"] = forward.fell_back
        if exchange.violations:
            more["response_violations"] = [violation.as_member() for violation in exchange.violations]
        return "," + msgspec.json.encode(more)[1:].decode("utf-8") + "\n"

    def flush(self) -> None:
        """Writes what was gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        data = "".join(self._lines).encode("utf-8")
        self._lines = []
        self._size = 0
        try:
            if self._lock is not None:
                fcntl.flock(self._lock, fcntl.LOCK_EX)  # a pipe keeps only 4 KiB together (pipe(7))
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self.dropped += data.count(b"\n")
            log.warning("access log not written", error=error.strerror, lines=data.count(b"\n"))
        finally:
            if self._lock is not None:
                fcntl.flock(self._lock, fcntl.LOCK_UN)


def _milliseconds(seconds: float) -> str:
    """As a JSON number with three decimals."""
    if seconds < 0.0:
        return f"{seconds * 1000:.3f}"
    microseconds = int(seconds * 1e6 + 0.5)
    return _number(microseconds // 1000) + _DECIMALS[microseconds % 1000]


def _number(value: int) -> str:
    return _NUMBERS[value] if 0 <= value < 1000 else str(value)


_texts: Final[dict[str, str]] = {}
_KNOWN_TEXTS: Final = 4096


def _known_text(value: str) -> str:
    """As JSON, for what many lines share."""
    known = _texts.get(value)
    if known is None:
        if len(_texts) >= _KNOWN_TEXTS:
            _texts.clear()
        known = _texts[value] = _text(value)
    return known


def _text(value: str) -> str:
    """As JSON."""
    return msgspec.json.encode(value).decode("utf-8")
