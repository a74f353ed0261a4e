"""Active health checks: a GET at each target, in the background.

An Odoo's own word counts and not its status alone: a proxy that serves a page in its place, or a log-in at every
path, answers 200 too.
"""

import asyncio
import random
import ssl
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec
import structlog
from yarl import URL

from contracts.resilience import ODOO_HEALTH, HealthCheck
from contracts.snapshot import Upstream
from gateway.upstreams.resilience.balancing import Balancer, Target

log = structlog.get_logger()

_MOST: Final = 4096
"""Bytes of an Odoo's word that are read; it has 18."""


class HealthChecker:
    """Checks the targets of one balancer from `start` to `stop`; does nothing where the upstream has no check."""

    def __init__(
        self,
        upstream: Upstream,
        balancer: Balancer[Any],
        session: aiohttp.ClientSession,
        tls: ssl.SSLContext | None = None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._name = upstream.name
        self._check = upstream.health
        self._balancer = balancer
        self._session = session
        self._ssl = tls or True
        path = "" if upstream.health is None else upstream.health.path
        self._has_word = upstream.kind == "odoo" and path.partition("?")[0] == ODOO_HEALTH
        self._chance = chance
        self._host = upstream.url.partition("://")[2].partition("/")[0]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Called again, it changes nothing."""
        if self._check is not None and not self._tasks:
            self._tasks = [
                asyncio.get_running_loop().create_task(self._watch(target, self._check))
                for target in self._balancer.targets
            ]

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def _watch(self, target: Target[Any], check: HealthCheck) -> None:
        # Not all targets, and not all gateways, at the same moment.
        await asyncio.sleep(check.interval * self._chance())
        while True:
            passed = await self._passes(target.url + check.path, check.timeout)
            if target.checked(passed, check):
                self._balancer.refresh()
                log.warning("upstream target checked", upstream=self._name, target=target.url, healthy=passed)
            await asyncio.sleep(check.interval)

    async def _passes(self, url: str, seconds: float) -> bool:
        try:
            async with self._session.get(
                URL(url, encoded=True),
                ssl=self._ssl,
                headers={"host": self._host, "user-agent": "ostiary-health"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                if self._has_word and not _says_pass(await response.content.read(_MOST)):
                    return False
                return 200 <= response.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False


def _says_pass(word: bytes) -> bool:
    """Whether an Odoo is well by its own account, and its database too where that was asked."""
    try:
        said = msgspec.json.decode(word)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(said, dict) and said.get("status") == "pass" and said.get("db_server_status", True) is True
