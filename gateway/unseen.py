"""An exchange of nobody's: a request that the gateway makes for itself, once its client has been answered."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from gateway.ending import end
from gateway.runtime import Runtime
from gateway.wire.tunnel import Upstream, Watcher
from policies.exchange import Exchange, Header


class Owner(Protocol):
    """What is needed of the pipeline."""

    runtime: Runtime | None
    open: int
    stopping: bool

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class Unseen:
    """Stands for the pipeline. Nothing of the exchange is recorded: no partner has asked for it."""

    def __init__(self, owner: Owner) -> None:
        self.runtime = owner.runtime
        self.open = owner.open
        self.stopping = owner.stopping
        self._owner = owner

    def ended(self, exchange: Exchange) -> None:
        end(exchange)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._owner.spawn(work)


class Nobody:
    """Stands for the client: implements `Client`, and takes whatever is said. Its exchange is that of another
    request's, whose head it has, judged already."""

    def __init__(self, judged: Exchange) -> None:
        self.exchange = exchange = Exchange(
            judged.method,
            judged.target,
            judged.headers,
            judged.fields,
            judged.peer,
            judged.scheme,
            judged.http_version,
            judged.received_at,
        )
        exchange.request_id = judged.request_id
        exchange.path, exchange.query, exchange.path_values = judged.path, judged.query, judged.path_values
        exchange.version, exchange.operation, exchange.labels = judged.version, judged.operation, judged.labels
        exchange.principal, exchange.subscription = judged.principal, judged.subscription
        exchange.parameters = judged.parameters
        exchange.forward = None if judged.forward is None else judged.forward.copy()

    def respond(self, status: int, headers: list[Header], body: bytes, /) -> None: ...

    def start(self, status: int, headers: list[Header], length: int | None, /) -> None: ...

    def write(self, data: bytes, /) -> bool:
        return True

    def finish(self, trailers: Sequence[Header] = (), /) -> None: ...

    def switch(self, headers: list[Header], upstream: Upstream, watcher: Watcher, /) -> bool:
        return False

    def retract(self) -> bool:
        return False

    def abort(self) -> None: ...

    def pause_body(self) -> None: ...

    def resume_body(self) -> None: ...
