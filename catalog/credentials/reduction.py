"""The least-privilege report over the store, and its one step: credentials narrowed to what they were used for.

What the estate grants is not the catalog's to take away: for that the report has a patch, which goes the way of
every change. Every method raises SQLAlchemyError.
"""

from collections.abc import Iterable, Mapping

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.credentials import table
from catalog.credentials.credential import Credential
from catalog.credentials.granted import granted_since
from catalog.credentials.least_privilege import (
    Facts,
    Spare,
    SpareCredential,
    spare_credentials,
    spare_subscriptions,
)
from catalog.credentials.rights import guards, holds
from catalog.credentials.table import credential_of, good_at
from catalog.credentials.telling import current_of
from catalog.credentials.uses import Use, used_since
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials
from catalog.storage.tables.usage import usage_callers
from contracts.access import Application
from contracts.asked_scopes import policy_scopes
from contracts.operations import ApiVersion, Operation


class Reduced(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was narrowed, or would be: its scopes before and after."""

    credential: Credential
    before: tuple[str, ...]
    after: tuple[str, ...]


class LeastPrivilege:
    """What is granted and unused, and what is done about it."""

    def __init__(
        self,
        store: Store,
        audit: AuditLog,
        clock: Clock,
        view: CurrentView,
        published: CurrentPublished,
        republish: Republish,
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._view = view
        self._published = published
        self._republish = republish

    async def report(self, principal: Principal, days: int, application: str | None = None) -> Spare:
        """What was not used for so many days, of what is the principal's to see: of credentials as in the
        ledger, of subscriptions those to the APIs that its team owns."""
        since = int(self._clock()) - days * DAY
        published, view = self._published(), self._view()
        if published is None or view is None:
            return Spare(since=since, credentials=(), subscriptions=())
        rows = await self._store.all(self._good(application).order_by(credentials.c.key_id))
        found = [credential_of(row._mapping) for row in rows]
        facts = Facts(
            since=since,
            credentials=[each for each in found if holds(principal, each.team)],
            uses=_by_key(await used_since(self._store, since, application)),
            granted_since=await granted_since(self._store),
            called=await self._called(published.applications, published.contracts.versions, since),
        )
        owners = {api: entry.owner for api, entry in view.apis.items()}
        return Spare(
            since=since,
            credentials=spare_credentials(facts, published.applications),
            subscriptions=tuple(
                each
                for each in spare_subscriptions(facts, view.consumers)
                if application in (None, each.application) and _answers_for(principal, owners.get(each.api, ""))
            ),
        )

    async def reduce(
        self,
        principal: Principal,
        days: int,
        reason: str,
        *,
        application: str | None = None,
        dry_run: bool = False,
        request_id: str = "",
    ) -> tuple[Reduced, ...] | Refusal:
        """Narrows every credential of the report that was used for something: all of them, or none. An idle one is
        left: without scopes it would be good for everything again, and ending it is a decision of its own."""
        spare = await self.report(principal, days, application)
        # What a client has made is as good as its subscriptions: there is no secret of ours to narrow.
        wanted = [
            _reduced(each)
            for each in spare.credentials
            if each.kept and each.unused and not each.credential.is_public
        ]
        if dry_run or not wanted:
            return tuple(wanted)
        now = int(self._clock())

        async def act(connection: AsyncConnection) -> Refusal | None:
            for each in wanted:
                key_id = each.credential.key_id
                found = await table.find(connection, key_id)
                if found is None or found.scopes != each.before or not found.is_good(now):
                    detail = f"{key_id} has changed meanwhile; nothing was narrowed."
                    return Refusal("state-conflict", detail, current_of(found, now))
                await table.replace(connection, msgspec.structs.replace(found, scopes=each.after))
                event = Event(
                    subject=found.kind,
                    action="narrowed",
                    object=f"{found.application}/{key_id}",
                    actor=principal.name,
                    reason=f"{reason} (good for {' '.join(each.after)} from now on)",
                    request_id=request_id,
                )
                await self._audit.append(connection, event)
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else tuple(wanted)

    def _good(self, application: str | None) -> sa.Select[tuple[object, ...]]:
        query = sa.select(credentials).where(good_at(self._clock()))
        return query if application is None else query.where(credentials.c.application == application)

    async def _called(
        self, applications: Mapping[str, Application], versions: Iterable[ApiVersion], since: int
    ) -> Mapping[tuple[str, str, str], frozenset[str]]:
        columns = usage_callers.c
        query = sa.select(columns.application, columns.api, columns.version, columns.operation)
        operations = {
            (each.api, each.version, operation.id): operation for each in versions for operation in each.operations
        }
        found: dict[tuple[str, str, str], frozenset[str]] = {}
        for name, api, version, operation in await self._store.all(query.where(columns.last_seen >= since)):
            application = applications.get(name)
            if application is not None:
                taken = scopes_of_call(operations.get((api, version, operation)), application, api, version)
                found[name, api, version] = found.get((name, api, version), frozenset()) | taken
        return found


def scopes_of_call(
    operation: Operation | None, application: Application, api: str, version: str
) -> frozenset[str]:
    """What a call took of what is granted: of each way to call, the first alternative that is granted, and what
    policies may have given more for."""
    if operation is None:
        return frozenset()
    granted = {
        scope
        for each in application.subscriptions
        if (each.api, each.version) == (api, version)
        for scope in each.scopes
    }
    ways = [operation.scopes, () if operation.api_key is None else operation.api_key.scopes]
    taken = (next((set(some) for some in way if set(some) <= granted), set()) for way in ways)
    return frozenset(policy_scopes(operation) & granted).union(*taken)


def _reduced(spare: SpareCredential) -> Reduced:
    made = msgspec.structs.replace(spare.credential, scopes=spare.kept)
    return Reduced(credential=made, before=spare.credential.scopes, after=spare.kept)


def _by_key(uses: Iterable[Use]) -> Mapping[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(use.key_id, []).append(use)
    return found


def _answers_for(principal: Principal, team: str) -> bool:
    return guards(principal) or (team != "" and principal.right("api-owner", team=team) is not None)
