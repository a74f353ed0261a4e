"""Access tokens as JWTs (RFC 9068), signed with ES256."""

import secrets
from collections.abc import Callable
from typing import Any

from authlib.oauth2.rfc6750.token import BearerTokenGenerator
from joserfc import jwt
from joserfc.jwk import ECKey

from catalog.clock import Clock
from catalog.oauth.client import OAuthClient
from policies.revocation import CREDENTIAL_CLAIM

ALGORITHM = "ES256"


def token_generator(
    key: ECKey, issuer: str, audience: Callable[[], str], lifetime: int, clock: Clock
) -> BearerTokenGenerator:
    """Authlib's generator of token responses over our JWTs. `lifetime` in seconds.

    Authlib's own JWT generator is not used: it signs without a `kid`, reads the clock itself, and takes
    milliseconds of `SystemRandom` for a `jti`.
    """
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}

    def access_token(client: OAuthClient, grant_type: str, user: Any, scope: str) -> str:
        now = int(clock())
        claims = {
            "iss": issuer,
            "exp": now + lifetime,
            "aud": audience(),
            # Where no resource owner is involved the subject is the client itself (RFC 9068 §2.2).
            "sub": client.client_id,
            "client_id": client.client_id,
            "iat": now,
            "jti": secrets.token_urlsafe(16),
            "scope": scope,
            # So that whoever revokes the credential ends the tokens that were obtained by it (RFC 7519 §4.3).
            CREDENTIAL_CLAIM: client.credential,
        }
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    return BearerTokenGenerator(access_token, expires_generator=lambda client, grant_type: lifetime)


def key_set(key: ECKey) -> dict[str, Any]:
    """The JWK set (RFC 7517 §5) with which our tokens are verified: the public half alone."""
    return {"keys": [dict(key.as_dict(private=False))]}
