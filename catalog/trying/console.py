"""Trying an operation: a token for an application of one's own, the call, and what was decided about it.

The token is for this call: it lives a minute, has the scopes that the operation asks for and the application is
granted, says for whom it was made, and is not shown. The audit log says who had it made.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import msgspec
from authlib.oauth2.rfc6749.errors import OAuth2Error

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.oauth.clients.authentication import AuthenticatedClient
from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.clients.settings import Clients, ClientSettings
from catalog.oauth.tokens.access_tokens import AccessTokens
from catalog.oauth.tokens.binding import Binding
from catalog.oauth.tokens.issue import Issue
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.subscriptions.applications import Applications
from catalog.subscriptions.rights import acting_right
from catalog.trying.building import Built, Typed, build
from catalog.trying.proof import ProofKey
from catalog.trying.reading import Decisions, decisions_of
from catalog.trying.sending import Answered, Unanswered, send
from contracts.access import Application
from contracts.operations import ApiVersion, Operation
from contracts.safe_urls import unsafe

LIFETIME: Final = 60
"""Seconds that the token of a call lives."""
AT_ONCE: Final = 16
"""Calls that are open at once, of all people."""


class WantedTrial(Typed, frozen=True):
    """What is to be tried. Without an application no token is sent: as somebody would call who has none."""

    application: str | None = None


class Trial(msgspec.Struct, frozen=True):
    """What was sent, what came, and what was decided. Of the request's fields those of the token are left out.
    `status` is None where no answer came, and `failure` says why. `needed` are the scopes that the operation asks
    for, any set of them; `scopes` what the token had. `sandbox` says that the gateway is not the public one."""

    method: str
    url: str
    sent: tuple[tuple[str, str], ...]
    body_sent: str
    needed: tuple[tuple[str, ...], ...]
    scopes: tuple[str, ...]
    status: int | None
    failure: str
    headers: tuple[tuple[str, str], ...]
    body: str
    whole: bool
    milliseconds: int
    decisions: Decisions | None


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is called."""

    version: ApiVersion
    operation: Operation


