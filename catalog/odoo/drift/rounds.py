"""The catalog's own look at each Odoo behind the estate: once a day, and when what it serves has changed.

It goes where the snapshot in force sends gateways, with the credential that the catalog gives them, under the same
trust, and no faster than the estate lets them. It is sent nowhere else, and what it is answered is bounded.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import DAY, Clock
from catalog.notices.outbox import post
from catalog.odoo.drift import kept, looks
from catalog.odoo.drift.finding import Found
from catalog.odoo.drift.instance import Backed, backed_by, found_by
from catalog.odoo.drift.looks import LASTS, Look
from catalog.odoo.drift.places import ContractTexts
from catalog.odoo.drift.recording import events_of
from catalog.odoo.drift.telling import notices_of
from catalog.odoo.remote import Login, OdooError, RefusedError, connected, dialect_of
from catalog.publishing.published import CurrentPublished, Published
from catalog.storage.engine import Store
from catalog.upstream_credentials.envelope import MasterKeyError
from catalog.upstream_credentials.opening import Opening
from contracts.safe_urls import unsafe
from contracts.snapshot import Upstream
from contracts.upstream_tls import UpstreamTlsError, client_context

log = structlog.get_logger("catalog.drift")

SILENT: Final = 7 * DAY
"""Seconds without a call that met it after which what gateways told is taken for mended."""
KEPT: Final = 400 * DAY
"""Seconds for which what is gone is kept."""

_PURPOSE: Final = "to hold contracts against the Odoo behind them"


class BlindError(Exception):
    """Nothing can be seen of an Odoo; the message says why."""


@dataclass(frozen=True, slots=True)
class _Served:
    """An upstream of kind `odoo`, and what it serves."""

    upstream: Upstream
    backed: tuple[Backed, ...]
    digest: str


class DriftRounds:
    """Made as often as one likes: what is not due is not looked at. `interval` is in seconds."""

    def __init__(
        self,
        store: Store,
        published: CurrentPublished,
        view: CurrentView,
        texts: ContractTexts,
        opening: Opening,
        audit: AuditLog,
        clock: Clock,
        interval: float,
    ) -> None:
        self._store = store
        self._published = published
        self._view = view
        self._texts = texts
        self._opening = opening
        self._audit = audit
        self._clock = clock
        self._interval = interval
        self._served: tuple[str, tuple[_Served, ...]] = ("", ())

    async def make(self) -> int:
        """One round; how many Odoos were looked at. Raises SQLAlchemyError."""
        published = self._published()
        if published is None:
            return 0
        contracts = published.manifest.contracts
        if self._served[0] != contracts:
            # Off the loop: with many versions it takes a while.
            self._served = (contracts, await asyncio.to_thread(_served_by, published))
            await self._close_what_is_over(self._served[1])
        numbers, made = await self._opening.numbers(), 0
        known = {each.upstream: each for each in await looks.looks(self._store)}
        for served in self._served[1]:
            name, now = served.upstream.name, int(self._clock())
            digest = _with_number(served, numbers)
            if name in known and not known[name].is_due(digest, now, self._interval):
                continue
            async with self._store.write() as connection:
                mine = await looks.begin(connection, name, digest, now, self._interval)
            if mine:
                await self._look(served, Look(upstream=name, digest=digest, begun_at=now))
                made += 1
        return made

    async def _look(self, served: _Served, look: Look) -> None:
        found: list[Found] | None = None
        blind = False
        try:
            async with asyncio.timeout(LASTS):
                major, found = await self._see(served)
            ended = msgspec.structs.replace(look, odoo=major)
        except BlindError as error:
            blind, ended = True, msgspec.structs.replace(look, error=str(error))
        except (OdooError, RefusedError, MasterKeyError, UpstreamTlsError) as error:
            ended = msgspec.structs.replace(look, error=str(error))
        except TimeoutError:
            ended = msgspec.structs.replace(look, error=f"it took longer than {LASTS} seconds")
        except Exception as error:  # what answers there may be anything, and must not end the catalog
            log.exception("odoo not understood", upstream=look.upstream)
            ended = msgspec.structs.replace(look, error=f"it answers as no Odoo does ({type(error).__name__})")
        now = int(self._clock())
        async with self._store.write() as connection:
            before = await looks.end(connection, msgspec.structs.replace(ended, looked_at=now))
            settled = kept.Settled((), ())
            if found is not None:
                settled = await kept.settle(connection, look.upstream, found, now)
            silent = await kept.close_silent(connection, now - SILENT, now)
            for event in events_of(kept.Settled(settled.opened, (*settled.closed, *silent))):
                await self._audit.append(connection, event)
            await post(connection, notices_of(settled.opened, self._view(), now), now)
            await kept.forget_gone(connection, now - KEPT)
        if found is None and ended.error != before:
            # Where only gateways have the credential there is nothing to mend.
            level = log.info if blind else log.warning
            level("odoo not looked at", upstream=look.upstream, reason=ended.error)
        elif found is not None:
            log.info("odoo looked at", upstream=look.upstream, odoo=ended.odoo, findings=len(found))

    async def _see(self, served: _Served) -> tuple[int, list[Found]]:
        upstream = served.upstream
        if upstream.credential is None:
            raise BlindError("the upstream has no credential")
        if (fault := unsafe(upstream.url)) is not None:
            raise BlindError(f"the upstream's URL {fault}")
        secrets = await self._opening.open(upstream.secrets, _PURPOSE)
        if upstream.credential not in secrets:
            raise BlindError(f"the catalog does not hold the credential {upstream.credential!r}")
        pace = 0.0 if upstream.care.pace is None else upstream.care.pace.window / upstream.care.pace.quota
        login = Login(
            upstream.url,
            upstream.database or "",
            upstream.login or "",
            secrets[upstream.credential],
            client_context(upstream, _Held(secrets)),
            pace,
        )
        async with connected(login, dialect_of(upstream.protocol)) as remote:
            texts = await self._texts.of({each.version.api for each in served.backed})
            return remote.major, await found_by(remote, served.backed, texts)

    async def _close_what_is_over(self, all_served: Sequence[_Served]) -> None:
        there = {
            (each.version.api, each.version.version, each.upstream)
            for served in all_served
            for each in served.backed
        }
        now = int(self._clock())
        async with self._store.write() as connection:
            closed = await kept.close_others(connection, there, now)
            for event in events_of(kept.Settled((), closed)):
                await self._audit.append(connection, event)
            await looks.forget_others(connection, [served.upstream.name for served in all_served])


class _Held:
    """Secrets by name, as a gateway holds them."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    def find(self, name: str, /) -> str | None:
        return self._secrets.get(name)


def _served_by(published: Published) -> tuple[_Served, ...]:
    """The Odoos that serve anything, by name."""
    found = []
    for upstream in published.contracts.upstreams:
        if upstream.kind != "odoo":
            continue
        backed = backed_by(published.contracts.versions, upstream.name)
        if backed:
            revisions = [(each.version.api, each.version.version, each.version.revision) for each in backed]
            told = msgspec.json.encode((upstream, revisions))
            found.append(_Served(upstream, backed, hashlib.sha256(told).hexdigest()))
    return tuple(found)


def _with_number(served: _Served, numbers: Mapping[str, int]) -> str:
    """Another credential sees other things."""
    used = [(name, numbers.get(name, 0)) for name in served.upstream.secrets]
    return hashlib.sha256(msgspec.json.encode((served.digest, used))).hexdigest()
