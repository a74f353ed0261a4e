"""What ties a gateway to its catalog: snapshots, upstream secrets, usage and the process's own state, each with a
client of its own."""

import socket

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.changeover import Changeover
from gateway.delivered_secrets import DeliveredSecrets
from gateway.reload import SnapshotClient
from gateway.sealing_key import load_sealing_key
from gateway.secret_client import SecretClient
from gateway.settings import GatewaySettings, SettingsError
from gateway.snapshot_store import SnapshotStore
from gateway.usage.counting import UsageCounting
from gateway.usage.credentials import CredentialUses
from gateway.usage.failures import Failures
from gateway.usage.process_report import Pipeline, ProcessReporter
from gateway.usage.reporting import UsageReporter
from gateway.workers.worker import WorkerRole


def follow(
    settings: GatewaySettings,
    role: WorkerRole | None,
    session: aiohttp.ClientSession,
    key: Ed25519PublicKey,
    store: SnapshotStore,
    changeover: Changeover,
) -> SnapshotClient | None:
    """What keeps the gateway at the catalog's snapshot; None without a catalog. Raises SettingsError."""
    if settings.catalog_url is None:
        return None
    if settings.token is None:
        raise SettingsError("OSTIARY_GATEWAY_TOKEN is needed to follow OSTIARY_GATEWAY_CATALOG_URL")
    token = settings.token.get_secret_value()
    return SnapshotClient(
        settings.catalog_url,
        token,
        key,
        store,
        changeover.in_background,
        session=session,
        preview=settings.preview,
        gateway=_name(settings, role),
    )


def delivered_secrets(
    settings: GatewaySettings, key: Ed25519PublicKey, session: aiohttp.ClientSession
) -> tuple[DeliveredSecrets | None, SecretClient | None]:
    """What the catalog has delivered, and what asks it. Raises SettingsError, OSError."""
    if settings.catalog_url is None or settings.token is None:
        return None, None
    own = load_sealing_key(settings.sealing_key or settings.data / "sealing.key")
    delivered = DeliveredSecrets(own, key, settings.data)
    delivered.load()
    token = settings.token.get_secret_value()
    return delivered, SecretClient(settings.catalog_url, token, delivered, session=session)


def usage_reporter(
    settings: GatewaySettings,
    role: WorkerRole | None,
    session: aiohttp.ClientSession,
    counting: UsageCounting | None,
    credentials: CredentialUses,
) -> UsageReporter | None:
    """What tells the catalog who calls what; None without a catalog, and where nothing is counted."""
    if settings.catalog_url is None or settings.token is None or counting is None:
        return None
    return UsageReporter(
        counting,
        settings.catalog_url,
        settings.token.get_secret_value(),
        credentials=credentials,
        gateway=_name(settings, role),
        session=session,
        interval=settings.usage_interval,
        room=settings.usage_buffer,
    )


def process_reporter(
    settings: GatewaySettings,
    role: WorkerRole | None,
    session: aiohttp.ClientSession,
    pipeline: Pipeline,
    failures: Failures | None,
    client: SnapshotClient | None,
) -> ProcessReporter | None:
    """What tells the catalog how this process is; None without a catalog, and where no failures are kept."""
    if settings.catalog_url is None or settings.token is None or failures is None:
        return None
    return ProcessReporter(
        pipeline,
        failures,
        client,
        settings.catalog_url,
        settings.token.get_secret_value(),
        gateway=_name(settings, role),
        session=session,
        interval=settings.usage_interval,
        sandbox=settings.sandbox,
    )


def _name(settings: GatewaySettings, role: WorkerRole | None) -> str:
    """The process's: the gateway's, and the worker's number where there are several."""
    name = settings.name or socket.gethostname()
    return name if role is None else f"{name}/{role.number}"
