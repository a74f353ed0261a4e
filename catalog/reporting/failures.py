"""Calls that failed, as far as gateways told of them, and who sees which.

Those who own or decide see all of them, as they see all usage. Who acts for a consumer sees those of its
applications. A call of nobody (its token was not good) is found by its exact request id alone, which its caller
was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from catalog.calendar.entries import EstateView
from catalog.people.principal import Principal
from catalog.storage.engine import Store
from catalog.storage.tables.gateway_reports import failures
from catalog.subscriptions.rights import oversees, own_consumers
from contracts.usage.report import Failure

_columns = failures.c


@dataclass(frozen=True, slots=True)
class Sought:
    """What is sought; what is empty is not asked for. `before` is the number behind which the page begins."""

    request_id: str = ""
    application: str = ""
    api: str = ""
    version: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A failure as it is kept. The greater the `number`, the later it was told of."""

    number: int
    gateway: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Sight:
    """What a principal sees: everything, or the failures of these consumers' applications."""

    everything: bool
    consumers: frozenset[str] = frozenset()


def sight_of(principal: Principal, view: EstateView | None) -> Sight:
    """By its roles, and the consumers for which it acts."""
    if oversees(principal):
        return Sight(True)
    return Sight(False, own_consumers(principal, view))


class FailureQueries:
    """Reads failures. Raises SQLAlchemyError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, sought: Sought, sight: Sight, limit: int) -> Sequence[Kept]:
        """The newest first."""
        wanted = [
            _columns[name] == value
            for name in ("request_id", "application", "api", "version")
            if (value := getattr(sought, name))
        ]
        if sought.before is not None:
            wanted.append(_columns.number < sought.before)
        if not sight.everything:
            seen = _columns.consumer.in_(sorted(sight.consumers))
            wanted.append(seen | (_columns.application == "") if sought.request_id else seen)
        rows = await self._store.all(
            sa.select(failures).where(*wanted).order_by(_columns.number.desc()).limit(limit)
        )
        return [_kept(row) for row in rows]


def _kept(row: sa.Row[tuple[object, ...]]) -> Kept:
    values = dict(row._mapping)
    number, gateway = values.pop("number"), values.pop("gateway")
    return Kept(number, gateway, Failure(**values))
