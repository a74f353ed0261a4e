"""What people do about subscriptions that are asked for: ask, decide, withdraw, end, and look.

A partner developer of the consumer's team asks, an owner of the API decides who did not ask. An approval is in
force at the gateways with the snapshot that is published in its transaction.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView, EstateView
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials.rights import guards
from catalog.notices.outbox import post
from catalog.oauth.registration import table as registration_table
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.subscriptions import subscription_requests
from catalog.subscriptions import table
from catalog.subscriptions.request import RequestState, SubscriptionRequest, text_of
from catalog.subscriptions.rights import acting_right, deciding_right, oversees, own_consumers, owned_apis
from catalog.subscriptions.rules import fault_of_request
from catalog.subscriptions.telling import conflict, decided_notices, requested_notice
from contracts.access import Subscription

Decision = Literal["approved", "refused"]

_Act: TypeAlias = Callable[[AsyncConnection], Awaitable[SubscriptionRequest | Refusal]]

UNKNOWN: Final = Refusal("resource-not-found", "There is no such request, or it is another's.")

_columns = subscription_requests.c


class WantedSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    application: str
    api: str
    version: str
    plan: str
    scopes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Which requests are asked for; what is None is not asked. `mine` are those that the principal may decide."""

    application: str | None = None
    api: str | None = None
    state: RequestState | None = None
    mine: bool = False


