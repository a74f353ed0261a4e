"""Where notices go: a port, for the ways of sending there are."""

from typing import Protocol

from catalog.notices.outbox import Posted


class DeliveryError(Exception):
    """A notice was not delivered; the message says why, without a secret. `final`: it never will be."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class Channel(Protocol):
    """One way. `name` stands in the record of deliveries, and never changes."""

    @property
    def name(self) -> str: ...

    async def send(self, posted: Posted) -> None:
        """Delivers a notice, or raises DeliveryError. A second call with the same notice does no harm."""
        ...
