"""The request that is asked about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from policies.credentials.known_keys import API_KEY_ISSUER
from policies.exchange import Exchange, Header, Principal

TOKEN_LIFETIME: Final = 600.0
"""Seconds for which the token that is taken for granted is good."""

_ALONE: Final = frozenset({b"authorization", b"content-length", b"content-type", b"host"})


class BadRequest(ValueError):
    """What is asked about is no request that could reach a router."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The application that calls. `scopes` are those of its token, None for all that are granted; `claims` are
    further ones of it, besides those that are `said` of its consumer."""

    application: str
    consumer: str
    scopes: frozenset[str] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)

    def principal(self, granted: frozenset[str], at: float, issuer: str, *, by_key: bool) -> Principal:
        """What authentication would set: of an API key, with the claims of its consumer alone, where `by_key`."""
        scopes = granted if self.scopes is None else self.scopes
        own = {"iss": issuer, "sub": self.application, "client_id": self.application}
        claims = {
            **self.said,
            **own,
            "scope": " ".join(sorted(scopes)),
            "exp": int(at + TOKEN_LIFETIME),
            **self.claims,
        }
        return Principal(
            issuer=API_KEY_ISSUER if by_key else issuer,
            client_id=self.application,
            subject=str(claims["sub"]),
            consumer=self.consumer,
            scopes=scopes,
            expires=at + TOKEN_LIFETIME,
            token_id="explained",  # noqa: S106  (the id of a token that there is not)
            claims=self.said if by_key else claims,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, who makes it (None: nobody that is known), and when (Unix seconds)."""

    method: str
    url: str
    at: float
    caller: Caller | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    peer: str = "127.0.0.1"

    def exchange(self, audience: str) -> Exchange:
        """As a listener makes it of the bytes. Raises BadRequest."""
        parts = urlsplit(self.url)
        if parts.fragment:
            raise BadRequest("a fragment is never sent: leave out what follows the #")
        host = parts.netloc or urlsplit(audience).netloc
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields: dict[bytes, bytes] = {}
        headers: list[Header] = []
        for name, value in (*self.headers, *self._not_given(host)):
            lower, text = name.lower().encode("ascii"), value.strip().encode("latin-1", "replace")
            if lower in fields and lower in _ALONE:
                raise BadRequest(f"{name} is there twice")
            headers.append((lower, text))
            fields[lower] = fields[lower] + b", " + text if lower in fields else text
        try:
            exchange = Exchange(self.method, target.encode("ascii"), headers, fields, self.peer, "https")
        except UnicodeEncodeError:
            raise BadRequest("a URL is ASCII: write other characters as %XX of their UTF-8 bytes") from None
        exchange.request_id = "explained"
        exchange.body = self.body
        exchange.bytes_in = len(self.body or b"")
        return exchange

    def _not_given(self, host: str) -> list[tuple[str, str]]:
        """The fields that a client sends of itself, where they are not given."""
        made = [("host", host)]
        if self.body is not None:
            made += [("content-type", "application/json"), ("content-length", str(len(self.body)))]
        given = {name.lower() for name, _ in self.headers}
        return [(name, value) for name, value in made if name not in given]
