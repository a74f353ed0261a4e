"""The catalog as a process: it binds, migrates, publishes, serves, and keeps house until it is told to stop.

What it is made of is built in `catalog.composition`.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import structlog
import uvloop
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from catalog.api.server import CatalogServer
from catalog.api.tls import ListenerTls, TlsError
from catalog.calendar.overruled import Overruled
from catalog.clock import Clock, system_clock
from catalog.composition import Identity, compose
from catalog.credentials.leak_keys import keys_from
from catalog.estate_source import estate_source, watch
from catalog.governance.rounds import Looks
from catalog.keeping import (
    flush,
    follow,
    forget_usage,
    keep_authorizations,
    keep_changes,
    keep_drift,
    keep_house,
    keep_keys,
    keep_looking,
    keep_telling,
    keep_trusting,
    publish_again,
    sign_audit,
)
from catalog.key_files import KeyFileError, Keys, load_keys
from catalog.log import configure
from catalog.login.policy import login_policy
from catalog.notices.delivery import Deliverer
from catalog.notices.settings import channels_of
from catalog.ownership.orphan_notices import OrphanRounds
from catalog.publication import Publisher
from catalog.publishing.compilation import Overrides
from catalog.settings import CatalogSettings, explain
from catalog.storage.engine import Store
from catalog.upstream_credentials.envelope import MasterKeyError
from catalog.upstream_credentials.settings import sealing_of
from catalog.usage.retention import Retention
from contracts.snapshot import SnapshotError
from policies.installed import PluginError, installed

log = structlog.get_logger("catalog")


class StartError(Exception):
    """The catalog cannot start as it was told to; the message says why."""


def main() -> None:
    """Runs until SIGTERM or SIGINT. Exit code 2 for settings that cannot work, 1 for an estate that cannot."""
    try:
        settings = CatalogSettings()
    except ValidationError as error:
        print("\n".join(explain(error)), file=sys.stderr)  # noqa: T201 (there is no log yet)
        sys.exit(2)
    sys.exit(run(settings))


def run(settings: CatalogSettings) -> int:
    """Runs the catalog until it is told to stop; the exit code."""
    configure(settings.log_level, settings.log_format)
    try:
        installed()
        return uvloop.run(serve(settings))
    except (
        StartError,
        PluginError,
        TlsError,
        KeyFileError,
        MasterKeyError,
        OSError,
        ArgumentError,
        CommandError,
        SQLAlchemyError,
    ) as error:
        log.error("catalog not started", reason=str(error), error=type(error).__name__)
        return 2


async def serve(settings: CatalogSettings, clock: Clock = system_clock) -> int:
    """Binds, migrates, publishes, serves; returns the exit code once all is closed again."""
    if settings.estate is not None and not settings.estate.is_dir():
        raise StartError(f"the estate {str(settings.estate)!r} is no directory")
    with _listening_socket(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        tls = _tls(settings)
        url = settings.url or _default_url(settings.host, port, "http" if tls is None else "https")
        keys = load_keys(settings.keys_directory)
        store = Store.open(settings.store_url)
        try:
            await store.migrate()
            return await _serve(settings, clock, listener, url, keys, store, tls)
        finally:
            await store.close()


async def _serve(
    settings: CatalogSettings,
    clock: Clock,
    listener: socket.socket,
    url: str,
    keys: Keys,
    store: Store,
    tls: ListenerTls | None,
) -> int:
    token = settings.gateway_token.get_secret_value() if settings.gateway_token else keys.gateway_token
    identity = Identity(url, settings.environment, token, settings.token_lifetime)
    overrides = Overrides(settings.upstream_urls, settings.public_url, settings.environment, url)
    source = None if settings.estate is None else estate_source(settings.estate, overrides)
    sealing, leak_keys = sealing_of(settings, keys), settings.leak_keys
    scanner = None if leak_keys is None else keys_from(leak_keys)
    catalog = compose(
        store,
        keys,
        clock,
        source,
        identity,
        overrides,
        sealing=sealing,
        leak_keys=scanner,
        policy=settings.oauth_policy(),
        login_policy=login_policy(settings),
        drift_interval=settings.drift_interval,
        try_url=settings.try_url,
        sends_notices=settings.sends_notices,
    )
    await catalog.upstream_credentials.desk.require_keys()
    publisher = catalog.publisher

    def on_started() -> None:
        host, port = settings.host, listener.getsockname()[1]
        log.info("catalog listening", host=host, port=port, url=url)
        _announce(settings.port_file, host, port, url)

    def let_go() -> None:
        publisher.close()
        catalog.upstream_credentials.delivery.close()

    context = None if tls is None else tls.context
    server = CatalogServer(catalog.app, let_go, settings.drain, on_started, context)

    overruled = Overruled(store, catalog.calendar.gate, catalog.calendar.view, catalog.audit, clock)
    background = {"housekeeping": asyncio.create_task(keep_house(catalog, keys))}
    if settings.estate is not None and settings.watch:
        # Before the first publication, so that no change falls between the two.
        watching = watch(settings.estate, lambda: publish_again(publisher, overruled), ignore=settings.data)
        background["watch"] = asyncio.create_task(watching)
    retention = Retention(settings.usage_hourly, settings.usage_daily)
    deliverer = Deliverer(catalog.calendar.outbox, channels_of(settings), catalog.audit, clock)
    if tls is not None:
        background["trust"] = asyncio.create_task(keep_trusting(tls, publisher))
    background["keys"] = asyncio.create_task(keep_keys(catalog))
    orphans = OrphanRounds(catalog.store, lambda: publisher.estate, clock)
    background["notices"] = asyncio.create_task(keep_telling(catalog, orphans, deliverer))
    background["following"] = asyncio.create_task(follow(publisher))
    looks = Looks(store, keys.snapshot.public_key(), clock)
    background["looks"] = asyncio.create_task(keep_looking(looks))
    background["changes"] = asyncio.create_task(keep_changes(catalog.changes))
    background["retention"] = asyncio.create_task(
        forget_usage(catalog.store, clock, retention, settings.errors_days)
    )
    background["authorizations"] = asyncio.create_task(keep_authorizations(catalog))
    if settings.drift_interval:
        background["drift"] = asyncio.create_task(keep_drift(catalog.drift.rounds))
    for name, task in background.items():
        task.add_done_callback(lambda ended, name=name: server.on_background_end(name, ended))  # type: ignore[misc]
    try:
        await _restore(publisher)
        await catalog.oauth.keys.refresh(store)
        before = publisher.current
        await publisher.publish()
        if publisher.from_directory:
            await overruled.look(before, publisher.current)
        await catalog.signing.round()
        if publisher.current is None and settings.estate is None:
            raise StartError("there is neither an estate (OSTIARY_CATALOG_ESTATE) nor an earlier snapshot")
        if publisher.current is None and "watch" not in background:
            log.error(
                "nothing to serve",
                reason="the estate has errors, there is no earlier snapshot, and nobody watches",
            )
            return 1
        await server.serve(sockets=[listener])
        await flush(catalog)
        await sign_audit(catalog.audit, keys)
    finally:
        for task in background.values():
            task.cancel()
        await asyncio.wait(background.values())
        await catalog.oauth.close()
    log.info("catalog stopped")
    return server.exit_code


async def _restore(publisher: Publisher) -> None:
    try:
        await publisher.restore()
    except SnapshotError as error:
        # Its key is gone or the row was altered: it cannot be handed out, and a new one can be signed.
        log.error("earlier snapshot not usable", reason=str(error))


def _listening_socket(host: str, port: int) -> socket.socket:
    """Bound before anything else, for the issuer's URL has the port in it. Raises StartError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise StartError(f"cannot listen on {host} port {port}: {error.strerror or error}") from None


def _default_url(host: str, port: int, scheme: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared with, not bound)
        raise StartError(
            "a catalog that listens on every address needs OSTIARY_CATALOG_URL, its address for others"
        )
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _tls(settings: CatalogSettings) -> ListenerTls | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    asks = settings.oauth_policy().asks_certificates
    return ListenerTls(settings.tls_cert, settings.tls_key, settings.tls_client_ca, asks=asks)


def _announce(path: Path | None, host: str, port: int, url: str) -> None:
    """Whoever started us on port 0 reads the port from the file; it appears whole or not at all."""
    if path is not None:
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps({"host": host, "port": port, "url": url, "pid": os.getpid()}))
        temporary.replace(path)
