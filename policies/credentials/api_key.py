"""Authentication by API key, where a contract names one (`apiKey` in a header), beside access tokens or alone.

The checksum in a key's text is looked at before anything is looked up, the key found by its public id, and its
digest compared in constant time: HMAC-SHA-256 under a pepper that the catalog and its gateways share. The key
never goes upstream.
"""

import hmac
from collections.abc import Awaitable
from typing import Final

from contracts.problems import problem
from contracts.secret_text import parse
from policies.credentials.known_keys import KnownKey
from policies.exchange import Exchange
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "authentication"
"""A way to authenticate, and no policy of its own."""

_NOBODY: Final = bytes(32)
"""Compared with where there is no such key, so that both answers take the same time."""

_INVALID: Final = "it is no key of this gateway, or none any more"


NOT_ALLOWED: Final = Deny(
    POLICY,
    problem(
        "api-key-not-allowed",
        "The application's plan for this version does not allow API keys; use an access token.",
    ),
)


def fault_of(known: KnownKey, exchange: Exchange, ports: Ports) -> str | None:
    """Why a key, whoever has it, opens nothing to this request; None where it may."""
    if known.key.expires <= ports.clock():
        return "it has expired"
    revocations = ports.access.revocations
    if revocations.cuts_off(known.application) or revocations.withdraws(known.key.id):
        return "it was revoked"
    if not known.admits(exchange.peer):
        return "it is not good from this address"
    return None


def may_be_used(known: KnownKey, version: tuple[str, str], ports: Ports) -> bool:
    """Whether the application's plan allows keys. No subscription at all is the next stage's to refuse."""
    for each in known.application.subscriptions:
        if (each.api, each.version) == version:
            return each.plan in ports.key_plans
    return True


class ApiKeyCheck:
    """Sets `exchange.principal`. A request without the field is left to `tokens`."""

    __slots__ = ("_challenge", "_field", "_ports", "_tokens", "_version")

    def __init__(self, header: str, version: tuple[str, str], ports: Ports, tokens: Stage | None) -> None:
        self._field = header.encode("ascii")
        self._version = version
        self._ports = ports
        self._tokens = tokens
        # RFC 9110 §11.6.1 wants a challenge with a 401. None is registered for API keys; this says what to send.
        self._challenge = f'ApiKey in="header", name="{header}"'

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        text = exchange.fields.get(self._field)
        if text is None:
            return self._missing() if self._tokens is None else self._tokens(exchange)
        # What a client proves itself with stays here. What was kept of the same fields has it in it.
        exchange.headers = [each for each in exchange.headers if each[0].lower() != self._field]
        exchange.kept = None
        if b"authorization" in exchange.fields and self._tokens is not None:
            return self._invalid("one credential at a time: it came with an Authorization field")
        pepper = self._ports.key_pepper
        if pepper is None:
            detail = "This gateway was not given what it checks API keys with."
            refusal = problem("issuer-unavailable", detail, headers=(("retry-after", "60"),))
            return Deny(POLICY, refusal)
        known = self._find(text, pepper)
        if known is None:
            return self._invalid(_INVALID)
        fault = fault_of(known, exchange, self._ports)
        if fault is not None:
            return self._invalid(fault)
        if not may_be_used(known, self._version, self._ports):
            return NOT_ALLOWED
        exchange.principal = known.principal
        return ALLOW

    def _find(self, text: bytes, pepper: bytes) -> KnownKey | None:
        secret = parse(text.decode("latin-1"))
        if secret is None or not secret.is_api_key:
            return None
        known = self._ports.access.keys.get(secret.key_id)
        expected = _NOBODY if known is None else known.key.digest
        same = hmac.compare_digest(expected, hmac.digest(pepper, text, "sha256"))
        return known if same else None

    def _missing(self) -> Deny:
        detail = f"Send an API key in the field {self._field.decode()}."
        return self._deny("credentials-missing", detail)

    def _invalid(self, reason: str) -> Deny:
        return self._deny("api-key-invalid", f"The API key is not accepted: {reason}.")

    def _deny(self, problem_id: str, detail: str) -> Deny:
        headers = (("www-authenticate", self._challenge),)
        return Deny(POLICY, problem(problem_id, detail, headers=headers))
