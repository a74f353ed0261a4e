"""The relay of one answer: from the upstream, as it comes, to the client, at the client's pace."""

import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

import structlog

from contracts.problems import Problem, problem
from gateway import event_streams
from gateway.answering import Answering
from gateway.lasting import Lasting
from gateway.wire.framing import has_no_body
from gateway.wire.messages import Call, Client
from gateway.wire.names import NameTable
from gateway.wire.trailers import passing_trailers
from gateway.wire.tunnel import Upstream
from policies.answer import Answer
from policies.exchange import Exchange, Header
from policies.field_names import OF_THE_ANSWER
from policies.modes import BoundFilter
from policies.verdict import AnswerReport, Deny

log = structlog.get_logger()

CHECKED_BYTES: Final = 262_144
"""Longest answer that is checked against its contract, in bytes; a longer one passes unchecked."""

_REFUSED_CREDENTIAL: Final = problem(
    "upstream-refused-credential", "The upstream does not accept the gateway's credential."
)


_EARLY: Final = problem("malformed-request", "Bytes came before the WebSocket was open.")
_now: Final = time.monotonic  # looked up once
_RETRY: Final = (("retry-after", "1"),)


def _is_theirs(name: bytes) -> bool:
    return name.lower() not in OF_THE_ANSWER


_passes: Final = NameTable(_is_theirs)


def may_pass(name: bytes) -> bool:
    """Whether an upstream's header field of this name goes to the client."""
    return _passes[name]


class Handling(Protocol):
    def refuse(self, policy: str, refusal: Problem) -> None: ...

    def failed(self, refusal: Problem) -> None: ...

    def watch(self) -> Lasting: ...

    def done(self) -> None: ...

    def finish(self, answering: Answering) -> None: ...


class Relay:
    """Implements the upstream client's `Receiver`. `begun` says that the client has the answer's head."""

    __slots__ = (
        "_answering",
        "_client",
        "_credentialed",
        "_events",
        "_exchange",
        "_filters",
        "_handling",
        "_kept",
        "_looking",
        "_reports",
        "_trailers",
        "begun",
        "call",
    )

    def __init__(
        self,
        handling: Handling,
        client: Client,
        exchange: Exchange,
        reports: tuple[AnswerReport, ...],
        credentialed: bool,
        events: bool,
        filters: tuple[BoundFilter, ...],
    ) -> None:
        self.call: Call | None = None
        self.begun = False
        self._handling = handling
        self._client = client
        self._exchange = exchange
        self._reports = reports
        self._credentialed = credentialed
        self._events = events
        self._filters = filters
        self._answering: Answering | None = None
        # Who looks at the answer's content, each with what it found in the head, and the content, as long as it is
        # kept for them.
        self._looking: list[tuple[AnswerReport, Any]] = []
        self._kept: list[bytes] | None = None
        self._trailers: Sequence[Header] = ()

    def head(self, status: int, headers: list[Header], length: int | None, /) -> None:
        exchange = self._exchange
        exchange.upstream_first_byte_at = _now()
        if status == 401 and self._credentialed:
            # It is the gateway's credential that was refused: to the caller, whose token is good, 401 would lie.
            self._handling.refuse("upstream", _REFUSED_CREDENTIAL)
            return
        if length is None and event_streams.is_one(headers) and not has_no_body(exchange.method, status):
            if not self._events:
                self._handling.refuse("upstream", event_streams.UNDECLARED)
                return
            if self.call is not None:
                event_streams.EventStream(self._handling.watch(), self._client, self.call)
        exchange.status = status
        if self._reports and exchange.method != "HEAD":
            self._look(status, headers)
        if self._filters:
            answering = Answering(exchange, self._filters, Answer(status, headers, length=length), streams=True)
            refusal = answering.head()
            if refusal is not None:
                self._handling.refuse(refusal.policy, refusal.problem)
                return
            self._answering = answering
            if answering.held:
                return
            self._begin(answering.answer)
            return
        self.begun = True
        self._client.start(exchange.status, self.answer_headers(headers), length)

    def _begin(self, answer: Answer) -> None:
        """The client gets the head, as the filters have left it."""
        self._exchange.status = answer.status
        self.begun = True
        self._client.start(answer.status, self.answer_headers(answer.headers), answer.length)

    def _filter(self, answering: Answering, data: bytes) -> bytes | None:
        """What the client gets now, if it gets anything."""
        made = answering.data(data)
        if made is None:
            return None
        if isinstance(made, Deny):
            self._handling.refuse(made.policy, made.problem)
            return None
        if not self.begun:
            self._exchange.bytes_out = len(data)
            self._begin(answering.answer)
        self._exchange.bytes_out += len(made) - len(data)
        return made

    def answer_headers(self, headers: list[Header]) -> list[Header]:
        exchange = self._exchange
        passes = _passes
        answer = [header for header in headers if passes[header[0]]]
        answer.extend(exchange.answer_headers)
        answer.append((b"x-request-id", exchange.request_id.encode("ascii")))
        return answer

    def switched(self, headers: list[Header], upstream: Upstream, /) -> None:
        exchange = self._exchange
        exchange.upstream_first_byte_at = _now()
        exchange.status = 101
        if self._client.switch(self.answer_headers(headers), upstream, self._handling.watch()):
            self.begun = True
        else:
            upstream.transport.abort()
            self._handling.refuse("websocket", _EARLY)

    def data(self, data: bytes, /) -> None:
        exchange = self._exchange
        exchange.bytes_out += len(data)
        kept = self._kept
        if kept is not None:
            kept.append(data)
            if exchange.bytes_out > CHECKED_BYTES:
                self._kept = None
        if self._answering is not None:
            made = self._filter(self._answering, data)
            if made is None:
                return
            data = made
        if not self._client.write(data) and self.call is not None:
            self.call.pause()

    def trailers(self, fields: list[Header], /) -> None:
        self._trailers = [field for field in passing_trailers(fields, None) if _passes[field[0]]]

    def ended(self) -> None:
        self._exchange.upstream_ended_at = _now()
        answering = self._answering
        if answering is not None and answering.held:
            if self._kept is not None:
                self._report(self._kept)
            self._handling.finish(answering)
            return
        if answering is not None and answering.rewritten and not self._end(answering):
            return
        self._client.finish(self._trailers)
        if self._kept is not None:
            self._report(self._kept)
        if answering is not None and answering.watched:
            self._handling.finish(answering)
            return
        self._handling.done()

    def _end(self, answering: Answering) -> bool:
        """Whether an answer that was rewritten piece by piece has come to a good end."""
        last = answering.end()
        if isinstance(last, Deny):
            self._handling.refuse(last.policy, last.problem)
            return False
        self._client.write(last)
        self._exchange.bytes_out += len(last)
        self._trailers = ()  # they are about other content
        return True

    def _look(self, status: int, headers: list[Header]) -> None:
        for report in self._reports:
            found = report.look(self._exchange, status, headers)
            if found is not None:
                self._looking.append((report, found))
                self._kept = []

    def _report(self, kept: list[bytes]) -> None:
        """Report mode: the client has its answer already, and nothing found here changes it."""
        exchange, body = self._exchange, b"".join(kept)
        try:
            for report, found in self._looking:
                report.report(exchange, found, body)
        except Exception:
            log.exception("response check failed", request_id=exchange.request_id)

    def failed(self, problem_id: str, detail: str, /) -> None:
        headers = _RETRY if problem_id == "upstream-busy" else ()
        self._handling.failed(problem(problem_id, detail, headers=headers))

    def drained(self) -> None:
        self._client.resume_body()
