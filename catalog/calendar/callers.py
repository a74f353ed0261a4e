"""Who still calls a version: what the calendar asks of the usage that gateways report."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An application and what it called; `application` is empty for calls that nobody has to be anyone for.
    `last_seen` in Unix seconds."""

    consumer: str
    application: str
    calls: int
    last_seen: int


class Callers(Protocol):
    """What was observed. Raises SQLAlchemyError."""

    async def calls_since(self, api: str, version: str, since: int) -> Sequence[Caller]:
        """Who called the version since then (Unix seconds), refused calls too, most calls first."""
        ...

    async def observed_since(self) -> int | None:
        """Since when usage is reported; None where no gateway ever did. Nothing seen before that says nothing."""
        ...

    async def lost_since(self, since: int) -> int:
        """How many calls gateways could not tell of, which reported since then (Unix seconds)."""
        ...
