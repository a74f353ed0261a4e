"""The gateway's side of the delivery of upstream secrets: asks the catalog for those that are for its key.

A long poll. What cannot be fetched or believed is asked for again after a while; what is in force stays.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import msgspec
import structlog

from contracts.upstream_secrets import BundleError, SecretsRequest
from gateway.delivered_secrets import DeliveredSecrets

log = structlog.get_logger()

WAIT: Final = 25
"""Seconds for which the catalog may hold a poll."""
START_SECONDS: Final = 3.0
"""For which a start waits for a catalog that does not answer."""
FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
_MAXIMUM: Final = 1 << 24


class SecretClient:
    """Keeps `secrets` at the catalog's. `session` is the worker's; `token` is that of gateways."""

    def __init__(
        self,
        catalog_url: str,
        token: str,
        secrets: DeliveredSecrets,
        *,
        session: aiohttp.ClientSession,
        wait: int = WAIT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = catalog_url.rstrip("/") + "/gateway/secrets"
        self._headers = {
            "authorization": f"Bearer {token}",
            "accept-encoding": "identity",  # the session does not decompress
            "content-type": "application/json",
        }
        self._secrets = secrets
        self._session = session
        self._wait = wait
        self._sleep = sleep
        self._last_error: str | None = None

    @property
    def last_error(self) -> str | None:
        """Why the gateway may not have the catalog's newest; None while it has."""
        return self._last_error

    @property
    def recipient(self) -> str:
        """By which name the catalog knows the gateway's key."""
        return self._secrets.recipient

    async def at_start(self) -> None:
        """Asks once before anything is served, so that no first call goes without its credential."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.poll()
        except (BundleError, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._fail(error)

    async def run(self) -> None:
        """Until it is cancelled."""
        delay = FIRST_DELAY
        while True:
            try:
                changed = await self.poll()
            except (BundleError, aiohttp.ClientError, OSError, TimeoutError) as error:
                self._fail(error)
                await self._sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311
                delay = min(LONGEST_DELAY, delay * 2)
            else:
                self._last_error, delay = None, FIRST_DELAY
                if not changed:
                    await self._sleep(FIRST_DELAY)  # what answers for the catalog may not wait as it was asked to

    async def poll(self) -> bool:
        """Asks once; True where other secrets were taken up. Raises BundleError, aiohttp.ClientError, OSError."""
        body = msgspec.json.encode(SecretsRequest(self._secrets.public_key, self._secrets.state))
        limits = aiohttp.ClientTimeout(total=self._wait + 15.0, sock_connect=3.0)
        async with self._session.post(
            self._url,
            params={"wait": str(self._wait)},
            data=body,
            headers=self._headers,
            timeout=limits,
            allow_redirects=False,
        ) as response:
            if response.status == 204:
                return False
            if response.status != 200:
                raise BundleError(f"the catalog answered {response.status}")
            data = bytearray()
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > _MAXIMUM:
                    raise BundleError(f"the catalog's answer is longer than {_MAXIMUM} bytes")
        before = self._secrets.state
        self._secrets.take(bytes(data))
        if self._secrets.state == before:
            raise BundleError("the catalog sent the same secrets again")
        log.info("upstream secrets delivered", names=self._secrets.names)
        return True

    def _fail(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        if reason != self._last_error:
            log.warning("upstream secrets not fetched", reason=reason)
        self._last_error = reason
