"""The handling of one request: from an accepted head, through the stages, to the upstream.

The stages run at once, on the event loop's stack: the common request costs no task and no future. Only a stage
that has to wait (an unknown key, a shared limit) or a mediated upstream makes a task.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog

from contracts.problems import CONTENT_TYPE, Problem, problem
from gateway import preflights, shedding
from gateway.answering import Answering, framed_anew
from gateway.entering import Document, Found, Refusal, by_method, hidden, look_up, not_allowed, switched
from gateway.lasting import Lasting
from gateway.mediating import mediate
from gateway.pouring import Pouring
from gateway.redirection import fall_back, may_fall_back, redirected
from gateway.relay import Relay, may_pass
from gateway.routes import Route, ServedOperation
from gateway.runtime import Runtime
from gateway.unseen import Nobody, Unseen
from gateway.upstreams.odoo.content import Content
from gateway.wire import refusals
from gateway.wire.headers import request_head
from gateway.wire.messages import Call, Client
from gateway.wire.trailers import passing_trailers
from policies import request_id, websocket
from policies.answer import Answer
from policies.body_limits import has_body
from policies.exchange import Exchange, Header
from policies.modes import BoundFilter
from policies.rpc.answers import refusal_of
from policies.verdict import ALLOW, Deny, Reply, Switch, Verdict

log = structlog.get_logger()

_PROBLEM_HEADER: Final[Header] = (b"content-type", CONTENT_TYPE.encode())
_JSON_HEADER: Final[Header] = (b"content-type", b"application/json")
_now: Final = time.monotonic  # looked up once


class Owner(Protocol):
    """What a handling needs of the pipeline."""

    runtime: Runtime | None
    open: int
    """Requests that were accepted and have not ended."""
    stopping: bool

    def ended(self, exchange: Exchange) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class Handling:
    """Implements the listener's `Handler`."""

    __slots__ = (
        "_buffer",
        "_call",
        "_client",
        "_complete",
        "_done",
        "_owner",
        "_ready",
        "_relay",
        "_route",
        "_task",
        "_trailers",
        "exchange",
    )

    def __init__(self, owner: Owner, client: Client) -> None:
        self.exchange = client.exchange
        self._owner = owner
        self._client = client
        self._route: Route | None = None
        self._call: Call | None = None
        self._relay: Relay | None = None
        self._task: asyncio.Task[None] | None = None
        self._buffer: list[bytes] | None = None  # what came of the body before the upstream was called
        self._trailers: Sequence[Header] = ()
        self._complete = False  # the request has arrived whole
        self._ready = False  # the stages before the body have let it through
        self._done = False

    def begin(self) -> None:
        """Normalises, routes and runs the stages that need no body."""
        exchange = self.exchange
        exchange.request_id = request_id.choose(exchange.fields)
        found = look_up(exchange, self._owner.runtime)
        if isinstance(found, Refusal):
            self.refuse(found.policy, found.problem)
        elif isinstance(found, Document):
            self.answer(200, [_JSON_HEADER, (b"cache-control", b"max-age=300"), self._request_id()], found.data)
        else:
            self._enter(found)

    def _enter(self, found: Found) -> None:
        """Begins with the operation that the routes at the request's path have for its method."""
        exchange = self.exchange
        methods, exchange.path_values = found
        served = by_method(exchange, methods)
        if served is None:
            if exchange.method != "OPTIONS" or not self._preflight(methods):
                self.refuse("routing", not_allowed(exchange, methods))
            return
        route = served.route or self._first_call(served)
        if route is None:
            return
        self._route = route
        exchange.version = route.version
        exchange.operation = route.operation
        exchange.timed = route.stages.timed
        exchange.labels = route.stages.labels
        if exchange.upgrade and not route.operation.websocket:
            preflights.tell(exchange, route)
            self.refuse(websocket.POLICY, websocket.NOT_CARRIED)
            return
        if route.judged and (fault := hidden(exchange, route)) is not None:
            preflights.tell(exchange, route)
            self.refuse(refusals.POLICY, fault)
            return
        if self._owner.open > route.room:
            preflights.tell(exchange, route)
            self.refuse(shedding.POLICY, shedding.OVERLOADED)
            return
        exchange.marks.append(_now())
        self._run(0)

    def _first_call(self, served: ServedOperation) -> Route | None:
        """Binds the operation. It was tried with the snapshot; where it fails all the same, nothing passes."""
        try:
            return served.bind()
        except Exception as fault:
            log.error("operation not bound", request_id=self.exchange.request_id, exc_info=fault)
            self.refuse("routing", problem("policy-failed", "The operation cannot be served."))
            return None

    def _preflight(self, methods: Mapping[str, ServedOperation]) -> bool:
        """Whether it was a CORS preflight, and is answered."""
        served = preflights.asked_about(self.exchange, methods)
        route = None if served is None else served.route or self._first_call(served)
        found = None if route is None else preflights.stage_of(route)
        if found is None:
            return self._done
        self._route = route
        index, stage = found
        try:
            verdict = stage(self.exchange)
        except Exception as fault:
            self._failed(index, fault)
            return True
        if isinstance(verdict, Reply):
            self._reply(verdict, index)
        elif isinstance(verdict, Deny):
            self.refuse(verdict.policy, verdict.problem)
        return self._done

    def _switch(self, version: str) -> None:
        """The exchange is another version's after all: it begins once more, as one of that."""
        exchange = self.exchange
        self._route = exchange.version = exchange.operation = exchange.labels = None
        exchange.marks.clear()
        exchange.answer_headers.clear()
        found = switched(exchange, self._owner.runtime, version)
        if isinstance(found, Refusal):
            self.refuse(found.policy, found.problem)
        else:
            self._enter(found)

    def _run(self, index: int) -> None:
        """Runs the stages from `index` on, until one refuses, one has to wait, or the body has to come first."""
        exchange, route = self.exchange, self._route
        assert route is not None
        every, body_at = route.stages.every, route.stages.body_at
        marks: list[Any] = exchange.marks  # compiled, a float that is known as one is unboxed and boxed again
        now: Callable[[], Any] = _now
        while True:
            if index == body_at and not self._ready:
                self._ready = True
                if self._complete:
                    self._take_buffer()
                elif route.buffers and has_body(exchange):
                    return  # `end` goes on when the body is there
                marks.append(now())
            if index == len(every):
                break
            try:
                verdict = every[index](exchange)
            except Exception as fault:
                self._failed(index, fault)
                return
            marks.append(now())
            if verdict is not ALLOW:
                if isinstance(verdict, Deny):
                    self._deny(verdict)
                elif isinstance(verdict, Reply):
                    self._reply(verdict, index)
                elif isinstance(verdict, Switch):
                    self._switch(verdict.version)
                else:
                    assert isinstance(verdict, Awaitable)
                    self._client.pause_body()
                    self._task = self._owner.spawn(self._wait(verdict, index))
                return
            index += 1
        self._forward(route)

    async def _wait(self, pending: Awaitable[Verdict], index: int) -> None:
        assert self._route is not None
        try:
            verdict = await pending
        except Exception as fault:
            self._failed(index, fault)
            return
        self._task = None
        if self._done:
            return
        self.exchange.marks[-1] = _now()
        self._client.resume_body()
        if isinstance(verdict, Deny):
            self._deny(verdict)
        elif isinstance(verdict, Reply):
            self._reply(verdict, index)
        elif isinstance(verdict, Switch):
            self._switch(verdict.version)
        else:
            self._run(index + 1)

    def _deny(self, verdict: Deny) -> None:
        if not verdict.silent:
            self.refuse(verdict.policy, verdict.problem)
            return
        self.exchange.refusal, self.exchange.refused_by = verdict.problem, verdict.policy
        self._client.abort()
        self.done()

    def _reply(self, reply: Reply, index: int) -> None:
        """The gateway's own answer, by the stage at `index`: it passes what comes before that."""
        assert self._route is not None
        stages = self._route.stages
        exchange = self.exchange
        exchange.answered_by = reply.policy
        self._filtered(reply.answer, stages.filters[stages.outside[index] :])
        if reply.refresh is not None:
            self._refresh(reply.refresh, index)

    def _refresh(self, prepare: Callable[[Exchange], None], index: int) -> None:
        """Goes on after the stage at `index`, as an exchange of nobody's."""
        assert self._route is not None
        again = Handling(Unseen(self._owner), Nobody(self.exchange))
        again._route, again._complete, again._ready = self._route, True, True
        prepare(again.exchange)
        again.exchange.marks.append(_now())
        again._run(index + 1)

    def _filtered(self, answer: Answer, filters: Sequence[BoundFilter]) -> None:
        """A whole answer that no upstream streams: through the filters, and to the client."""
        answering = Answering(self.exchange, filters, answer)
        body = answer.body
        refusal = answering.head() if filters else None
        if refusal is None and filters:
            said = answering.data(body)
            refusal = said if isinstance(said, Deny) else None
        if refusal is not None:
            self.refuse(refusal.policy, refusal.problem)
        elif answering.watched:
            self.finish(answering)
        else:
            # To a HEAD, a filter has the last word on the length that a GET would have.
            self._answer_whole(answering.answer, b"" if answering.answer.length is None else body)

    def finish(self, answering: Answering) -> None:
        """The whole answer is there: the filters see it, and what was held goes to the client."""
        pending = answering.finish()
        if isinstance(pending, Awaitable):
            self._task = self._owner.spawn(self._finish_later(answering, pending))
        else:
            self._finished(answering, pending)

    async def _finish_later(self, answering: Answering, pending: Awaitable[Deny | None]) -> None:
        refusal = await pending
        self._task = None
        self._finished(answering, refusal)

    def _finished(self, answering: Answering, refusal: Deny | None) -> None:
        if self._relay is not None and self._relay.begun:
            self.done()  # the client has its answer already
        elif refusal is not None:
            self.refuse(refusal.policy, refusal.problem)
        else:
            self._answer_whole(answering.answer, answering.answer.body)

    def _answer_whole(self, answer: Answer, body: bytes) -> None:
        if self._done:
            return
        headers = [header for header in framed_anew(answer.headers) if may_pass(header[0])]
        headers += self.exchange.answer_headers
        headers.append(self._request_id())
        self.answer(answer.status, headers, body)

    def _failed(self, index: int, fault: Exception) -> None:
        """A policy that raises never lets the request through."""
        assert self._route is not None
        policy = self._route.stages.policies[index]
        log.error("policy failed", policy=policy, request_id=self.exchange.request_id, exc_info=fault)
        self.refuse(policy, problem("policy-failed", f"The policy {policy!r} failed."))

    def _take_buffer(self) -> None:
        if self._buffer is not None:
            self.exchange.body = b"".join(self._buffer)
            self._buffer = None

    def data(self, data: bytes, /) -> None:
        if self._done:
            return
        exchange = self.exchange
        exchange.bytes_in += len(data)
        route = self._route
        if route is not None and exchange.bytes_in > route.operation.max_body:
            limit = route.operation.max_body
            self.refuse("body-limits", problem("body-too-large", f"The limit is {limit} bytes.", limit=limit))
        elif self._call is not None:
            if not self._call.write(data):
                self._client.pause_body()
        elif self._buffer is None:
            self._buffer = [data]
        else:
            self._buffer.append(data)

    def trailers(self, fields: list[Header], /) -> None:
        """They go on with a body that is streamed. One that is read whole goes on in one piece, and without."""
        credentials = () if self._route is None else self._route.credentials
        for credential in credentials or (b"",):
            fields = passing_trailers(fields, self.exchange.fields.get(b"connection"), credential)
        self._trailers = fields

    def end(self) -> None:
        self._complete = True
        if self._done:
            return
        if self._call is not None:
            self._call.finish(self._trailers)
        elif self._ready and self._route is not None and self._route.buffers and has_body(self.exchange):
            self._take_buffer()
            self.exchange.marks.append(_now())
            self._run(self._route.stages.body_at)

    def drained(self) -> None:
        if self._call is not None:
            self._call.resume()

    def gone(self) -> None:
        """The client went away: its upstream call is given up, but where its outcome is wanted all the same. 499
        is nginx's code for it, in the log alone."""
        exchange = self.exchange
        if self._done:
            return
        exchange.status = exchange.status or 499
        if exchange.outlives and self._complete and exchange.upstream_sent_at:
            if self._call is not None:
                self._call.resume()  # nobody is slow any more
            return
        self._give_up()
        self.done()

    def _forward(self, route: Route) -> None:
        """The request is let through: to the pooled client, or to the Odoo adapter."""
        exchange = self.exchange
        if route.odoo is not None:
            exchange.upstream_sent_at = exchange.marks[-1]
            self._task = self._owner.spawn(self._mediate(route))
            return
        streaming = exchange.body is None and not self._complete and has_body(exchange)
        http, body, credentialed = route.http, exchange.body, route.credential is not None
        if exchange.forward is None:
            if route.unusable is not None:
                self.refuse("upstream", route.unusable)
                return
            path = route.prefix + exchange.path[len(route.version.base_path) :]
            head = request_head(exchange, path, route.lines, streaming=streaming)
        else:
            outgoing = redirected(exchange, exchange.forward, route)
            if outgoing.unusable is not None:
                self.failed(outgoing.unusable)
                return
            http, body, credentialed = outgoing.http, outgoing.body, outgoing.credentialed
            streaming = streaming and body is None
            head = outgoing.head(streaming)
        assert http is not None
        exchange.upstream_sent_at = exchange.marks[-1]
        self._relay = relay = Relay(
            self,
            self._client,
            exchange,
            route.stages.reports,
            credentialed,
            route.event_stream,
            route.stages.filters,
        )
        handshake = websocket.Handshake(exchange) if exchange.upgrade else None
        call = http.call(head, relay, body=body, streaming=streaming, repeat=route.repeat, handshake=handshake)
        if isinstance(call, Problem):
            self._relay = None
            self.failed(call)
            return
        if self._relay is not relay:
            return  # it has failed already, and something else is done
        self._call = relay.call = call
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            for piece in buffer:
                if not call.write(piece):
                    self._client.pause_body()

    def failed(self, refusal: Problem) -> None:
        """There is no answer from the upstream: where another may be called in its place, that is done."""
        exchange, route, call = self.exchange, self._route, self._call
        forward = exchange.forward
        assert route is not None
        # A call that fails while it is made has gone out on a pooled connection.
        sent = self._relay is not None if call is None else call.sent
        exchange.reached = exchange.reached or sent
        if forward is None or self._done or (call is not None and self._is_spent()):
            self._unanswered("upstream", refusal)
        elif may_fall_back(forward, sent, route):
            fall_back(forward)
            self._call = self._relay = None
            self._forward(route)
        else:
            self._unanswered("upstream", refusal)

    def _unanswered(self, policy: str, refusal: Problem) -> None:
        """Nobody has answered, unless a policy has something for that case."""
        exchange, route = self.exchange, self._route
        instead, exchange.instead = exchange.instead, None
        begun = self._relay is not None and self._relay.begun
        reply = None if instead is None or begun or self._done else instead(exchange, refusal)
        if reply is None:
            self.refuse(policy, refusal)
        else:
            assert route is not None
            self._give_up()
            self._reply(reply, route.stages.policies.index(reply.policy))

    def _is_spent(self) -> bool:
        """Whether the call cannot be made again: its answer had begun, or its body was streamed."""
        exchange = self.exchange
        return exchange.upstream_first_byte_at > 0.0 or (exchange.body is None and has_body(exchange))

    async def _mediate(self, route: Route) -> None:
        exchange = self.exchange
        answer = await mediate(exchange, route)
        self._task = None
        if not isinstance(answer, Problem) and answer.content is not None:
            await self._pour(route, answer.status, list(answer.headers), answer.content)
            return
        if self._done:
            return
        exchange.upstream_first_byte_at = exchange.upstream_ended_at = _now()
        if isinstance(answer, Problem):
            self._unanswered("mediation", answer)
            return
        headers = list(answer.headers)
        for report in route.stages.reports:
            found = report.look(exchange, answer.status, headers)
            if found is not None:
                report.report(exchange, found, answer.body)
        if route.stages.filters:
            self._filtered(Answer(answer.status, headers, answer.body), route.stages.filters)
            return
        self.answer(answer.status, [*headers, *exchange.answer_headers, self._request_id()], answer.body)

    async def _pour(self, route: Route, status: int, headers: list[Header], content: Content) -> None:
        """A long content that Odoo gives, as it comes."""
        pouring = Pouring(content)
        if self._done:
            pouring.cancel()
            return
        stages = route.stages
        relay = self._relay = Relay(
            self, self._client, self.exchange, stages.reports, False, False, stages.filters
        )
        self._call = relay.call = pouring
        await pouring.into(relay, status, headers)

    # -- the end ------------------------------------------------------------------------------------------

    def answer(self, status: int, headers: list[Header], body: bytes) -> None:
        """A whole answer of the gateway's own, and that is the end of it."""
        exchange = self.exchange
        exchange.status = status
        exchange.bytes_out = 0 if exchange.method == "HEAD" else len(body)
        self._client.respond(status, headers, body)
        self.done()

    def refuse(self, policy: str, refusal: Problem) -> None:
        """Answers with problem+json, unless some of an answer has left: then the connection is broken off."""
        if self._done:
            return
        exchange = self.exchange
        exchange.refusal, exchange.refused_by = refusal, policy
        self._give_up()
        if self._relay is not None and self._relay.begun and not self._client.retract():
            self._client.abort()
            self.done()
            return
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in refusal.headers]
        named = {name for name, _ in headers}
        headers += [header for header in exchange.answer_headers if header[0] not in named]
        headers += (_PROBLEM_HEADER, self._request_id())
        body = refusal.body(f"urn:ostiary:request:{exchange.request_id}", policy)
        dialect = (
            None if self._route is None or self._route.odoo_backend is None else self._route.odoo_backend.dialect
        )
        if dialect is None:
            self.answer(refusal.status, headers, body)
            return
        # A client of Odoo's RPC knows no problems: it is told as Odoo would tell it.
        status, spoken, body = refusal_of(dialect, exchange.body_value, refusal)
        self.answer(status, [*(each for each in headers if each is not _PROBLEM_HEADER), *spoken], body)

    def _give_up(self) -> None:
        call = self._call
        if call is not None:
            self.exchange.reached = self.exchange.reached or call.sent
            call.cancel()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    def _request_id(self) -> Header:
        return b"x-request-id", self.exchange.request_id.encode("ascii")

    def watch(self) -> Lasting:
        """Who looks after the exchange from the moment on in which it is a WebSocket or an event stream."""
        return Lasting(self.exchange, self._owner, self)

    def done(self) -> None:
        """Records the exchange, once."""
        if not self._done:
            self._done = True
            # The relay holds this: kept, it would make a cycle, work for the collector.
            self._call = self._relay = None
            self._owner.ended(self.exchange)
