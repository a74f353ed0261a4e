"""The public keys of trusted issuers: those in the snapshot, and those fetched for a key id not seen yet.

An issuer's keys are fetched at most once in `INTERVAL` seconds and by one request for all who wait: a key id is
untrusted input, and must not make the gateway knock at the issuer's door. When the issuer does not answer, the
keys known so far go on, and a token with an unknown key gets 503 and not 401.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import aiohttp
import msgspec
import structlog

from contracts.snapshot import Issuer
from gateway.adapters.jwks import trusted_algorithms, verification_keys
from policies.ports import IssuerUnavailableError

log = structlog.get_logger()

INTERVAL: Final = 10.0
MAXIMUM_BYTES: Final = 262_144
TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0, sock_connect=2.0, sock_read=3.0)
# The session is the worker's and does not decompress.
_HEADERS: Final = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}


class _Trusted:
    """One issuer and the keys that are known of it."""

    __slots__ = ("algorithms", "failed", "fetch", "fetched_at", "issuer", "keys")

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.algorithms = trusted_algorithms(issuer.algorithms)
        self.keys = verification_keys(issuer.jwks, self.algorithms)
        self.fetched_at = -INTERVAL
        self.failed = False
        self.fetch: asyncio.Task[None] | None = None


class IssuerKeys:
    """Implements `policies.ports.KeySource`.

    `session` is the worker's, which follows no proxy from the environment; `clock` gives monotonic seconds.
    """

    def __init__(self, session: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._issuers: dict[str, _Trusted] = {}

    def update(self, issuers: Iterable[Issuer]) -> None:
        """Trusts these issuers and no others.

        An entry that changed starts with the keys it brings: a key that the catalog took out is out at once. An
        unchanged one keeps what was fetched.
        """
        before = self._issuers
        self._issuers = {}
        for issuer in issuers:
            known = before.get(issuer.issuer)
            same = known is not None and known.issuer == issuer
            self._issuers[issuer.issuer] = known if known is not None and same else _Trusted(issuer)

    def algorithms(self, issuer: str, /) -> tuple[str, ...] | None:
        trusted = self._issuers.get(issuer)
        return None if trusted is None else trusted.algorithms

    def find(self, issuer: str, key_id: str, /) -> Any | None:
        trusted = self._issuers.get(issuer)
        return None if trusted is None else trusted.keys.get(key_id)

    async def fetch(self, issuer: str, key_id: str, /) -> Any | None:
        """Raises IssuerUnavailableError where the last fetch, this one or a very recent one, failed."""
        trusted = self._issuers.get(issuer)
        if trusted is None:
            return None
        if trusted.fetch is None and self._clock() - trusted.fetched_at >= INTERVAL:
            trusted.fetch = asyncio.create_task(self._refresh(trusted))
        if trusted.fetch is not None:
            # Shielded: a client that goes away must not end the fetch for the others.
            await asyncio.shield(trusted.fetch)
        current = self._issuers.get(issuer)
        key = None if current is None else current.keys.get(key_id)
        if key is None and trusted.failed:
            raise IssuerUnavailableError(issuer)
        return key

    async def _refresh(self, trusted: _Trusted) -> None:
        try:
            keys = verification_keys(await self._download(trusted.issuer.jwks_uri), trusted.algorithms)
            if not keys:
                raise ValueError("no usable key")
        except (aiohttp.ClientError, OSError, ValueError, msgspec.DecodeError) as error:
            trusted.failed = True
            log.warning("issuer keys not fetched", issuer=trusted.issuer.issuer, reason=type(error).__name__)
        else:
            # All of them at once: a key that the issuer no longer publishes is no longer accepted.
            trusted.keys = keys
            trusted.failed = False
        finally:
            trusted.fetched_at = self._clock()
            trusted.fetch = None

    async def _download(self, uri: str) -> dict[str, Any]:
        async with self._session.get(uri, timeout=TIMEOUT, allow_redirects=False, headers=_HEADERS) as response:
            if response.status != 200:
                raise ValueError("unexpected status")
            data = b""
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > MAXIMUM_BYTES:
                    raise ValueError("too large")
        return msgspec.json.decode(data, type=dict[str, Any])
