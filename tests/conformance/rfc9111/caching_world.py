"""A gateway whose operations are cached, an upstream that says what a test tells it to, and a clock to turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import msgspec

from contracts.policy_settings import PolicyUse
from contracts.resilience import RetrySettings
from contracts.snapshot import Snapshot
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot, token
from tests.gateway.http_harness import RawAnswer, SeenRequest
from tests.support.policy_world import NOW

LIST = "/orders/v1/orders"


class Origin:
    """An upstream of reference data. `fields` and `status` are what it answers with; the body counts its answers.
    It answers 304 to conditions that its `ETag` or `Last-Modified` meets."""

    def __init__(self, *fields: str, status: int = 200) -> None:
        self.fields: tuple[str, ...] = fields
        self.status = status
        self.body: bytes | None = None
        self.dated = True
        self.broken = False
        self.seen: list[SeenRequest] = []
        self.asked = asyncio.Semaphore(0)
        """Released with each request."""
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.now = float(NOW)

    @property
    def hits(self) -> int:
        return len(self.seen)

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.seen.append(request)
        number = self.hits
        self.asked.release()
        await self.may_answer.wait()
        if self.broken:
            return False
        lines = list(self.fields)
        if self.dated:
            lines.append(f"Date: {formatdate(self.now, usegmt=True)}")
        if self.status == 200 and self._holds(request):
            writer.write("\r\n".join(["HTTP/1.1 304 Not Modified", *lines, "", ""]).encode())
            return True
        body = b"answer %d" % number if self.body is None else self.body
        lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([f"HTTP/1.1 {self.status} Said", *lines, "", ""]).encode()
        writer.write(head + (b"" if request.line.startswith(b"HEAD ") else body))
        return True

    def _holds(self, request: SeenRequest) -> bool:
        mine = {
            name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in self.fields)
        }
        tag = request.fields.get(b"if-none-match")
        if tag is not None:
            return tag.decode() == mine.get("etag")
        since = request.fields.get(b"if-modified-since")
        return since is not None and since.decode() == mine.get("last-modified")


class Caching:
    """The running gateway, and what is asked of it."""

    def __init__(self, running: Gateway, origin: Origin) -> None:
        self.gateway = running
        self.origin = origin

    def later(self, seconds: float) -> None:
        self.origin.now += seconds

    async def get(
        self, path: str = LIST, *, method: str = "GET", subject: str = "acme-shop", **fields: str
    ) -> RawAnswer:
        bearer = token(sub=subject, exp=NOW + 10_000_000)
        return await self.gateway.ask(method, path, bearer=bearer, **fields)

    async def write(self, path: str = LIST, method: str = "POST", **fields: str) -> RawAnswer:
        bearer = token(exp=NOW + 10_000_000)
        kind = "application/json" if method == "POST" else "application/octet-stream"
        return await self.gateway.ask(method, path, b'{"sku":"A"}', bearer=bearer, Content_Type=kind, **fields)

    @property
    def cache(self) -> Any:
        runtime = self.gateway.pipeline.runtime
        assert runtime is not None
        return runtime.ports.cache


def cached(port: int, config: dict[str, Any]) -> Snapshot:
    use = PolicyUse("cache", config=config)
    made = [msgspec.structs.replace(each, policies=(use,), unknown_query="ignore") for each in operations()]
    # Nothing is tried again: each failure is one to be seen.
    return snapshot(
        orders(*made), port=port, serial=2, quota=10_000, upstream={"retries": RetrySettings(attempts=0)}
    )


@contextlib.asynccontextmanager
async def caching(directory: Path, origin: Origin, **config: Any) -> AsyncIterator[Caching]:
    """`config` are the settings, `_` for `-`."""
    async with gateway(directory, origin, clock=lambda: origin.now) as running:
        settings = {name.replace("_", "-"): value for name, value in config.items()}
        running.adopt(cached(running.upstream.port, settings))
        yield Caching(running, origin)


def said(answer: RawAnswer) -> str:
    """What the cache says that it did."""
    return answer.fields[b"cache-status"].decode()
