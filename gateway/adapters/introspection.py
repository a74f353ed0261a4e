"""Opaque tokens, asked about at their issuers (RFC 7662).

An answer is believed as long as the issuer's entry says and its token lives; who is verified by it is kept with
the other verified tokens. Beside that every answer, good or bad, is kept for `BRIEFLY`, so that a client which
repeats itself costs its issuer nothing. All who wait for one token wait for one question. No token is kept here,
but its digest.

An issuer that does not answer is left alone for `PAUSE`, and no more than `AT_ONCE` questions are open to one:
tokens are untrusted input, and anybody can make up new ones.
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeAlias
from urllib.parse import quote_plus

import aiohttp
import structlog
from cachetools import LRUCache

from contracts.access import Introspection
from contracts.snapshot import Issuer
from gateway.adapters.discovery import discover
from gateway.adapters.issuer_http import IssuerFault, post_form, safe
from policies.credentials.access_token import MAXIMUM_BYTES
from policies.credentials.opaque_tokens import issuer_by_prefix, read_answer
from policies.credentials.token_claims import TokenClaims, TokenFault
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.ports import IssuerUnavailableError

log = structlog.get_logger()

BRIEFLY: Final = 5.0
PAUSE: Final = 1.0
AT_ONCE: Final = 64
CAPACITY: Final = 10_000
"""Answers of one issuer that are kept."""

Answer: TypeAlias = TokenClaims | TokenFault | None
"""What an issuer says of a token: what it claims, why it is not good, or nothing."""


class Secrets(Protocol):
    """The gateway's own secrets."""

    def find(self, name: str) -> str | None:
        """By name; None where there is none. Raises OSError and UnicodeError."""
        ...


class _Witness:
    """One issuer. `endpoint` is empty until it is known; `answers` are by a token's digest, with their end."""

    __slots__ = ("answers", "endpoint", "issuer", "open", "quiet_until", "reading", "settings")

    def __init__(self, issuer: Issuer, settings: Introspection, before: "_Witness | None") -> None:
        self.issuer = issuer
        self.settings = settings
        self.reading = TrustedIssuer.of(issuer)
        same = before is not None and before.issuer == issuer
        self.endpoint: str = before.endpoint if before is not None and same else settings.endpoint
        self.quiet_until: float = before.quiet_until if before is not None and same else 0.0
        self.open: dict[bytes, asyncio.Task[Answer]] = {}
        self.answers: LRUCache[bytes, tuple[float, TokenClaims | TokenFault]] = LRUCache(CAPACITY)


class Introspector:
    """Implements `policies.ports.TokenWitness`. `clock` gives Unix seconds, `monotonic` what does not jump."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        secrets: Secrets,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._secrets = secrets
        self._clock = clock
        self._monotonic = monotonic
        self._witnesses: dict[str, _Witness] = {}
        self._prefixes: dict[str, str] = {}

    def update(self, issuers: Iterable[Issuer]) -> None:
        """Asks these issuers and no others. What they answered before is forgotten: a snapshot may revoke it."""
        asked = [(each, each.external.introspection) for each in issuers if each.external is not None]
        before = self._witnesses
        self._witnesses = {
            each.issuer: _Witness(each, settings, before.get(each.issuer))
            for each, settings in asked
            if settings is not None
        }
        self._prefixes = {each.settings.prefix: name for name, each in self._witnesses.items()}

    def issuer_of(self, token: bytes, /) -> str | None:
        return issuer_by_prefix(token, self._prefixes) if self._prefixes else None

    async def ask(self, issuer: str, token: bytes, /) -> TokenClaims:
        """Raises TokenFault, IssuerUnavailableError."""
        witness = self._witnesses.get(issuer)
        if witness is None:
            raise TokenFault("its issuer is not trusted")
        if len(token) > MAXIMUM_BYTES:
            raise TokenFault("it is too long")
        answer = await self._answer(witness, token)
        if answer is None:
            raise IssuerUnavailableError(issuer)
        if isinstance(answer, TokenFault):
            raise TokenFault(str(answer))
        return answer

    async def _answer(self, witness: _Witness, token: bytes) -> Answer:
        digest = hashlib.sha256(token).digest()
        known = witness.answers.get(digest)
        if known is not None and known[0] > self._monotonic():
            return known[1]
        task = witness.open.get(digest)
        if task is None:
            if self._monotonic() < witness.quiet_until or len(witness.open) >= AT_ONCE:
                return None
            task = witness.open[digest] = asyncio.create_task(self._question(witness, digest, token))
        # Shielded: a client that goes away must not end the question for the others.
        return await asyncio.shield(task)

    async def _question(self, witness: _Witness, digest: bytes, token: bytes) -> Answer:
        try:
            claims = await self._put(witness, token)
        except TokenFault as fault:
            witness.answers[digest] = (self._monotonic() + BRIEFLY, fault)
            return fault
        except (IssuerFault, OSError, UnicodeError) as fault:
            witness.quiet_until = self._monotonic() + PAUSE
            witness.endpoint = witness.settings.endpoint  # if it has moved, its metadata says where to
            reason = str(fault) if isinstance(fault, IssuerFault) else "the gateway's secret cannot be read"
            log.warning("token not introspected", issuer=witness.issuer.issuer, reason=reason)
            return None
        else:
            left = claims.expires - self._clock()
            witness.answers[digest] = (self._monotonic() + min(BRIEFLY, left), claims)
            return claims
        finally:
            del witness.open[digest]

    async def _put(self, witness: _Witness, token: bytes) -> TokenClaims:
        """Raises IssuerFault, TokenFault, OSError, UnicodeError."""
        settings = witness.settings
        secret = self._secrets.find(settings.credential)
        if secret is None:
            raise IssuerFault(f"the gateway has no secret {settings.credential!r}")
        if not witness.endpoint:
            witness.endpoint = (await discover(self._session, witness.issuer.issuer)).introspection_endpoint
            if not witness.endpoint:
                raise IssuerFault("its metadata names no introspection_endpoint")
        asked_at = self._clock()
        form = {"token": token.decode("ascii"), "token_type_hint": "access_token"}
        headers = {"authorization": _basic(settings.client_id, secret)}
        answer = await post_form(self._session, safe(witness.endpoint), form, headers)
        return read_answer(answer, witness.reading, asked_at, settings.max_cache)


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749 §2.3.1: form-encoded before they are put together."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
