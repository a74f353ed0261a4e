"""What a catalog does beside serving, as long as it runs. Each of these is one task, and a failure of the store
ends none of them: the next pass does what this one could not."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from catalog.api.tls import ListenerTls, TlsError
from catalog.audit.log import AuditLog
from catalog.calendar.overruled import Overruled
from catalog.changes.keeping import EVERY as CHANGES_SECONDS
from catalog.changes.room import ChangesRoom
from catalog.clock import Clock
from catalog.composition import Catalog
from catalog.governance.rounds import EVERY as LOOKING_SECONDS
from catalog.governance.rounds import Looks
from catalog.key_files import Keys
from catalog.notices.delivery import Deliverer
from catalog.odoo.drift.rounds import DriftRounds
from catalog.ownership.orphan_notices import OrphanRounds
from catalog.publication import Publisher
from catalog.publishing.standing import EVERY as FOLLOWING_SECONDS
from catalog.reporting.retention import forget_old_reports
from catalog.storage.engine import Store
from catalog.usage.retention import Retention, forget_old_usage

log = structlog.get_logger("catalog")

_HOUSEKEEPING_SECONDS = 5.0
_NOTICES_SECONDS = 5.0
_TRUST_SECONDS = 30.0
_KEYS_SECONDS = 5.0
_PASSES_A_ROUND = 12
_FORGETTING_SECONDS = 86_400.0
_AUTHORIZATION_SECONDS = 60.0
_DRIFT_SECONDS = 10.0


async def keep_trusting(tls: ListenerTls, publisher: Publisher) -> None:
    """The listener's certificate, and those of clients that it trusts."""
    known = ""
    while True:
        try:
            if tls.renew():
                log.info("certificate taken up anew")
        except (TlsError, OSError) as error:
            log.error("certificate not taken up", reason=str(error))  # the one before goes on
        published = await publisher.wait(known, _TRUST_SECONDS)
        if published is not None:
            tls.trust(published.applications.values())
            known = published.digest
        elif publisher.closed:
            await asyncio.sleep(_TRUST_SECONDS)  # nothing comes any more, and the process stops


async def publish_again(publisher: Publisher, overruled: Overruled) -> None:
    """What a directory has become."""
    before = publisher.current
    try:
        await publisher.publish()
        await overruled.look(before, publisher.current)
    except SQLAlchemyError as error:
        log.error("publication failed", reason="the store does not answer", error=type(error).__name__)


async def follow(publisher: Publisher) -> None:
    """What other catalogs on the same store publish."""
    reachable = True
    while True:
        await asyncio.sleep(FOLLOWING_SECONDS)
        try:
            await publisher.follow()
            reachable = True
        except SQLAlchemyError as error:
            if reachable:  # twice a second is too often to say it
                log.error("other catalogs not followed", error=type(error).__name__)
            reachable = False


async def keep_house(catalog: Catalog, keys: Keys) -> None:
    """When credentials were used last, and checkpoints of the audit log."""
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        await flush(catalog)
        await sign_audit(catalog.audit, keys)


async def keep_keys(catalog: Catalog) -> None:
    """Which key signs access tokens."""
    while True:
        try:
            # Another catalog over the same store may have withdrawn the key that this one signs with.
            await catalog.signing.round()
        except SQLAlchemyError as error:
            log.error("signing keys not looked at", error=type(error).__name__)  # the next round does
        await asyncio.sleep(_KEYS_SECONDS)


async def keep_changes(changes: ChangesRoom) -> None:
    """What becomes of change requests and waivers by time alone."""
    while True:
        await asyncio.sleep(CHANGES_SECONDS)
        try:
            await changes.keeper.round()
        except SQLAlchemyError as error:
            log.error("changes not looked at", error=type(error).__name__)  # the next round does


async def keep_looking(looks: Looks) -> None:
    """What the linter says of what is in force."""
    while True:
        await asyncio.sleep(LOOKING_SECONDS)
        try:
            await looks.round()
        except SQLAlchemyError as error:
            log.error("what is in force not linted", error=type(error).__name__)  # the next round does


async def keep_telling(catalog: Catalog, orphans: OrphanRounds, deliverer: Deliverer) -> None:
    """Notices: those that are due are made and sent."""
    published, passes = None, 0
    while True:
        await asyncio.sleep(_NOTICES_SECONDS)
        try:
            # What a publication brings is told at once; what the time brings, within a minute.
            if catalog.publisher.current is not published or passes % _PASSES_A_ROUND == 0:
                await catalog.calendar.rounds.make()
                await orphans.make()
                await catalog.credentials.rounds.make()
                await catalog.feeds.rounds.make()
                await catalog.upstream_credentials.rounds.make()
                await catalog.upstream_credentials.desk.forget_replaced()
                published = catalog.publisher.current
            passes += 1
            await deliverer.deliver()
        except SQLAlchemyError as error:
            log.error("notices not looked at", error=type(error).__name__)  # the next pass does


async def keep_drift(rounds: DriftRounds) -> None:
    """Whether contracts fit the Odoos behind them."""
    while True:
        await asyncio.sleep(_DRIFT_SECONDS)
        try:
            await rounds.make()
        except SQLAlchemyError as error:
            log.error("drift not looked for", error=type(error).__name__)  # the next round does


async def keep_authorizations(catalog: Catalog) -> None:
    """Codes, registrations and ids that are over."""
    while True:
        await asyncio.sleep(_AUTHORIZATION_SECONDS)
        try:
            ended = await catalog.registration.ending.expire()
            if ended:
                log.info("registrations ended by their time", registrations=ended)
            await catalog.authorization.forget()
            await catalog.oauth.used.forget()
        except SQLAlchemyError as error:
            log.error("authorisations not looked at", error=type(error).__name__)  # the next pass does


async def forget_usage(store: Store, clock: Clock, retention: Retention, errors_days: int) -> None:
    """Usage, and what gateways reported, that is older than it is kept."""
    while True:
        try:
            gone = await forget_old_usage(store, clock, retention)
            if gone:
                log.info("old usage forgotten", callers=gone)
            await forget_old_reports(store, clock, errors_days)
        except SQLAlchemyError as error:
            log.error("old usage not forgotten", error=type(error).__name__)  # what is left goes the next time
        await asyncio.sleep(_FORGETTING_SECONDS)


async def sign_audit(audit: AuditLog, keys: Keys) -> None:
    """A checkpoint, where entries came since the last one."""
    try:
        made = await audit.checkpoint(keys.snapshot)
        if made is not None:
            log.info("audit checkpoint", number=made.number, digest=made.digest.hex())
    except SQLAlchemyError as error:
        log.error("audit log not signed", error=type(error).__name__)  # the next time covers these entries too


async def flush(catalog: Catalog) -> None:
    """Writes when credentials were used last."""
    try:
        await catalog.ledger.flush_last_used()
        await catalog.tokens.flush_last_used()
    except SQLAlchemyError as error:
        log.error("last use not recorded", error=type(error).__name__)  # it is kept for the next time
