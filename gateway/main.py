"""The gateway's composition root: every collaborator is built here by hand and passed in."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from contracts.snapshot import SnapshotError
from gateway import open_files
from gateway.access import AccessView
from gateway.adapters.keys import IssuerKeys
from gateway.adapters.limiter import InProcessLimiter
from gateway.admin import Admin
from gateway.announcement import announce
from gateway.catalog_links import delivered_secrets, follow, process_reporter, usage_reporter
from gateway.changeover import Changeover
from gateway.collector import collect_seldom
from gateway.compiled import compiled
from gateway.listener import Listener
from gateway.listener_tls import ServerTls, TlsError, TlsFiles
from gateway.logs import configure_logging
from gateway.pipeline import Pipeline, Recorder
from gateway.record import AccessLog
from gateway.reload import SnapshotClient
from gateway.runtime import RuntimeBuilder
from gateway.secret_client import SecretClient
from gateway.secret_watch import SecretWatch
from gateway.secrets import UpstreamSecrets
from gateway.settings import GatewaySettings, SettingsError, read_key_pepper, read_proxies, read_snapshot_key
from gateway.snapshot_store import SnapshotStore
from gateway.telemetry.canaries import back_out_listener
from gateway.telemetry.counting import Counting
from gateway.telemetry.exposition import expose
from gateway.telemetry.state import State
from gateway.telemetry.tracing import Tracing
from gateway.usage.counting import UsageCounting
from gateway.usage.credentials import CredentialUses
from gateway.usage.failures import Failures
from gateway.wire.limits import ListenerSettings
from gateway.workers.cores import cores
from gateway.workers.run import supervise
from gateway.workers.worker import WorkerRole, listen_to_supervisor, read_role
from policies.caching.memory import AnswerCache
from policies.canaries import Canaries
from policies.credentials.dpop_nonces import DpopNonces
from policies.credentials.used_proofs import UsedProofs
from policies.installed import PluginError, installed

if TYPE_CHECKING:
    from gateway.adapters.shared_state import SharedState
    from gateway.telemetry.span_export import SpanExport

log = structlog.get_logger()


def main() -> None:
    """Runs until SIGTERM or SIGINT. Exit code 2 for settings and plug-ins that cannot work."""
    configure_logging()
    role = read_role(sys.argv[1:])
    try:
        settings = GatewaySettings()  # type: ignore[call-arg]  # the rest comes from the environment
        key = read_snapshot_key(settings.snapshot_key)
        installed()
    except (ValidationError, SettingsError, PluginError) as error:
        sys.exit(_explain(error))
    try:
        if role is None and settings.workers > 1:
            # What cannot work is said once, and not by each worker.
            _shared_state(settings, settings.workers)
            active = _active_workers(settings)
            read_proxies(settings.trusted_proxies, certificates=settings.trusted_client_cert)
            read_key_pepper(settings.key_pepper)
            code = uvloop.run(supervise(settings, active))
        else:
            uvloop.run(serve(settings, key, role))
            code = 0
    except SettingsError as error:
        sys.exit(_explain(error))
    except OSError as error:
        log.error("gateway not started", error=str(error))
        sys.exit(2)
    sys.exit(code)


def _explain(error: ValidationError | SettingsError | PluginError) -> int:
    if isinstance(error, PluginError):
        log.error("bad plug-in", reason=str(error))
    elif isinstance(error, ValidationError):
        for fault in error.errors(include_input=False, include_url=False):
            name = "OSTIARY_GATEWAY_" + "_".join(str(part) for part in fault["loc"]).upper()
            log.error("bad setting", setting=name, reason=fault["msg"])
    else:
        log.error("bad setting", reason=str(error))
    return 2


async def serve(settings: GatewaySettings, key: Ed25519PublicKey, role: WorkerRole | None = None) -> None:
    """Listens, and drains when told to stop. `role` is that of one worker of several."""
    tls = _tls(settings)
    async with assembled(settings, key, role) as (pipeline, admin):
        listener = Listener(pipeline, listener_settings(settings, open_files.raise_limit()))
        stop, chosen = asyncio.Event(), asyncio.Event()

        def end() -> None:
            stop.set()
            chosen.set()  # who stands by waits no longer

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end)
        context = tls.context if tls is not None else None
        try:
            if role is None:
                admin_port = await admin.start(settings.admin_host, settings.admin_port)
                port = await listener.start(settings.host, settings.port, tls=context)
                log.info("gateway listening", host=settings.host, port=port, admin_port=admin_port)
                announce(settings.port_file, {"port": port, "admin_port": admin_port})
            else:
                listen_to_supervisor(take_over=chosen.set, orphaned=end)
                if role.standing_by:
                    await _stand_by(admin, role, chosen)
                if not stop.is_set():
                    await listener.start(settings.host, role.port, tls=context, reuse_port=True)
                    log.info("worker listening", worker=role.number, pid=os.getpid())
                if not role.standing_by:
                    await admin.start_unix(role.admin_socket)  # which answers once connections are taken
            await stop.wait()
            log.info("gateway stopping", open=pipeline.open)
            admin.stopping = True
            listener.announce_end()
            await asyncio.sleep(settings.drain_delay)
            pipeline.stopping = True
            until = time.monotonic() + settings.drain
            await listener.drain(settings.drain)
            await pipeline.settle(until - time.monotonic())
        finally:
            listener.close()


async def _stand_by(admin: Admin, role: WorkerRole, chosen: asyncio.Event) -> None:
    """Returns when this worker is to take another one's place, or to end. Its admin listener answers meanwhile."""
    admin.standing_by = True
    await admin.start_unix(role.admin_socket)
    log.info("worker standing by", worker=role.number, pid=os.getpid())
    await chosen.wait()
    admin.standing_by = False


