"""What of an application's subscriptions was granted and not used: a hint to ask for less."""

import sqlalchemy as sa

from catalog.credentials.granted import Granted
from catalog.credentials.least_privilege import Facts, SpareSubscription, spare_subscriptions
from catalog.credentials.reduction import scopes_of_call
from catalog.publishing.published import Published
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import granted_scopes
from catalog.storage.tables.usage import usage_callers
from contracts.access import Application
from contracts.estate_files import ApplicationEntry, ConsumerEntry, ConsumersFile, SubscriptionEntry


async def unused_of(
    store: Store, application: Application, published: Published, since: int
) -> tuple[SpareSubscription, ...]:
    """Its subscriptions that grant what was not used since then (Unix seconds). Raises SQLAlchemyError."""
    facts = Facts(
        since=since,
        credentials=(),
        uses={},
        granted_since=await _granted_since(store, application.client_id),
        called=await _called(store, application, published, since),
    )
    return spare_subscriptions(facts, _alone(application))


async def _granted_since(store: Store, client_id: str) -> dict[Granted, int]:
    columns = granted_scopes.c
    key = (columns.application, columns.api, columns.version, columns.scope)
    rows = await store.all(sa.select(*key, columns.since).where(columns.application == client_id))
    return {(a, b, c, d): since for a, b, c, d, since in rows}


async def _called(
    store: Store, application: Application, published: Published, since: int
) -> dict[tuple[str, str, str], frozenset[str]]:
    columns = usage_callers.c
    mine = (columns.application == application.client_id) & (columns.last_seen >= since)
    operations = {
        (each.api, each.version, operation.id): operation
        for each in published.contracts.versions
        for operation in each.operations
    }
    found: dict[tuple[str, str, str], frozenset[str]] = {}
    rows = await store.all(sa.select(columns.api, columns.version, columns.operation).where(mine))
    for api, version, operation in rows:
        name = (application.client_id, api, version)
        taken = scopes_of_call(operations.get((api, version, operation)), application, api, version)
        found[name] = found.get(name, frozenset()) | taken
    return found


def _alone(application: Application) -> ConsumersFile:
    """The application as if the estate had no other."""
    subscriptions = tuple(
        SubscriptionEntry(api=each.api, version=each.version, plan=each.plan, scopes=each.scopes)
        for each in application.subscriptions
    )
    entry = ApplicationEntry(title=application.name, subscriptions=subscriptions)
    consumer = ConsumerEntry(application.consumer, "", {application.client_id: entry})
    return ConsumersFile({application.consumer: consumer})
