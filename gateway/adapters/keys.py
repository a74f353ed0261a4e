"""The public keys of trusted issuers: those in the snapshot, and those fetched for a key id not seen yet.

An issuer's keys are fetched at most once in `INTERVAL` seconds and by one request for all who wait: a key id is
untrusted input, and must not make the gateway knock at the issuer's door. When the issuer does not answer, the
keys known so far go on, and a token with an unknown key gets 503 and not 401.

The catalog's keys come with the snapshot, and one that it withdraws is gone with the next. Another issuer's are
fetched anew once they are `STALE` seconds old and a token needs one, so that a key which it withdrew is not good
for ever; nobody waits for that.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final

import aiohttp
import structlog

from contracts.public_keys import PublicKey
from contracts.snapshot import Issuer
from gateway.adapters.discovery import discover
from gateway.adapters.issuer_http import IssuerFault, get_json, safe
from gateway.adapters.jwks import verification_keys
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.ports import IssuerUnavailableError

log = structlog.get_logger()

INTERVAL: Final = 10.0
STALE: Final = 600.0


class _Trusted:
    """One issuer and the keys that are known of it. `jwks_uri` is empty until it is known."""

    __slots__ = ("failed", "fetch", "fetched_at", "issuer", "jwks_uri", "keys", "reading")

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.reading = TrustedIssuer.of(issuer)
        self.keys = verification_keys(issuer.jwks, self.reading.algorithms)
        self.jwks_uri = issuer.jwks_uri
        self.fetched_at = -STALE
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
        """Trusts these issuers and no others. Of two with one URL the first counts: that is the catalog.

        An entry that changed starts with the keys it brings: a key that the catalog took out is out at once. An
        unchanged one keeps what was fetched.
        """
        before = self._issuers
        self._issuers = {}
        for issuer in issuers:
            known = before.get(issuer.issuer)
            same = known is not None and known.issuer == issuer
            entry = known if known is not None and same else _Trusted(issuer)
            self._issuers.setdefault(issuer.issuer, entry)

    def trusted(self, issuer: str, /) -> TrustedIssuer | None:
        trusted = self._issuers.get(issuer)
        return None if trusted is None else trusted.reading

    def find(self, issuer: str, key_id: str, /) -> PublicKey | None:
        trusted = self._issuers.get(issuer)
        if trusted is None:
            return None
        key = trusted.keys.get(key_id)
        if key is not None and trusted.reading.external and self._clock() - trusted.fetched_at >= STALE:
            self._start(trusted)
        return key

    async def fetch(self, issuer: str, key_id: str, /) -> PublicKey | None:
        """Raises IssuerUnavailableError where the last fetch, this one or a very recent one, failed."""
        trusted = self._issuers.get(issuer)
        if trusted is None:
            return None
        if self._clock() - trusted.fetched_at >= INTERVAL:
            self._start(trusted)
        if trusted.fetch is not None:
            # Shielded: a client that goes away must not end the fetch for the others.
            await asyncio.shield(trusted.fetch)
        current = self._issuers.get(issuer)
        key = None if current is None else current.keys.get(key_id)
        if key is None and trusted.failed:
            raise IssuerUnavailableError(issuer)
        return key

    def _start(self, trusted: _Trusted) -> None:
        if trusted.fetch is None:
            trusted.fetch = asyncio.create_task(self._refresh(trusted))

    async def _refresh(self, trusted: _Trusted) -> None:
        try:
            trusted.keys = await self._download(trusted)
            trusted.failed = False
        except IssuerFault as fault:
            trusted.failed = True
            trusted.jwks_uri = trusted.issuer.jwks_uri  # if it has moved, its metadata says where to
            log.warning("issuer keys not fetched", issuer=trusted.issuer.issuer, reason=str(fault))
        finally:
            trusted.fetched_at = self._clock()
            trusted.fetch = None

    async def _download(self, trusted: _Trusted) -> dict[str, PublicKey]:
        """All of them: a key that the issuer no longer publishes is no longer accepted. Raises IssuerFault."""
        if not trusted.jwks_uri:
            trusted.jwks_uri = (await discover(self._session, trusted.issuer.issuer)).jwks_uri
            if not trusted.jwks_uri:
                raise IssuerFault("its metadata names no jwks_uri")
        # The catalog may be in the next container, and what it signs is in the snapshot anyway.
        uri = safe(trusted.jwks_uri) if trusted.reading.external else trusted.jwks_uri
        keys = verification_keys(await get_json(self._session, uri), trusted.reading.algorithms)
        if not keys:
            raise IssuerFault("it has no usable key")
        return keys
