"""Fetching what a stranger named (a client's `jwks-uri`, say) without being sent where only we can go.

Server-side request forgery lives on the difference between what is checked and what is connected to. So the name
is resolved here, every address is held against the ranges that are not public, and the connection goes to just
those addresses. Redirects are not followed, no proxy and no cookie is used, and what comes is bounded in time
and size.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from catalog.clock import Clock
from contracts.safe_urls import unsafe

MAXIMUM_BYTES: Final = 65_536
TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0, sock_connect=2.0, sock_read=3.0)
FRESH: Final = 300.0
"""Seconds for which what was fetched is not fetched again."""
STALE: Final = 86_400.0
"""Seconds for which it still serves where it cannot be fetched again."""
PAUSE: Final = 10.0
"""Seconds between two attempts that fail."""
_MOST_KEPT: Final = 1_000
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_TYPES: Final = ("application/json", "application/jwk-set+json")


class FetchError(Exception):
    """It cannot be had now; the message says why, and repeats nothing that was fetched."""


class PublicResolver(AbstractResolver):
    """Resolves names to addresses that everybody can reach, and refuses a name that has any other.

    With `loopback` this machine itself is reached too: for tests, and for development.
    """

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results = []
        for kind, _, protocol, _, address in found:
            ip = str(address[0])
            if not is_public(ip, loopback=self._loopback):
                # One that is not is enough: whoever runs such a name's zone chooses what we get next.
                raise OSError(f"{host} has an address that is not public")
            results.append(
                ResolveResult(
                    hostname=host,
                    host=ip,
                    port=port,
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is held."""


def is_public(address: str, *, loopback: bool = False) -> bool:
    """Whether an IP address is one of the public internet: no private, link-local, shared or reserved one, under
    whichever IPv6 spelling an IPv4 address comes (RFC 6890, RFC 4291 §2.5.5, RFC 6052, RFC 3056, RFC 4380)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo is not None else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner), loopback=loopback)
    if ip.is_loopback:
        return loopback
    return ip.is_global and not ip.is_multicast


@dataclass(slots=True)
class _Kept:
    value: dict[str, Any] | None = None
    fetched_at: float = float("-inf")
    failed_at: float = float("-inf")
    reason: str = ""
    task: asyncio.Task[None] | None = None


class GuardedFetch:
    """JSON objects by URL, kept for a while; one fetch serves all who wait for it.

    `loopback` lets plain http and addresses of this machine pass. With `anywhere` every address may be connected
    to, and http within this machine: for what the company itself names, which may well be in its own network.
    """

    def __init__(self, clock: Clock, *, loopback: bool = False, anywhere: bool = False) -> None:
        self._clock = clock
        self._loopback = loopback
        self._anywhere = anywhere
        self._kept: dict[str, _Kept] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, url: str) -> dict[str, Any]:
        """The object at the URL. Raises FetchError."""
        kept = self._kept.get(url)
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[url] = _Kept()
        now = self._clock()
        if kept.value is not None and now - kept.fetched_at < FRESH:
            return kept.value
        if kept.task is None and now - kept.failed_at >= PAUSE:
            kept.task = asyncio.create_task(self._refresh(url, kept))
        if kept.task is not None:
            # Shielded: a client that goes away must not end the fetch for the others.
            await asyncio.shield(kept.task)
        if kept.value is not None and now - kept.fetched_at < STALE:
            return kept.value
        raise FetchError(kept.reason)

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _refresh(self, url: str, kept: _Kept) -> None:
        try:
            kept.value = await self._download(url)
            kept.fetched_at = self._clock()
        except FetchError as error:
            kept.failed_at, kept.reason = self._clock(), str(error)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            kept.failed_at, kept.reason = self._clock(), f"no answer ({type(error).__name__})"
        finally:
            kept.task = None

    async def _download(self, url: str) -> dict[str, Any]:
        self._refuse_unsafe(url)
        async with self._client().get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise FetchError(f"it answered {response.status}")
            if response.content_type not in _TYPES:
                raise FetchError("it answered with another type than JSON")
            data = b""
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > MAXIMUM_BYTES:
                    raise FetchError("it is too large")
        try:
            return msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError:
            raise FetchError("it is no JSON object") from None

    def _refuse_unsafe(self, url: str) -> None:
        reason = unsafe(url)
        if reason is not None:
            raise FetchError(f"its URL {reason}")
        parts = urlsplit(url)
        if self._anywhere:
            return
        if parts.scheme != "https" and not self._loopback:
            raise FetchError("its URL is not https")
        try:
            ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            return
        # aiohttp asks no resolver about an address.
        if not is_public(parts.hostname or "", loopback=self._loopback):
            raise FetchError("its address is not public")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = None if self._anywhere else PublicResolver(loopback=self._loopback)
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=16)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=TIMEOUT,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"accept": ", ".join(_TYPES), "accept-encoding": "identity"},
            )
        return self._session
