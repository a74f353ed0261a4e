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

from policies.exchange import Exchange

_FLUSH_BYTES: Final = 65_536
_FLUSH_SECONDS: Final = 0.2

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
        self._buffer = bytearray()
        self._encoder = msgspec.json.Encoder()
        self._timer: asyncio.TimerHandle | None = None
        # Wall-clock time of the monotonic zero, so that a line costs no second clock call.
        self._epoch = time.time() - time.monotonic()
        self.lines = 0
        self.dropped = 0

    def record(self, exchange: Exchange) -> None:
        """One line for an exchange that has ended."""
        entry = self._entry(exchange)
        buffer = self._buffer
        self._encoder.encode_into(entry, buffer, len(buffer))
        buffer += b"\n"
        self.lines += 1
        if len(buffer) >= _FLUSH_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def _entry(self, exchange: Exchange) -> dict[str, Any]:
        version, operation, principal = exchange.version, exchange.operation, exchange.principal
        ended, began = exchange.ended_at, exchange.received_at
        entry: dict[str, Any] = {
            "time": round(self._epoch + began, 3),
            "request_id": exchange.request_id,
            "peer": exchange.peer,
            "method": exchange.method,
            "status": exchange.status,
            "duration_ms": round((ended - began) * 1000, 3),
            "bytes_in": exchange.bytes_in,
            "bytes_out": exchange.bytes_out,
        }
        if version is not None and operation is not None:
            entry["api"] = version.api
            entry["version"] = version.version
            entry["operation"] = operation.id
            entry["path"] = version.base_path + operation.path
        if principal is not None:
            entry["client_id"] = principal.client_id
            entry["consumer"] = principal.consumer
            entry["token_id"] = principal.token_id
        if exchange.upstream_sent_at:
            until = exchange.upstream_first_byte_at or ended
            entry["upstream_ms"] = round((until - exchange.upstream_sent_at) * 1000, 3)
        if exchange.refusal is not None:
            entry["decision"] = "refused"
            entry["policy"] = exchange.refused_by
            entry["problem"] = exchange.refusal.type.id
        else:
            entry["decision"] = "allowed"
        if exchange.marks and (exchange.refusal is not None or ended - began >= self._slow):
            entry["policies_ms"] = {
                name: round((after - before) * 1000, 3)
                for name, (before, after) in zip(exchange.timed, pairwise(exchange.marks), strict=False)
            }
        if exchange.violations:
            entry["response_violations"] = [violation.as_member() for violation in exchange.violations]
        return entry

    def flush(self) -> None:
        """Writes what was gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._buffer:
            return
        data = bytes(self._buffer)
        self._buffer.clear()
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
