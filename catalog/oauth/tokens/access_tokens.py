"""Access tokens as JWTs (RFC 9068)."""

import secrets
from typing import Any, Final

from catalog.clock import Clock
from catalog.oauth.clients.authentication import AuthenticatedClient
from catalog.oauth.keys.signing import Signer
from catalog.oauth.tokens.binding import Binding
from catalog.oauth.tokens.issue import Issue
from catalog.publishing.published import CurrentPublished
from policies.credentials.revocation import CREDENTIAL_CLAIM

FAPI_LIFETIME: Final = 300
"""Seconds at most for a client of the profile `fapi-2`."""


class AccessTokens:
    """Makes the tokens of one issuer; they live `lifetime` seconds, and say what is `current` of the client's
    consumer."""

    def __init__(
        self, issuer: str, signer: Signer, lifetime: int, clock: Clock, current: CurrentPublished
    ) -> None:
        self._issuer = issuer
        self._signer = signer
        self._lifetime = lifetime
        self._clock = clock
        self._current = current

    def issue(self, client: AuthenticatedClient, binding: Binding, wanted: Issue) -> dict[str, Any]:
        """The members of a token response (RFC 6749 §5.1)."""
        now, settings = int(self._clock()), client.settings
        lifetime = min(self._lifetime, FAPI_LIFETIME) if settings.profile == "fapi-2" else self._lifetime
        if wanted.until is not None:
            lifetime = max(0, min(lifetime, wanted.until - now))
        audiences, scope = wanted.audiences, " ".join(wanted.scopes)
        published = self._current()
        claims = {
            # First, so that none of them can stand for what follows.
            **({} if published is None else published.claims.get(settings.application.consumer, {})),
            "iss": self._issuer,
            "exp": now + lifetime,
            "aud": audiences[0] if len(audiences) == 1 else list(audiences),
            "sub": wanted.subject,
            "client_id": settings.client_id,
            "iat": now,
            "jti": secrets.token_urlsafe(16),
            "scope": scope,
            **wanted.claims,
            **binding.confirmation,
        }
        if client.credential:
            # So that whoever revokes the credential ends the tokens that were obtained by it (RFC 7519 §4.3).
            claims[CREDENTIAL_CLAIM] = client.credential
        return {
            "access_token": self._signer.sign(claims, "at+jwt"),
            "token_type": binding.token_type,
            "expires_in": lifetime,
            "scope": scope,
            **wanted.members,
        }