class TryConsole:
    """Makes calls. `gateway` is where, if not at the gateway's public address. Raises SQLAlchemyError."""

    def __init__(
        self,
        store: Store,
        audit: AuditLog,
        tokens: AccessTokens,
        applications: Applications,
        view: CurrentView,
        published: CurrentPublished,
        clock: Clock,
        gateway: str | None = None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._tokens = tokens
        self._applications = applications
        self._view = view
        self._published = published
        self._clock = clock
        self._gateway = gateway
        self._clients = Clients(published)
        self._resources = ResourceServers(published)
        self._room = asyncio.Semaphore(AT_ONCE)

    def address(self) -> str:
        """Where calls go."""
        published = self._published()
        return self._gateway or ("" if published is None else published.contracts.audience)

    def applications(self, principal: Principal) -> tuple[Application, ...]:
        """Those for which the principal may try something, by client id."""
        return self._applications.own(principal)

    async def attempt(
        self, principal: Principal, api: str, version: str, operation: str, wanted: WantedTrial, request_id: str
    ) -> Trial | Refusal:
        """Makes the call, whatever comes of it; a refusal where it is not made."""
        subject = self._subject(api, version, operation)
        if subject is None:
            return Refusal("resource-not-found", "There is no such operation in force.")
        client = self._client(principal, wanted.application)
        if isinstance(client, Refusal):
            return client
        built = build(subject.version, subject.operation, wanted)
        if not isinstance(built, Built):
            violations = [each.violation() for each in built]
            return Refusal("schema-violation", "This cannot be sent as it is.", {"violations": violations})
        # What the operator has set is the operator's to judge; what the estate says is not.
        fault = unsafe(self.address()) if self._gateway is None else None
        if fault is not None:
            detail = (
                f"The call has a token, and the gateway's public address {fault}. An operator can set another."
            )
            return Refusal("trial-unavailable", detail)
        if self._room.locked():
            return Refusal("trial-unavailable", "Many try something at this moment. Try again in some seconds.")
        async with self._room:
            return await self._called(principal, subject, client, built, request_id)

    async def _called(
        self, principal: Principal, subject: _Subject, client: ClientSettings | None, built: Built, request_id: str
    ) -> Trial | Refusal:
        fields: dict[str, str] = {}
        scopes: tuple[str, ...] = ()
        key, token = None, ""
        if client is not None:
            if client.constraint == "mtls":
                detail = "This application calls with its certificate, which the catalog does not have."
                return Refusal("trial-unavailable", detail)
            key = ProofKey() if client.constraint in ("dpop", "any") else None
            try:
                issued, scopes = self._issued(principal, subject, client, key)
            except OAuth2Error:
                return Refusal("trial-unavailable", "The catalog cannot make a token now.")
            token = issued["access_token"]
            fields["Authorization"] = f"{issued['token_type']} {token}"
        await self._record(principal, subject, client, request_id)
        try:
            answered = await self._sent(built, fields, key, token)
        except Unanswered as unanswered:
            return self._trial(subject, built, scopes, None, str(unanswered))
        return self._trial(subject, built, scopes, answered, "")

    async def _sent(self, built: Built, fields: dict[str, str], key: ProofKey | None, token: str) -> Answered:
        if key is None:
            return await send(self.address(), built, fields)
        published = self._published()
        public = self.address() if published is None else published.contracts.audience
        uri = public + built.target.partition("?")[0]
        proof = key.proof(built.method, uri, token, self._clock())
        answered = await send(self.address(), built, {**fields, "DPoP": proof})
        nonce = next((value for name, value in answered.headers if name.lower() == "dpop-nonce"), "")
        if answered.status == 401 and nonce:
            # RFC 9449 §9: the same once more, with the nonce that was asked for.
            proof = key.proof(built.method, uri, token, self._clock(), nonce)
            answered = await send(self.address(), built, {**fields, "DPoP": proof})
        return answered

    def _trial(
        self, subject: _Subject, built: Built, scopes: tuple[str, ...], answered: Answered | None, failure: str
    ) -> Trial:
        return Trial(
            method=built.method,
            url=self.address() + built.target,
            sent=built.headers,
            body_sent="" if built.body is None else built.body.decode(),
            needed=() if subject.operation.public else subject.operation.scopes,
            scopes=scopes,
            status=None if answered is None else answered.status,
            failure=failure,
            headers=() if answered is None else answered.headers,
            body="" if answered is None else answered.body.decode("utf-8", "replace"),
            whole=answered is None or answered.whole,
            milliseconds=0 if answered is None else answered.milliseconds,
            decisions=None if answered is None else decisions_of(answered.headers, answered.body),
        )

    def _subject(self, api: str, version: str, operation: str) -> _Subject | None:
        published = self._published()
        for each in () if published is None else published.contracts.versions:
            if (each.api, each.version) == (api, version):
                found = next((one for one in each.operations if one.id == operation), None)
                return None if found is None or found.websocket else _Subject(each, found)
        return None

    def _client(self, principal: Principal, client_id: str | None) -> ClientSettings | Refusal | None:
        """The application, if it is one for which the principal acts."""
        if client_id is None:
            return None
        client = self._clients.find(client_id)
        if client is None or acting_right(principal, self._view(), client.application.consumer) is None:
            return Refusal("resource-not-found", "There is no such application for which you act.")
        return client

    def _issued(
        self, principal: Principal, subject: _Subject, client: ClientSettings, key: ProofKey | None
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        published = self._published()
        assert published is not None, "no client is known without a snapshot"
        version = subject.version
        audience = published.contracts.audience
        subscribed = _is_subscribed(client.application, version)
        target = self._resources.target(client, (audience + version.base_path,) if subscribed else ())
        asked = {scope for each in subject.operation.scopes for scope in each}
        scopes = tuple(scope for scope in target.scopes if scope in asked)
        binding = Binding() if key is None else Binding("dpop", key.thumbprint)
        wanted = Issue(
            client.client_id,
            scopes,
            target.audiences,
            # RFC 8693 §4.1: who acts, for the application.
            claims={"act": {"sub": principal.name}},
            until=int(self._clock()) + LIFETIME,
        )
        return self._tokens.issue(AuthenticatedClient(client, "none", ""), binding, wanted), scopes

    async def _record(
        self, principal: Principal, subject: _Subject, client: ClientSettings | None, request_id: str
    ) -> None:
        name = "" if client is None else client.client_id
        event = Event(
            subject="trial",
            action="tried",
            object=f"{name or '-'}/{subject.version.api}/{subject.version.version}/{subject.operation.id}",
            actor=principal.name,
            request_id=request_id,
        )
        async with self._store.write() as connection:
            await self._audit.append(connection, event)


def _is_subscribed(application: Application, version: ApiVersion) -> bool:
    known = (version.api, version.version)
    return version.lifecycle.state != "retired" and any(
        (each.api, each.version) == known for each in application.subscriptions
    )
