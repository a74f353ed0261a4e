"""The admin listener of a gateway of several workers: asks each of them, and answers for all."""

import asyncio
import json
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from contracts.mirror_report import MirrorReport, merged
from gateway.purging import PURGE_PATH, read_purge
from gateway.telemetry.exposition import CONTENT_TYPE, expose_state
from gateway.telemetry.merging import merge
from gateway.telemetry.metrics import WORKER_ACTIVE, WORKER_RESTARTS
from gateway.workers.supervisor import Supervisor, Worker

_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)

Answer = tuple[int, bytes]


class FleetAdmin:
    """`/healthz` fails where a worker does not answer; `/readyz` where an active one that answers is not ready, or
    none of these answers. `/status` has each worker's own document, `/metrics` its samples under the label
    `worker`; `/mirror` is the report of all. `POST /cache/purge` has all of them drop answers: 503 where one does
    not say that it did.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._runner: web.AppRunner | None = None
        self._sessions: dict[int, aiohttp.ClientSession] = {}

    async def start(self, host: str, port: int) -> int:
        """Listens; the bound port. Raises OSError."""
        for worker in self._supervisor.workers:
            connector = aiohttp.UnixConnector(str(worker.role.admin_socket))
            session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT)
            self._sessions[worker.role.number] = session
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/status", self._status),
                web.get("/metrics", self._metrics),
                web.get("/mirror", self._mirror),
                web.post(PURGE_PATH, self._purge),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_until_all_answer(self) -> None:
        """Returns when every worker listens or stands by, or when the supervisor stops because one cannot."""
        while not self._supervisor.stopping.is_set():
            if all(status == 200 for _, (status, _) in await self._ask_all("/healthz")):
                return
            await asyncio.sleep(0.05)

    async def _healthz(self, request: web.Request) -> web.Response:
        missing = [worker.role.number for worker, (status, _) in await self._ask_all("/healthz") if status != 200]
        if missing:
            return web.json_response({"status": "fail", "workers_missing": missing}, status=503)
        return web.json_response({"status": "pass"})

    async def _readyz(self, request: web.Request) -> web.Response:
        if self._supervisor.stopping.is_set():
            return web.json_response({"status": "fail", "reason": "stopping"}, status=503)
        answers = [each for each in await self._ask_all("/readyz") if each[0].active]
        unready = [worker.role.number for worker, (status, _) in answers if status not in (0, 200)]
        if unready or all(status == 0 for _, (status, _) in answers):
            return web.json_response({"status": "fail", "workers_not_ready": unready}, status=503)
        return web.json_response({"status": "pass"})

    async def _status(self, request: web.Request) -> web.Response:
        documents: list[dict[str, Any]] = []
        for worker, (status, body) in await self._ask_all("/status"):
            known: dict[str, Any] = json.loads(body) if status == 200 else {"status": "missing"}
            own = {"worker": worker.role.number, "active": worker.active, "restarts": worker.restarts}
            documents.append({**own, **known})
        state = "stopping" if self._supervisor.stopping.is_set() else "serving"
        return web.json_response({"status": state, "workers": documents})

    async def _metrics(self, request: web.Request) -> web.Response:
        answers = await self._ask_all("/metrics")
        texts = [(str(worker.role.number), body.decode()) for worker, (status, body) in answers if status == 200]
        workers = {(str(worker.role.number),): worker for worker in self._supervisor.workers}
        active = [(labels, int(worker.active)) for labels, worker in workers.items()]
        restarts = [(labels, worker.restarts) for labels, worker in workers.items()]
        own = expose_state([(WORKER_ACTIVE, active), (WORKER_RESTARTS, restarts)])
        text = await asyncio.to_thread(merge, texts) + "".join(own)
        return web.Response(text=text, headers={"Content-Type": CONTENT_TYPE})

    async def _mirror(self, request: web.Request) -> web.Response:
        answers = await self._ask_all("/mirror")
        reports = [msgspec.json.decode(body, type=MirrorReport) for _, (status, body) in answers if status == 200]
        text = msgspec.json.encode(merged(each for report in reports for each in report.mirrors))
        return web.Response(body=text, content_type="application/json")

    async def _purge(self, request: web.Request) -> web.Response:
        wanted = await read_purge(request)
        if isinstance(wanted, web.Response):
            return wanted
        answers = await self._ask_all(PURGE_PATH, msgspec.json.encode(wanted))
        missing = [worker.role.number for worker, (status, _) in answers if status != 200]
        dropped = sum(json.loads(body)["dropped"] for _, (status, body) in answers if status == 200)
        document: dict[str, Any] = {"dropped": dropped}
        if missing:
            document["workers_missing"] = missing
        return web.json_response(document, status=503 if missing else 200)

    async def _ask_all(self, path: str, body: bytes | None = None) -> list[tuple[Worker, Answer]]:
        """GET, or POST with a JSON `body`."""
        workers = self._supervisor.workers
        asked = (_ask(self._sessions[worker.role.number], path, body) for worker in workers)
        return list(zip(workers, await asyncio.gather(*asked), strict=True))


async def _ask(session: aiohttp.ClientSession, path: str, body: bytes | None) -> Answer:
    """A worker's answer; status 0 where there is none."""
    method, headers = ("GET", {}) if body is None else ("POST", {"content-type": "application/json"})
    try:
        async with session.request(method, f"http://worker{path}", data=body, headers=headers) as response:
            return response.status, await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0, b""
