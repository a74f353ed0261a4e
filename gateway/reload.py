"""The gateway's side of a publication: asks the catalog for the snapshot in force, verifies it, hands it over.

A long poll by digest. What cannot be trusted or compiled is refused and remembered, and the gateway keeps what
it has; what cannot be fetched is asked for again after a while. A snapshot is stored after it was put in force,
so that a restart never meets one that does not compile.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import aiohttp
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts import access_delta
from contracts.snapshot import (
    AccessChange,
    Data,
    Manifest,
    PackedSnapshot,
    SignedManifest,
    SnapshotError,
    collect,
    digest_of,
    verify,
)
from gateway.pieces import digest_in_pieces, joined_in_pieces
from gateway.slices import REST
from gateway.snapshot_store import SnapshotStore

log = structlog.get_logger()

WAIT: Final = 25
"""Seconds for which the catalog may hold a poll."""
FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
_MANIFEST_BYTES: Final = 65_536
_PART_BYTES: Final = 1 << 28
_DELTA_BYTES: Final = 1 << 24
_TURN: Final = 1 << 17
"""Bytes read of a part between two turns of requests; a whole megabyte in one go takes half a millisecond."""


class CatalogUnavailableError(Exception):
    """The catalog did not answer as it should; the message says how. Asking again may help."""


class SnapshotClient:
    """Keeps the gateway at the catalog's snapshot.

    `on_snapshot` puts a verified snapshot in force, and raises where it cannot; then the one before stays. What
    `store` has loaded before the client is made counts as in force. `token` authenticates the gateway to the
    catalog; `wait` is how many seconds the catalog may hold a poll; `clock` gives Unix seconds. `preview` is the
    change that is asked for on top of what is in force. `gateway` names the process to the catalog, which shows
    how far a revocation has come.
    """

    def __init__(
        self,
        catalog_url: str,
        token: str,
        public_key: Ed25519PublicKey,
        store: SnapshotStore,
        on_snapshot: Callable[[PackedSnapshot], Awaitable[None]],
        *,
        session: aiohttp.ClientSession,
        wait: int = WAIT,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        preview: str = "",
        gateway: str = "",
    ) -> None:
        self._url = catalog_url.rstrip("/") + "/gateway"
        # The session is the worker's and does not decompress.
        self._headers = {"authorization": f"Bearer {token}", "accept-encoding": "identity"}
        self._key = public_key
        self._store = store
        self._on_snapshot = on_snapshot
        self._session = session
        self._wait = wait
        self._clock = clock
        self._sleep = sleep
        self._preview = preview
        self._gateway = gateway
        self._judged = ""  # the digest of the last manifest that was accepted or refused for good
        self._in_force = ""
        self._manifest: Manifest | None = None
        self._access: tuple[str, Data] | None = None
        """The access part in force as text, by its digest: what the next one is made of. It is a few megabytes
        where what is looked up in it takes ten times that; without it each change would wait for the disk."""
        self._confirmed_at = 0.0
        self._last_error: str | None = None
        if store.loaded is not None:
            signed, self._manifest = store.loaded
            self._judged = self._in_force = digest_of(signed.manifest)
            # Nobody has confirmed it since; it is at least as old as it says.
            self._confirmed_at = float(self._manifest.issued_at)

    @property
    def manifest(self) -> Manifest | None:
        """The manifest in force."""
        return self._manifest

    @property
    def last_error(self) -> str | None:
        """Why the gateway is not at the catalog's snapshot; None while it is."""
        return self._last_error

    @property
    def age(self) -> float | None:
        """Seconds since what is in force was last known to be the catalog's newest; None without a snapshot."""
        return None if self._manifest is None else max(0.0, self._clock() - self._confirmed_at)

    async def run(self) -> None:
        """Follows the catalog until it is cancelled."""
        delay = FIRST_DELAY
        while True:
            asked = time.monotonic()
            try:
                changed = await self.poll()
            except (CatalogUnavailableError, aiohttp.ClientError, OSError) as error:
                self._fail("catalog unavailable", error)
                # Jitter, so that many gateways do not all come back to a restarted catalog in one moment.
                await self._sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311
                delay = min(LONGEST_DELAY, delay * 2)
            else:
                delay = FIRST_DELAY
                if not changed and time.monotonic() - asked < FIRST_DELAY:
                    await self._sleep(FIRST_DELAY)  # what answers for the catalog does not wait as it was asked to

    async def poll(self) -> bool:
        """Asks once; True where another snapshot was put in force.

        Raises CatalogUnavailableError, aiohttp.ClientError or OSError where the catalog does not answer well.
        """
        signed = await self._ask()
        if signed is None:
            if self._judged == self._in_force:
                self._confirm()
            return False
        digest = digest_of(signed.manifest)
        if digest == self._judged:
            # A catalog that ignores `known` or does not wait must not make this a busy loop.
            raise CatalogUnavailableError("the catalog sent the same snapshot again")
        if digest == self._in_force:
            self._judged = digest
            self._confirm()
            return False
        try:
            manifest = verify(signed, self._key, self._preview)
            self._refuse_older(manifest)
        except SnapshotError as error:
            return self._refuse(digest, error)
        changed = await self._fetch_change(manifest)
        fetched: dict[str, Data] = {} if changed is None else {manifest.access: changed[0]}
        known = self._manifest
        alone = changed is not None and known is not None and manifest.contracts == known.contracts
        if not alone:
            await self._fetch_missing(manifest, fetched)
        try:
            if alone and changed is not None:
                # Proved already: a revocation does not wait until all that stays is read once more.
                snapshot = PackedSnapshot(manifest, None, *changed)
            else:
                parts = _Parts(fetched, self._store)
                snapshot = await asyncio.to_thread(collect, manifest, parts, self._manifest, digest_in_pieces)
            await self._on_snapshot(snapshot)
        except Exception as error:  # whatever is wrong with a snapshot, the gateway keeps the one it has
            return self._refuse(digest, error)
        self._judged = self._in_force = digest
        self._manifest = manifest
        if manifest.access in fetched:
            self._access = manifest.access, fetched[manifest.access]
        self._confirm()
        if alone:
            await self._fetch_missing(manifest, fetched)
        await self._keep(signed, manifest, fetched)
        return True

    async def _ask(self) -> SignedManifest | None:
        query = {"wait": str(self._wait)}
        if self._judged:
            query["known"] = self._judged
        if self._preview:
            query["preview"] = self._preview
        if self._gateway:  # what was refused is known and not enforced
            query |= {"gateway": self._gateway, "enforced": self._in_force}
        limits = aiohttp.ClientTimeout(total=self._wait + 15.0, sock_connect=3.0)
        data = await self._get(f"{self._url}/snapshot", limits, _MANIFEST_BYTES, query)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=SignedManifest)
        except msgspec.DecodeError:
            raise CatalogUnavailableError("the catalog's answer is no signed manifest") from None

    async def _fetch_change(self, manifest: Manifest) -> tuple[Data, AccessChange] | None:
        """The access part, made of the one in force by what has changed; None where it has to be read whole.

        Whatever is wrong with a delta, or where there is none, the whole part is right: nothing is refused for it.
        """
        if self._manifest is None or self._manifest.access == manifest.access or self._preview:
            return None
        base, url = self._manifest.access, f"{self._url}/parts/{manifest.access}/delta"
        limits = aiohttp.ClientTimeout(total=15.0, sock_connect=3.0)
        try:
            data = await self._get(url, limits, _DELTA_BYTES, {"base": base})
            if data is None:
                return None
            return await asyncio.to_thread(self._apply, base, manifest.access, data)
        except (CatalogUnavailableError, SnapshotError, aiohttp.ClientError, OSError) as error:
            log.debug("no delta", reason=str(error) or type(error).__name__)
            return None

    def _apply(self, base: str, digest: str, data: Data) -> tuple[Data, AccessChange] | None:
        """Raises SnapshotError, OSError."""
        held = self._access
        delta = access_delta.decode(data)
        old = held[1] if held is not None and held[0] == base else self._store.get(base)
        if old is None or delta.base != base:
            return None
        made, found = joined_in_pieces(access_delta.apply(old, delta))
        if found != digest:
            raise SnapshotError(f"what comes of the delta is not {digest}")
        return made, access_delta.read_change(old, made, delta)

    async def _fetch_missing(self, manifest: Manifest, fetched: dict[str, Data]) -> None:
        """Adds the parts to what was `fetched` that are not on disk either, by digest."""
        for digest in (manifest.contracts, manifest.access):
            if digest in fetched or await asyncio.to_thread(self._store.holds, digest):
                continue
            limits = aiohttp.ClientTimeout(total=120.0, sock_connect=3.0, sock_read=15.0)
            data = await self._get(f"{self._url}/parts/{digest}", limits, _PART_BYTES)
            if data is None or await asyncio.to_thread(digest_in_pieces, data) != digest:
                raise CatalogUnavailableError(f"the catalog's part {digest} did not arrive as it is named")
            fetched[digest] = data

    async def _get(
        self, url: str, limits: aiohttp.ClientTimeout, most: int, query: dict[str, str] | None = None
    ) -> bytearray | None:
        """The body of a 200, None for a 204."""
        async with self._session.get(
            url, params=query, headers=self._headers, timeout=limits, allow_redirects=False
        ) as response:
            if response.status == 204:
                return None
            if response.status != 200:
                raise CatalogUnavailableError(f"the catalog answered {response.status}")
            data, turn = bytearray(), _TURN
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > most:
                    raise CatalogUnavailableError(f"the catalog's answer is longer than {most} bytes")
                if len(data) > turn:
                    turn = len(data) + _TURN
                    await asyncio.sleep(REST)
            return data

    def _refuse_older(self, manifest: Manifest) -> None:
        if self._manifest is not None and manifest.serial <= self._manifest.serial:
            raise SnapshotError(
                f"serial {manifest.serial} is not after {self._manifest.serial}, which is in force"
            )

    async def _keep(self, signed: SignedManifest, manifest: Manifest, fetched: Mapping[str, Data]) -> None:
        try:
            await asyncio.to_thread(self._store.save, signed, manifest, fetched)
        except OSError as error:
            # It is in force all the same; only a restart without the catalog would start with an older one.
            self._fail("snapshot not stored", error)

    def _refuse(self, digest: str, error: Exception) -> bool:
        self._judged = digest
        self._fail("snapshot refused", error)
        return False

    def _confirm(self) -> None:
        self._confirmed_at = self._clock()
        self._last_error = None

    def _fail(self, event: str, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        if reason != self._last_error:
            log.warning(event, reason=reason)
        self._last_error = reason


class _Parts:
    """Parts just fetched, and those on disk."""

    def __init__(self, fetched: Mapping[str, Data], store: SnapshotStore) -> None:
        self._fetched = fetched
        self._store = store

    def get(self, digest: str, /) -> Data | None:
        return self._fetched.get(digest) or self._store.get(digest)
