"""What holds for every request: an id, one log line, and no fault that shows its inside."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog.api.problems import problem_response
from contracts.problems import problem
from policies import request_id

log = structlog.get_logger("catalog.access")

_PROBES = frozenset({"/healthz", "/readyz"})


class RequestContext:
    """Gives each request its `X-Request-Id`, logs it, and answers 500 problem+json for what nobody caught."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = request_id.choose(dict(scope["headers"]))
        scope.setdefault("state", {})["request_id"] = identity
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = ((b"x-request-id", identity.encode()), (b"x-content-type-options", b"nosniff"))
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("request failed", request_id=identity, path=scope["path"])
            if status:
                raise  # the answer has begun: the server can only cut it off
            refusal = problem("internal-error", "The catalog failed on this request.")
            await problem_response(refusal, identity)(scope, receive, send_with_id)
        finally:
            # The query is left out: whoever puts a secret there by mistake shall not find it in our log.
            # Probes come every few seconds and say nothing when all is well.
            level = log.debug if scope["path"] in _PROBES and status < 500 else log.info
            level(
                "request",
                request_id=identity,
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=round((time.perf_counter() - started) * 1000, 2),
            )