class SubscriptionDesk:
    """Every method raises SQLAlchemyError. `seen` is the version of the state that a decision is about."""

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

    async def request(
        self, principal: Principal, wanted: WantedSubscription, *, request_id: str = ""
    ) -> SubscriptionRequest | Refusal:
        """Asks for one, for an application of one's own."""
        view, published = self._view(), self._published()
        application = None if published is None else published.applications.get(wanted.application)
        if view is None or published is None or application is None:
            return _no_application(wanted.application)
        if acting_right(principal, view, application.consumer) is None:
            if not oversees(principal):
                return _no_application(wanted.application)
            detail = f"For {application.consumer} its team asks: members of it with the role partner-developer."
            return Refusal("role-missing", detail, {"roles": ["partner-developer"]})
        request = SubscriptionRequest(
            number=0,
            consumer=application.consumer,
            application=wanted.application,
            api=wanted.api,
            api_version=wanted.version,
            plan=wanted.plan,
            scopes=tuple(sorted(set(wanted.scopes))),
            reason=wanted.reason,
            requested_by=principal.name,
            requested_at=int(self._clock()),
        )
        refusal = fault_of_request(request, application, view, published)
        if refusal is not None:
            return refusal
        async with self._store.write() as connection:
            before = await table.find_like(connection, request, "requested")
            if before is not None:
                return conflict("The same was asked for already, and nobody has decided.", before)
            made = await table.add(connection, request)
            await self._record(connection, made, "requested", principal, made.reason, request_id)
            await post(connection, [requested_notice(view, made)], made.requested_at)
        return made

    async def decide(
        self,
        principal: Principal,
        number: int,
        decision: Decision,
        reason: str,
        *,
        seen: int | None = None,
        request_id: str = "",
    ) -> SubscriptionRequest | Refusal:
        """Approves or refuses what was asked for; by an owner of the API who is another than who asked."""

        async def act(connection: AsyncConnection) -> SubscriptionRequest | Refusal:
            view, found = self._view(), await table.find(connection, number)
            if view is None or found is None or not self._sees(principal, view, found):
                return UNKNOWN
            # Nor does anybody decide by a role that the one who asked has delegated.
            if deciding_right(principal, view, found.api, frozenset({found.requested_by})) is None:
                detail = f"It is decided, by another than who asked for it, by an owner of {found.api}."
                return Refusal("role-missing", detail, {"roles": ["api-owner"]})
            if found.state != "requested" or seen not in (None, found.version):
                return conflict(f"The request is {found.state}; it cannot be {decision} as you saw it.", found)
            decided = self._moved(found, decision, principal, reason)
            if decision == "approved":
                approved = await self._approved(connection, view, decided)
                if isinstance(approved, Refusal):
                    return approved
                decided = approved
            await table.replace(connection, decided)
            await self._record(connection, decided, decision, principal, reason, request_id)
            await post(connection, decided_notices(view, decided), self._clock())
            return decided

        return await self._do(act, publish=decision == "approved")

    async def withdraw(
        self, principal: Principal, number: int, reason: str, *, request_id: str = ""
    ) -> SubscriptionRequest | Refusal:
        """Takes back what nobody has decided, and ends what was approved: by those who act for the consumer. An
        owner of the API, a security member and an operator end it, too."""

        async def act(connection: AsyncConnection) -> SubscriptionRequest | Refusal:
            view, found = self._view(), await table.find(connection, number)
            if view is None or found is None or not self._sees(principal, view, found):
                return UNKNOWN
            acts = acting_right(principal, view, found.consumer) is not None
            ends = acts or guards(principal) or deciding_right(principal, view, found.api) is not None
            if not (acts if found.state == "requested" else ends):
                detail = f"It is taken back by the team of {found.consumer}; an owner of {found.api} decides."
                return Refusal("role-missing", detail, {"roles": ["partner-developer"]})
            state: dict[RequestState, RequestState] = {"requested": "withdrawn", "approved": "ended"}
            if found.state not in state:
                return conflict(f"The request is {found.state} already.", found)
            made = self._moved(found, state[found.state], principal, reason)
            await table.replace(connection, made)
            await self._record(connection, made, made.state, principal, reason, request_id)
            if made.state == "ended":
                await post(connection, decided_notices(view, made), self._clock())
            return made

        return await self._do(act, publish=True)

    async def find(self, principal: Principal, number: int) -> SubscriptionRequest | Refusal:
        """One by its number, where it is one's own to see."""
        row = await self._store.one(sa.select(subscription_requests).where(_columns.number == number))
        found, view = None if row is None else table.request_of(row), self._view()
        return UNKNOWN if found is None or not self._sees(principal, view, found) else found

    async def approved(self, application: str) -> tuple[SubscriptionRequest, ...]:
        """Those that were approved for an application, and not ended."""
        wanted = (_columns.application == application) & (_columns.state == "approved")
        return tuple(map(table.request_of, await self._store.all(sa.select(subscription_requests).where(wanted))))

    async def page(
        self, principal: Principal, asked: Asked, limit: int, after: int | None = None
    ) -> tuple[SubscriptionRequest, ...]:
        """At most `limit` of those that are one's own to see, the newest first, from behind the number `after`."""
        view = self._view()
        query = sa.select(subscription_requests).order_by(_columns.number.desc()).limit(limit)
        for name in ("application", "api", "state"):
            value = getattr(asked, name)
            query = query if value is None else query.where(_columns[name] == value)
        if asked.mine:
            query = query.where(_columns.api.in_(sorted(owned_apis(principal, view))))
        if not oversees(principal):
            query = query.where(_columns.consumer.in_(sorted(own_consumers(principal, view))))
        if after is not None:
            query = query.where(_columns.number < after)
        return tuple(table.request_of(row) for row in await self._store.all(query))

    def _sees(self, principal: Principal, view: EstateView | None, found: SubscriptionRequest) -> bool:
        return oversees(principal) or acting_right(principal, view, found.consumer) is not None

    def _moved(
        self, found: SubscriptionRequest, state: RequestState, principal: Principal, reason: str
    ) -> SubscriptionRequest:
        return msgspec.structs.replace(
            found,
            state=state,
            decided_by=principal.name,
            decided_at=int(self._clock()),
            decision=reason,
            version=found.version + 1,
        )

    async def _approved(
        self, connection: AsyncConnection, view: EstateView, decided: SubscriptionRequest
    ) -> SubscriptionRequest | Refusal:
        """The request as it comes into force: still possible, in place of the last one, upon what is granted
        otherwise now."""
        published = self._published()
        application = None if published is None else published.applications.get(decided.application)
        if published is None or application is None or application.consumer != decided.consumer:
            return _no_application(decided.application)
        refusal = fault_of_request(decided, application, view, published)
        if refusal is not None:
            return refusal
        last = await table.find_like(connection, decided, "approved")
        if last is not None:
            replaced = msgspec.structs.replace(last, state="replaced", version=last.version + 1)
            await table.replace(connection, replaced)
        otherwise = await _granted_otherwise(connection, view, decided)
        return msgspec.structs.replace(decided, base=text_of(otherwise))

    async def _do(self, act: _Act, *, publish: bool) -> SubscriptionRequest | Refusal:
        made: list[SubscriptionRequest] = []

        async def also(connection: AsyncConnection) -> Refusal | None:
            done = await act(connection)
            if isinstance(done, Refusal):
                return done
            made.append(done)
            return None

        if publish:
            outcome: object = await self._republish(also)
        else:
            async with self._store.write() as connection:
                outcome = await also(connection)
        return outcome if isinstance(outcome, Refusal) else made[-1]

    async def _record(
        self,
        connection: AsyncConnection,
        request: SubscriptionRequest,
        action: str,
        principal: Principal,
        reason: str,
        request_id: str,
    ) -> None:
        event = Event(
            subject="subscription",
            action=action,
            object=f"{request.number}/{request.application}/{request.api}/{request.api_version}",
            actor=principal.name,
            reason=reason,
            request_id=request_id,
        )
        await self._audit.append(connection, event)


async def _granted_otherwise(
    connection: AsyncConnection, view: EstateView, request: SubscriptionRequest
) -> Subscription | None:
    """What the application's registration, else the estate, grants of the version."""
    registered = await registration_table.find(connection, request.application)
    if registered is not None:
        granted = registered.subscriptions
    else:
        consumer = view.consumers.consumers.get(request.consumer)
        entry = None if consumer is None else consumer.applications.get(request.application)
        granted = tuple(
            Subscription(each.api, each.version, each.plan, each.scopes)
            for each in (() if entry is None else entry.subscriptions)
        )
    found = (each for each in granted if (each.api, each.version) == (request.api, request.api_version))
    return next(found, None)


def _no_application(name: str) -> Refusal:
    return Refusal("resource-not-found", f"There is no application {name!r}, or it is another's.")
