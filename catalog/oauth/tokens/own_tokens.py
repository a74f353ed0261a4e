"""Our own access tokens, read back: for revocation (RFC 7009), introspection (RFC 7662) and exchange (RFC
8693)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.clock import Clock
from catalog.oauth.keys.signing_keys import SigningKeys
from catalog.publishing.published import CurrentPublished, Published
from contracts.public_keys import public_key
from policies.credentials.jose import JoseFault, read_signed_jwt
from policies.credentials.revocation import NOTHING, Revocations

MAXIMUM_BYTES: Final = 8192


@dataclass(frozen=True, slots=True, repr=False)
class OwnToken:
    """A token that we signed; whether it is good still is another question. Times are Unix seconds."""

    claims: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        return str(self.claims["client_id"])

    @property
    def jti(self) -> str:
        return str(self.claims["jti"])

    @property
    def expires(self) -> int:
        return int(self.claims["exp"])


class OwnTokens:
    """Those of one issuer."""

    def __init__(self, issuer: str, keys: SigningKeys, current: CurrentPublished, clock: Clock) -> None:
        self._issuer = issuer
        self._keys = keys
        self._current = current
        self._clock = clock
        self._of: Published | None = None
        self._revocations = NOTHING

    def read(self, text: str) -> OwnToken | None:
        """The token, if a published key of ours signed it as an access token."""
        try:
            token = read_signed_jwt(text.encode(), MAXIMUM_BYTES)
        except (JoseFault, UnicodeEncodeError):
            return None
        header = token.header
        known = [each for each in self._keys.jwks()["keys"] if each["kid"] == header.get("kid")]
        if not known or header.get("typ") != "at+jwt" or header.get("alg") != known[0]["alg"]:
            return None
        verified = public_key(known[0]).verifies(token.signed, token.signature, known[0]["alg"])
        return OwnToken(token.claims) if verified and token.claims.get("iss") == self._issuer else None

    def is_good(self, token: OwnToken) -> bool:
        """Whether a gateway would take it now."""
        published = self._current()
        application = None if published is None else published.applications.get(token.client_id)
        if published is None or application is None or token.expires <= self._clock():
            return False
        if self._of is not published:
            self._of, self._revocations = published, Revocations(published.revoked)
        return not self._revocations.ends(application, token.claims["iat"], token.claims)
