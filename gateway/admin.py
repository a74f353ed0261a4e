"""The admin listener: liveness, readiness, a status document and metrics, apart from partners' traffic."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest

from contracts.mirror_report import merged
from gateway.purging import PURGE_PATH, read_purge
from gateway.runtime import Runtime
from gateway.telemetry.canaries import canary_state
from gateway.telemetry.exposition import CONTENT_TYPE
from policies.caching.labels import purge_label


class Admin:
    """`/healthz` says that the process lives, `/readyz` that it has a snapshot and is not stopping.

    `metrics` gives the text of `/metrics`, piece by piece; what is known of the process itself is added. `/mirror`
    is the report of what came of mirrored calls. `POST /cache/purge` drops answers that this process keeps.
    """

    def __init__(
        self,
        runtime: Callable[[], Runtime | None],
        state: Callable[[], dict[str, Any]],
        metrics: Callable[[], Iterator[str]],
    ) -> None:
        self._runtime = runtime
        self._state = state
        self._metrics = metrics
        self._process = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._process)
        self._runner: web.AppRunner | None = None
        self.stopping = False
        self.standing_by = False
        """It takes no connections before another worker ends."""

    async def start(self, host: str, port: int) -> int:
        """Listens; the bound port. Raises OSError."""
        runner = await self._set_up()
        await web.TCPSite(runner, host, port).start()
        address: tuple[str, int] = runner.addresses[0]
        return address[1]

    async def start_unix(self, path: Path) -> None:
        """Listens on a socket of the file system. Raises OSError."""
        await web.UnixSite(await self._set_up(), path).start()

    async def _set_up(self) -> web.AppRunner:
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/status", self._status),
                web.get("/metrics", self._exposition),
                web.get("/mirror", self._mirror),
                web.post(PURGE_PATH, self._purge),
            ]
        )
        self._runner = runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        return runner

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

    async def _exposition(self, request: web.Request) -> web.Response:
        pieces = []
        for piece in self._metrics():
            pieces.append(piece.encode())
            await asyncio.sleep(0)  # requests come first: see `telemetry.exposition`
        pieces.append(generate_latest(self._process))
        return web.Response(body=b"".join(pieces), headers={"Content-Type": CONTENT_TYPE})

    async def _mirror(self, request: web.Request) -> web.Response:
        runtime = self._runtime()
        reports = () if runtime is None else runtime.ports.mirror_reports.every()
        text = msgspec.json.encode(merged(report.told() for report in reports))
        return web.Response(body=text, content_type="application/json")

    async def _purge(self, request: web.Request) -> web.Response:
        wanted = await read_purge(request)
        if isinstance(wanted, web.Response):
            return wanted
        runtime = self._runtime()
        # Each process is asked by itself: told by another one it would have nothing left to count.
        dropped = 0 if runtime is None else runtime.ports.cache.drop({purge_label(wanted)}, tell=False)
        return web.json_response({"dropped": dropped})

    async def _status(self, request: web.Request) -> web.Response:
        runtime = self._runtime()
        status = "stopping" if self.stopping else "standing by" if self.standing_by else "serving"
        document: dict[str, Any] = {"status": status, **self._state()}
        if runtime is not None:
            manifest = runtime.manifest
            document["snapshot"] = {
                "serial": manifest.serial,
                "issued_at": manifest.issued_at,
                "age_seconds": max(0, int(time.time()) - manifest.issued_at),
                "contracts": manifest.contracts,
                "access": manifest.access,
                "versions": ["/".join(name) for name in runtime.versions],
                "rejected": dict(runtime.rejected),
            }
            if manifest.preview:
                document["preview"] = manifest.preview
            document["upstreams"] = {
                name: {"kind": upstream.kind, **server.state()}
                for name, (upstream, server) in runtime.upstreams.items()
            }
            document["canaries"] = [canary_state(each) for each in runtime.ports.canaries.every()]
        return web.json_response(document)
