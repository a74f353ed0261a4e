"""What a person's answer to an authorisation request does: a code, or a refusal, and where the client hears of it.

Consent, code and the end of a pushed request are one transaction: a store that fails leaves none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.login.session import Session
from catalog.oauth.authorization.pushed_requests import PushedRequests
from catalog.oauth.authorization.request import AuthorizationRequest, Refused, Untold
from catalog.oauth.grants import codes
from catalog.oauth.grants.codes import Code, Codes
from catalog.oauth.grants.consent import Consent, Consents
from catalog.oauth.wire.redirects import is_claimed, with_answer
from catalog.storage.engine import Store

OVER: Final = Untold(
    "This request was answered already, or it is too old. Go back to the application and try again."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the browser goes, with what the client gets. It may hold a code, and so does not show in a repr."""

    uri: str = field(repr=False)


class Authorizing:
    """Every method raises SQLAlchemyError. `longest` gives the seconds for which a consent lasts at most, now."""

    def __init__(
        self,
        store: Store,
        issuer: str,
        clock: Clock,
        consents: Consents,
        codes: Codes,
        pushed: PushedRequests,
        longest: Callable[[], int],
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._clock = clock
        self._consents = consents
        self._codes = codes
        self._pushed = pushed
        self._longest = longest

    @property
    def asked_until(self) -> int:
        """Unix seconds until which a consent lasts that is given now."""
        return int(self._clock()) + self._longest()

    async def remembered(
        self, request: AuthorizationRequest, session: Session, request_uri: str | None
    ) -> Answer | Untold | None:
        """The answer that the person gave before; None where they have to be asked.

        They are always asked for a public client whose redirect URI others on the device could claim: it may be
        another program that uses its name (RFC 8252 §8.6).
        """
        if "consent" in request.prompts or not (is_claimed(request.redirect_uri) or not request.client.public):
            return None
        async with self._store.write() as connection:
            consent = await self._consents.covering(
                connection, session.member, request.client.client_id, request.scopes, request.resources
            )
            if consent is None:
                return None
            return await self._code(connection, request, session, consent, request_uri)

    async def allow(
        self, request: AuthorizationRequest, session: Session, request_uri: str | None, request_id: str
    ) -> Answer | Untold:
        """The person allows it."""
        async with self._store.write() as connection:
            consent = await self._consents.allow(
                connection,
                session.member,
                request.client.client_id,
                request.scopes,
                request.resources,
                self._longest(),
                request_id,
            )
            return await self._code(connection, request, session, consent, request_uri)

    async def refuse(self, refused: Refused, request_uri: str | None) -> Answer | Untold:
        """The client is told why it gets no code."""
        if request_uri is not None:
            async with self._store.write() as connection:
                if not await self._pushed.answered(connection, request_uri):
                    return OVER
        answer = {"error": refused.error, "error_description": refused.description}
        return self._answer(refused.redirect_uri, refused.state, answer)

    async def _code(
        self,
        connection: AsyncConnection,
        request: AuthorizationRequest,
        session: Session,
        consent: Consent,
        request_uri: str | None,
    ) -> Answer | Untold:
        if request_uri is not None and not await self._pushed.answered(connection, request_uri):
            return OVER
        now = int(self._clock())
        code = Code(
            client_id=request.client.client_id,
            member=session.member,
            consent=consent.id,
            authenticated_at=session.authenticated_at,
            redirect_uri=request.given_uri,
            challenge=request.challenge,
            scopes=request.scopes,
            resources=request.resources,
            bound_to=request.bound_to,
            created_at=now,
            expires_at=now + codes.LIFE,
        )
        text = await self._codes.issue(connection, code)
        return self._answer(request.redirect_uri, request.state, {"code": text})

    def _answer(self, uri: str, state: str | None, answer: Mapping[str, str]) -> Answer:
        # RFC 9207: the client sees from whom the answer is, and cannot be made to take it to another server.
        sent = {**answer, **({} if state is None else {"state": state}), "iss": self._issuer}
        return Answer(with_answer(uri, sent))
