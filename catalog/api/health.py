"""Liveness, readiness, and the state of publication."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catalog.api.delivery import GatewayToken
from catalog.api.problems import problem_response
from catalog.publication import Publisher
from contracts.problems import problem


class Health:
    """`/healthz` and `/readyz` are open to everyone; `/status` names files of the estate and so is not."""

    def __init__(self, publisher: Publisher, token: GatewayToken) -> None:
        self._publisher = publisher
        self.routes = [
            Route("/healthz", self.live, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/status", token.guard(self.status), methods=["GET"]),
        ]

    async def live(self, _request: Request) -> Response:
        """The process answers. A broken estate does not make it unhealthy: a restart would not mend it."""
        last = self._publisher.last
        summary = None
        if last is not None:
            summary = {"ok": last.ok, "at": last.at, "findings": len(last.findings)}
        body = {"status": "ok", "snapshot": self._snapshot(), "last_publication": summary}
        return JSONResponse(body, headers={"cache-control": "no-store"})

    async def ready(self, request: Request) -> Response:
        """200 once there is a snapshot to hand out."""
        if self._publisher.current is None:
            refusal = problem("not-ready", "Nothing has been published yet.", headers=(("Retry-After", "1"),))
            return problem_response(refusal, request.state.request_id)
        return JSONResponse({"status": "ready"}, headers={"cache-control": "no-store"})

    async def status(self, _request: Request) -> Response:
        """What `/healthz` says, with every finding of the last publication."""
        last = self._publisher.last
        body = {"snapshot": self._snapshot(), "last_publication": None if last is None else last.summary()}
        return JSONResponse(body, headers={"cache-control": "no-store"})

    def _snapshot(self) -> dict[str, Any] | None:
        current = self._publisher.current
        if current is None:
            return None
        return {
            "serial": current.manifest.serial,
            "issued_at": current.manifest.issued_at,
            "digest": current.digest,
            "applications": len(current.applications),
            "versions": len(current.contracts.versions),
        }
