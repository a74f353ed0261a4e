"""All that there is about people who let applications act for them, put together."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import BaseRoute

from catalog.audit.log import AuditLog
from catalog.clock import DAY, Clock
from catalog.login.room import LoginRoom
from catalog.oauth.authorization.authorizing import Authorizing
from catalog.oauth.authorization.consent_pages import ConsentPages
from catalog.oauth.authorization.endpoint import AuthorizationEndpoint
from catalog.oauth.authorization.pushed_requests import PushedRequests
from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.grants.codes import Codes
from catalog.oauth.grants.consent import LIFE, Consents
from catalog.oauth.grants.ending import Ending
from catalog.oauth.grants.grants import Grant, forget_old_grants, grant_of
from catalog.oauth.grants.refresh import RefreshTokens
from catalog.people.directory import Directory
from catalog.publication import Publisher
from catalog.storage.engine import Store
from catalog.storage.tables.login import accounts
from catalog.storage.tables.oauth import grants
from policies.credentials.revocation import Revocations


@dataclass(frozen=True, slots=True)
class AuthorizationRoom:
    """`codes` and `refreshing` are for the token endpoint, `pushed` for that of pushed requests; `consents` and
    `ending` for those who see what was allowed, and end it."""

    store: Store
    clock: Clock
    codes: Codes
    refreshing: RefreshTokens
    pushed: PushedRequests
    consents: Consents
    ending: Ending
    routes: tuple[BaseRoute, ...]

    async def grants(self, member: str | None = None) -> tuple[Grant, ...]:
        """Everyone's or one member's, the newest first. Raises SQLAlchemyError."""
        query = sa.select(grants).order_by(grants.c.created_at.desc(), grants.c.id)
        if member is not None:
            query = query.where(grants.c.member == member)
        return tuple(grant_of(row) for row in await self.store.all(query))

    async def forget(self) -> int:
        """Removes what has long been over; how many grants. Raises SQLAlchemyError."""
        async with self.store.write() as connection:
            await self.pushed.forget(connection)
            return await forget_old_grants(connection, int(self.clock()))


def authorization_room(
    store: Store,
    pepper: bytes,
    environment: str,
    issuer: str,
    login: LoginRoom,
    publisher: Publisher,
    directory: Directory,
    ending: Ending,
    audit: AuditLog,
    clock: Clock,
) -> AuthorizationRoom:
    """Over a store that was migrated; `issuer` is the catalog's own URL."""

    async def still_good(connection: AsyncConnection, grant: Grant, issued_at: int) -> bool:
        published = publisher.current
        application = None if published is None else published.applications.get(grant.client_id)
        if application is None or published is None or grant.member not in directory.members.by_name:
            return False
        disabled = sa.select(accounts.c.disabled_at).where(accounts.c.member == grant.member)
        if await connection.scalar(disabled) is not None:
            return False
        return not Revocations(published.revoked).ends(application, issued_at, {})

    def longest() -> int:
        estate = publisher.estate
        return LIFE if estate is None else min(LIFE, estate.file.credentials.max_days * DAY)

    def consumer_title(name: str) -> str:
        estate = publisher.estate
        entry = None if estate is None else estate.consumers.consumers.get(name)
        return name if entry is None else entry.title

    refreshing = RefreshTokens(store, pepper, environment, clock, ending, still_good)
    codes = Codes(store, clock, refreshing, ending, still_good)
    pushed = PushedRequests(store, clock)
    consents = Consents(store, audit, clock, ending, publisher.republish)
    authorizing = Authorizing(store, issuer, clock, consents, codes, pushed, longest)
    endpoint = AuthorizationEndpoint(
        lambda: publisher.current,
        ResourceServers(lambda: publisher.current),
        login.sessions,
        login.pages,
        pushed,
        authorizing,
        consumer_title,
    )
    pages = ConsentPages(consents, lambda: publisher.current, login.sessions, login.pages, clock)
    routes = (*endpoint.routes, *pages.routes)
    return AuthorizationRoom(store, clock, codes, refreshing, pushed, consents, ending, routes)