def listener_settings(settings: GatewaySettings, files: int = open_files.MOST) -> ListenerSettings:
    """What of the settings is the listener's, whoever listens. The process may have so many `files` open."""
    return ListenerSettings(
        proxies=read_proxies(settings.trusted_proxies, certificates=settings.trusted_client_cert),
        max_connections=settings.max_connections or open_files.most_connections(files),
        max_head=settings.max_head,
        max_target=settings.max_target,
        head_timeout=settings.head_timeout,
        body_timeout=settings.body_timeout,
        idle_timeout=settings.idle_timeout,
        websocket_idle_timeout=settings.websocket_idle_timeout,
    )


@contextlib.asynccontextmanager
async def assembled(
    settings: GatewaySettings, key: Ed25519PublicKey, role: WorkerRole | None = None
) -> AsyncIterator[tuple[Pipeline, Admin]]:
    """All but a listener: starts from the snapshot on disk if there is one, and follows the catalog.

    The admin listener is not started; it is closed at the end, with the connections to upstreams.
    """
    descriptor = 1 if settings.access_log is None else _open_log(settings.access_log)
    lock = os.open(role.log_lock, os.O_RDWR | os.O_CREAT, 0o600) if role is not None else None
    access_log = AccessLog(descriptor, slow=settings.slow, lock=lock)
    access = AccessView()
    counting = Counting()
    # Who tries a change is no caller of what is in force.
    told = settings.catalog_url is not None and not settings.preview
    usage_counting, credential_uses = (UsageCounting() if told else None), CredentialUses()
    failures = Failures() if told else None
    active = settings.workers if role is None else role.active
    shared = _shared_state(settings, active)
    spans = _span_export(settings)
    recorders: list[Recorder] = [access_log, counting]
    if usage_counting is not None:
        recorders += [usage_counting, credential_uses]
    if failures is not None:
        recorders.append(failures)
    if spans is None:
        pipeline = Pipeline(*recorders)
    else:
        tracing = Tracing(spans, ratio=settings.traces_ratio, trust_parent=settings.traces_trust_parent)
        pipeline = Pipeline(*recorders, tracing, tracer=tracing)
    async with aiohttp.ClientSession(
        # Each upstream has a budget of its own; one limit over all would let a slow one starve the others.
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        delivered, secret_client = delivered_secrets(settings, key, session)
        if secret_client is not None:
            await secret_client.at_start()
        keys, secrets = IssuerKeys(session), UpstreamSecrets(settings.secrets, delivered)
        cache = AnswerCache(settings.cache_size)
        canaries = Canaries(back_out_listener(None if shared is None else shared.back_outs))
        builder = RuntimeBuilder(
            clock=time.time,
            limiter=InProcessLimiter() if shared is None else shared.limiter,
            keys=keys,
            access=access,
            secrets=secrets,
            session=session,
            max_open=-(-settings.max_open // active),
            # What is only proposed has no approval yet; whoever starts a preview wants to see it.
            key_pepper=read_key_pepper(settings.key_pepper),
            proofs=UsedProofs(time.time) if shared is None else shared.proofs,
            idempotency=None if shared is None else shared.idempotency,
            cache=cache,
            slots=None if shared is None else shared.slots,
            nonces=_nonces(settings),
            canaries=canaries,
            sandbox=settings.sandbox,
            approved_by=key if settings.approvals == "required" and not settings.preview else None,
        )

        changeover = Changeover(builder, pipeline, counting)
        # A preview is never what a gateway without one starts from.
        data = settings.data / "preview" if settings.preview else settings.data
        store = SnapshotStore(data, key, settings.preview)
        collect_seldom()
        _start_from_disk(store, changeover)
        client = follow(settings, role, session, key, store, changeover)
        usage = usage_reporter(settings, role, session, usage_counting, credential_uses)
        process = process_reporter(settings, role, session, pipeline, failures, client)
        state = State(pipeline, access_log, client, spans, shared, usage)
        admin = Admin(
            lambda: pipeline.runtime,
            lambda: _state(settings, pipeline, access_log, client, secrets, secret_client),
            lambda: expose(counting, state.samples()),
        )
        watch = SecretWatch(secrets, lambda: changeover.renew(store.load))
        background = [asyncio.create_task(watch.run())]
        if client is not None:
            background.append(asyncio.create_task(client.run()))
        if secret_client is not None:
            background.append(asyncio.create_task(secret_client.run()))
        if shared is not None:
            background.append(asyncio.create_task(shared.back_outs.watch(canaries)))
            background.append(asyncio.create_task(shared.drops.watch(cache)))
        if usage is not None:
            usage.start()
        if process is not None:
            process.start()
        try:
            yield pipeline, admin
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            if usage is not None:
                await usage.close()
            if process is not None:
                await process.close()
            await admin.close()
            if pipeline.runtime is not None:
                builder.close(pipeline.runtime)
            access_log.flush()
            if shared is not None:
                await shared.close()
            if spans is not None:
                await spans.close()


def _active_workers(settings: GatewaySettings) -> int:
    """How many of the workers take connections. Raises SettingsError where there are not so many."""
    wanted = settings.active_workers
    if wanted is not None and wanted > settings.workers:
        raise SettingsError(
            f"OSTIARY_GATEWAY_ACTIVE_WORKERS is {wanted}, "
            f"more than the {settings.workers} of OSTIARY_GATEWAY_WORKERS"
        )
    return wanted or min(settings.workers, cores())


def _shared_state(settings: GatewaySettings, active: int) -> "SharedState | None":
    """`active` workers divide a limit while the server is down. Raises SettingsError where several workers would
    each allow the whole of a limit."""
    if settings.state_url is None:
        if settings.workers > 1:
            raise SettingsError(
                f"OSTIARY_GATEWAY_STATE_URL is needed for {settings.workers} workers: "
                "without it each of them would allow the whole of every limit"
            )
        return None
    # Here, not above: redis-py brings OpenTelemetry along, 8 MiB that a gateway that counts alone does without.
    from gateway.adapters.shared_state import open_shared_state

    try:
        return open_shared_state(
            settings.state_url.get_secret_value(), workers=active, exact=settings.limits == "exact"
        )
    except ValueError:  # its text would repeat the URL, which may hold a password
        raise SettingsError(
            "OSTIARY_GATEWAY_STATE_URL is no URL of a Redis or Valkey server (redis://, rediss:// or unix://)"
        ) from None


def _nonces(settings: GatewaySettings) -> DpopNonces | None:
    """Those that all gateways with the same token know. Raises SettingsError."""
    if not settings.dpop_nonce:
        return None
    if settings.token is None:
        raise SettingsError("OSTIARY_GATEWAY_TOKEN is needed for OSTIARY_GATEWAY_DPOP_NONCE")
    return DpopNonces(settings.token.get_secret_value().encode(), time.time)


def _span_export(settings: GatewaySettings) -> "SpanExport | None":
    if settings.traces_url is None:
        return None
    # Here, not above: OpenTelemetry takes 0.3 s and 20 MB, and most gateways send no traces.
    from gateway.telemetry.span_export import SpanExport

    return SpanExport(settings.traces_url)


def _start_from_disk(store: SnapshotStore, changeover: Changeover) -> None:
    """The last good snapshot, so that a gateway serves while its catalog is down."""
    try:
        snapshot = store.load()
        if snapshot is not None:
            changeover.at_once(snapshot)
    except SnapshotError as error:
        store.forget()
        log.error("snapshot on disk not used", reason=str(error))


def _tls(settings: GatewaySettings) -> ServerTls | None:
    """Raises SettingsError, so that a listener that should speak TLS never speaks without."""
    certificate, key, client_ca = settings.tls_cert, settings.tls_key, settings.tls_client_ca
    if certificate is None or key is None:
        if certificate is not None or key is not None or client_ca is not None:
            raise SettingsError("OSTIARY_GATEWAY_TLS_CERT and OSTIARY_GATEWAY_TLS_KEY are needed for TLS")
        return None
    try:
        return ServerTls(TlsFiles(certificate, key, client_ca, settings.tls_client_verify))
    except TlsError as error:
        raise SettingsError(f"OSTIARY_GATEWAY_TLS_…: {error}") from None


def _open_log(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)


def _state(
    settings: GatewaySettings,
    pipeline: Pipeline,
    access_log: AccessLog,
    client: SnapshotClient | None,
    secrets: UpstreamSecrets,
    secret_client: SecretClient | None,
) -> dict[str, Any]:
    servers = () if pipeline.runtime is None else pipeline.runtime.servers.values()
    named = sorted({name for each in servers for name in each.upstream.secrets})
    return {
        "pid": os.getpid(),
        "compiled": compiled(),
        "sandbox": settings.sandbox,
        "open_requests": pipeline.open,
        "access_log": {"lines": access_log.lines, "dropped": access_log.dropped},
        "catalog": None if client is None else {"last_error": client.last_error, "age_seconds": client.age},
        "secrets": {
            "key": None if secret_client is None else secret_client.recipient,
            "last_error": None if secret_client is None else secret_client.last_error,
            "sources": {name: secrets.source(name) for name in named},
        },
    }
