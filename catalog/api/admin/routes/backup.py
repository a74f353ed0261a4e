"""The store as a whole, for a back-up: `contract/backup.yaml`. Who asked for it stands in the audit log."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from catalog.api.admin.answers import Attachment, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.routing import AdminRoute
from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.backup.exporting import OtherSchema, write_backup
from catalog.refusal import Refusal
from catalog.storage.engine import Store

MEDIA_TYPE = "application/octet-stream"


class BackupRoutes:
    """The handler."""

    def __init__(self, store: Store, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit
        self.routes = (AdminRoute("exportStore", self.export),)

    async def export(self, request: AdminRequest) -> Result:
        event = Event(
            subject="store",
            action="exported",
            object="store",
            actor=request.principal.name,
            request_id=request.request_id,
        )
        async with self._store.write() as connection:
            await self._audit.append(connection, event)
        try:
            with _file() as stream:
                await write_backup(self._store, stream)
        except OtherSchema as error:
            return Refusal("state-conflict", f"The store cannot be exported: {error}.")
        return Attachment(Path(stream.name), MEDIA_TYPE)


@contextmanager
def _file() -> Iterator[IO[bytes]]:
    """A file on the disk, which is gone where it does not become whole. What is exported is not sent while it is
    read, for a client that is slow must not hold a transaction open."""
    with tempfile.NamedTemporaryFile(prefix="ostiary-export-", delete=False) as stream:  # with mode 600
        try:
            yield stream
        except BaseException:
            Path(stream.name).unlink()
            raise
