"""Issuing client secrets straight on the store: for the command line, and for `up` and `demo` before they start.

It may run beside a catalog that serves from the same store: that one sees the new secret at once.
"""

import asyncio
import getpass
import os
from collections.abc import Iterable

from catalog.audit.log import AuditLog
from catalog.clock import Clock, system_clock
from catalog.credentials.ledger import IssuedSecret, SecretLedger
from catalog.estate_source import estate_source
from catalog.key_files import load_keys
from catalog.publishing.compilation import Overrides
from catalog.publishing.published import last_published
from catalog.settings import CatalogSettings
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable


def local_user() -> str:
    """Who uses the command line on this machine, for the audit log."""
    try:
        return f"local:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user may have no name
        return f"local:uid-{os.getuid()}"


class UnknownApplication(Exception):
    """The client id belongs to no application; `known` are those that there are."""

    def __init__(self, client_id: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no application has the client id {client_id!r}")
        self.known = known


async def issue_secrets(
    settings: CatalogSettings, client_ids: Iterable[str], expires_days: int = 90, clock: Clock = system_clock
) -> list[IssuedSecret]:
    """A new secret for each of the applications; for none of them where one is unknown.

    Applications are those of the estate, or of the last snapshot where there is no good estate. Raises
    UnknownApplication, KeyFileError, SnapshotError, OSError, SQLAlchemyError.
    """
    keys = load_keys(settings.keys_directory)
    store = Store.open(settings.store_url)
    try:
        await store.migrate()
        known = await _estate_applications(settings)
        if known is None:
            published = await last_published(SnapshotTable(store), keys.snapshot.public_key())
            known = () if published is None else tuple(published.applications)
        wanted = list(client_ids)
        for client_id in wanted:
            if client_id not in known:
                raise UnknownApplication(client_id, known)
        audit = AuditLog(store, clock)
        ledger = SecretLedger(store, keys.pepper, settings.environment, clock, audit)
        issued = [await ledger.issue(client_id, expires_days, actor=local_user()) for client_id in wanted]
        await audit.checkpoint(keys.snapshot)
        return issued
    finally:
        await store.close()


async def _estate_applications(settings: CatalogSettings) -> tuple[str, ...] | None:
    if settings.estate is None:
        return None
    compiled = await asyncio.to_thread(estate_source(settings.estate, Overrides()))
    if compiled.contracts is None:
        return None
    return tuple(application.client_id for application in compiled.applications)
