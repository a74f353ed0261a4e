"""How this process is, told to the catalog every few seconds with a sample of the calls that failed.

Only the newest state matters, so none waits: while the catalog does not answer, the report that it did not take is
asked to be taken again, for the failures in it, and what comes meanwhile is what one sample holds. A catalog that
knows no such reports, an older one, is told nothing that it would miss.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import aiohttp
import structlog

from contracts.usage import report
from contracts.usage.report import MAX_HELD, MAX_UPSTREAMS, GatewayReport, HeldVersion, UpstreamState
from gateway.reload import SnapshotClient
from gateway.runtime import Runtime
from gateway.upstreams.resilience.guard import Guard
from gateway.usage.failures import Failures
from gateway.usage.posting import Post

log = structlog.get_logger()

_NAME: Final = 255
_REFUSED_FOR_GOOD: Final = frozenset({400, 404, 405, 413, 415, 422})


class Pipeline(Protocol):
    @property
    def open(self) -> int: ...

    @property
    def runtime(self) -> Runtime | None: ...


class ProcessReporter:
    """Reports as the process `gateway`, every `interval` seconds, from `start` until `close`. `clock` gives Unix
    seconds."""

    def __init__(
        self,
        pipeline: Pipeline,
        failures: Failures,
        client: SnapshotClient | None,
        catalog_url: str,
        token: str,
        *,
        gateway: str,
        session: aiohttp.ClientSession,
        interval: float,
        sandbox: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pipeline = pipeline
        self._failures = failures
        self._client = client
        self._post = Post(session, catalog_url, "/gateway/report", token)
        self._gateway = gateway[:_NAME]
        self._boot = secrets.token_hex(16)
        self._interval = interval
        self._sandbox = sandbox
        self._clock = clock
        self._started = int(clock())
        self._sequence = 0
        self._waiting: bytes | None = None
        self._failing = ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Reports from now on."""
        self._task = asyncio.create_task(self._report_forever())
        self._task.add_done_callback(_on_end)

    async def close(self) -> None:
        """Tells of the last failures, if the catalog answers soon."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.tell()

    async def tell(self) -> bool:
        """Sends what the catalog has not taken, and then how the process is now; False where it took neither."""
        if self._waiting is not None and not await self._send(self._waiting):
            return False
        self._waiting = report.encode(self.made())
        if not await self._send(self._waiting):
            return False
        self._waiting = None
        return True

    def made(self) -> GatewayReport:
        """The report of now, with the sample that was taken for it."""
        runtime, client = self._pipeline.runtime, self._client
        manifest = None if runtime is None else runtime.manifest
        failures, beyond = self._failures.take()
        self._sequence += 1
        return GatewayReport(
            format=1,
            gateway=self._gateway,
            boot=self._boot,
            sequence=self._sequence,
            at=int(self._clock()),
            started=self._started,
            interval=self._interval,
            serial=0 if manifest is None else manifest.serial,
            issued=0 if manifest is None else manifest.issued_at,
            age=None if client is None else client.age,
            catalog_failing=client is not None and client.last_error is not None,
            sandbox=self._sandbox,
            open_requests=self._pipeline.open,
            upstreams=() if runtime is None else tuple(_upstreams(runtime))[:MAX_UPSTREAMS],
            held=() if runtime is None else tuple(_held(runtime))[:MAX_HELD],
            failures=failures,
            beyond=beyond,
            mismatched=self._failures.mismatches.take(),
        )

    async def _report_forever(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(self._interval)

    async def _send(self, data: bytes) -> bool:
        """False where the catalog may take it later."""
        status = await self._post(data)
        if isinstance(status, str):
            return self._keep(status)
        if status in _REFUSED_FOR_GOOD:
            # Asked again it would be refused again, and hold up all that comes after it.
            self._keep(f"the catalog answered {status}")
            return True
        if not 200 <= status < 300:
            return self._keep(f"the catalog answered {status}")
        self._failing = ""
        return True

    def _keep(self, reason: str) -> bool:
        if not self._failing:
            log.warning("report not taken", reason=reason)
        self._failing = reason
        return False


def _upstreams(runtime: Runtime) -> Iterator[UpstreamState]:
    for name, (_, service) in runtime.upstreams.items():
        guard: Guard[Any] = service.guard
        targets, balancer = guard.balancer.targets, guard.balancer
        unhealthy = sum(not target.healthy for target in targets)
        ejected = sum(target.healthy and balancer.ejected(target) for target in targets)
        yield UpstreamState(
            name=name[:_NAME],
            breaker=guard.breaker.state.value,
            opened=guard.breaker.opened,
            serving=len(targets) - unhealthy - ejected,
            ejected=ejected,
            unhealthy=unhealthy,
            in_use=service.in_use,
            queued=service.queued,
        )


def _held(runtime: Runtime) -> Iterator[HeldVersion]:
    for name in runtime.rejected:
        api, _, version = name.partition("/")
        yield HeldVersion(api, version, "unapproved" if name in runtime.unapproved else "rejected")


def _on_end(task: asyncio.Task[None]) -> None:
    """A fault of ours must not go unseen: from then on the catalog takes the process for one that is gone."""
    if not task.cancelled() and task.exception() is not None:
        log.error("the process reports no more", exc_info=task.exception())
