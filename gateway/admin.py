"""The admin listener: liveness, readiness and a status document, apart from partners' traffic."""

import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from gateway.runtime import AnyUpstream, Runtime
from gateway.upstreams.http import HttpUpstream


class Admin:
    """`/healthz` says that the process lives, `/readyz` that it has a snapshot and is not stopping."""

    def __init__(self, runtime: Callable[[], Runtime | None], state: Callable[[], dict[str, Any]]) -> None:
        self._runtime = runtime
        self._state = state
        self._runner: web.AppRunner | None = None
        self.stopping = False

    async def start(self, host: str, port: int) -> int:
        """Listens; the bound port. Raises OSError."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/status", self._status),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "pass"})

    async def _readyz(self, request: web.Request) -> web.Response:
        if self.stopping:
            return web.json_response({"status": "fail", "reason": "stopping"}, status=503)
        if self._runtime() is None:
            return web.json_response({"status": "fail", "reason": "no snapshot"}, status=503)
        return web.json_response({"status": "pass"})

    async def _status(self, request: web.Request) -> web.Response:
        runtime = self._runtime()
        document: dict[str, Any] = {"status": "stopping" if self.stopping else "serving", **self._state()}
        if runtime is not None:
            manifest = runtime.snapshot.manifest
            document["snapshot"] = {
                "serial": manifest.serial,
                "issued_at": manifest.issued_at,
                "age_seconds": max(0, int(time.time()) - manifest.issued_at),
                "contracts": manifest.contracts,
                "access": manifest.access,
                "versions": [f"{v.api}/{v.version}" for v in runtime.snapshot.contracts.versions],
                "rejected": dict(runtime.rejected),
            }
            document["upstreams"] = {
                name: {
                    "kind": upstream.kind,
                    **(
                        {"connections_opened": server.connections_opened}
                        if isinstance(server, HttpUpstream)
                        else {}
                    ),
                }
                for name, (upstream, server) in runtime.upstreams.items()
            }
        return web.json_response(document)


def _counts(server: AnyUpstream) -> dict[str, int]:
    """The pool's counters; the mediated client opens a connection for each call and has none."""
    if not isinstance(server, HttpUpstream):
        return {}
    return {
        "connections_opened": server.connections_opened,
        "connections_in_use": server.in_use,
        "calls_queued": server.queued,
    }
