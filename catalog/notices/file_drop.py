"""Notices as files in a folder, for whatever picks them up: a mail system, a chat bridge, a person."""

import asyncio
import os
from pathlib import Path
from typing import Final

from catalog.notices.channels import DeliveryError
from catalog.notices.message import message_of
from catalog.notices.outbox import Posted


class FileDrop:
    """One `.eml` a notice. It appears whole: it is written under another name and renamed."""

    name: Final = "file"

    def __init__(self, directory: Path, sender: str) -> None:
        self._directory = directory
        self._sender = sender

    async def send(self, posted: Posted) -> None:
        """A second time writes the same bytes under the same name. Raises DeliveryError."""
        data = bytes(message_of(posted, self._sender))
        try:
            await asyncio.to_thread(self._write, f"{posted.notice.due_at}-{posted.id}", data)
        except OSError as error:
            raise DeliveryError(f"{self._directory}: {error.strerror or type(error).__name__}") from None

    def _write(self, name: str, data: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._directory / f".{name}.part"
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # once it is recorded as sent, nobody writes it again
        temporary.rename(self._directory / f"{name}.eml")
