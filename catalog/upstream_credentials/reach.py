"""Who depends on an upstream credential: the upstreams that present it, what they serve, and who calls that."""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from catalog.credentials.reach import Called, called_in_a_day
from catalog.publishing.published import Published
from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers
from contracts.snapshot import ContractsPart

_callers = usage_callers.c


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What needs a credential: the upstreams that present it, the operations that they serve by API version, and
    when any of these versions was called last (Unix seconds)."""

    upstreams: tuple[str, ...] = ()
    operations: dict[tuple[str, str], frozenset[str]] = {}
    last_used_at: int | None = None


class Depending(msgspec.Struct, frozen=True, kw_only=True):
    """What breaks where the credential ends: what needs it, the applications that are subscribed to these versions
    with their consumers, and what they called of these operations in the last day."""

    serving: Serving
    applications: dict[str, str] = {}
    called: tuple[Called, ...] = ()


def names_in(contracts: ContractsPart) -> frozenset[str]:
    """Every credential that an upstream names."""
    return frozenset(name for upstream in contracts.upstreams for name in upstream.secrets)


async def served_by(store: Store, published: Published | None, name: str) -> Serving:
    """Raises SQLAlchemyError."""
    if published is None:
        return Serving()
    contracts = published.contracts
    upstreams = tuple(sorted(each.name for each in contracts.upstreams if name in each.secrets))
    operations = _operations(contracts, frozenset(upstreams))
    return Serving(upstreams=upstreams, operations=operations, last_used_at=await _last_used(store, operations))


async def depending_on(store: Store, published: Published | None, name: str, now: float) -> Depending:
    """Raises SQLAlchemyError."""
    serving = await served_by(store, published, name)
    if published is None:
        return Depending(serving=serving)
    applications = {
        each.client_id: each.consumer
        for each in published.applications.values()
        if any((one.api, one.version) in serving.operations for one in each.subscriptions)
    }
    called = tuple(
        each
        for each in await called_in_a_day(store, applications, now)
        if each.operation in serving.operations.get((each.api, each.version), ())
    )
    return Depending(serving=serving, applications=dict(sorted(applications.items())), called=called)


def _operations(contracts: ContractsPart, upstreams: frozenset[str]) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for version in contracts.versions:
        ids = frozenset(each.id for each in version.operations if each.backend.upstream in upstreams)
        if ids:
            found[version.api, version.version] = ids
    return found


async def _last_used(store: Store, versions: Iterable[tuple[str, str]]) -> int | None:
    latest: int | None = None
    for api, version in versions:
        query = sa.select(sa.func.max(_callers.last_seen)).where(_callers.api == api, _callers.version == version)
        row = await store.one(query)
        if row is not None and row[0] is not None:
            latest = max(latest or 0, row[0])
    return latest
