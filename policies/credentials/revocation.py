"""Revocation: what the access part in force says was withdrawn, held against a verified token.

It is asked when a token is verified, and not at each call: verified tokens are kept for one access part alone, and
a revocation comes with another.
"""

from collections.abc import Mapping
from typing import Final

from contracts.access import Application, Revoked

CREDENTIAL_CLAIM: Final = "credential_id"
"""The private claim (RFC 7519 §4.3) by which our tokens name the credential that obtained them: its public id."""
GRANT_CLAIM: Final = "grant_id"
"""And the one by which they name the grant of a member that they are of, where they are of one."""
OUR_CLAIMS: Final = frozenset({CREDENTIAL_CLAIM, GRANT_CLAIM})


class Revocations:
    """What was revoked, indexed."""

    __slots__ = (
        "_before",
        "_by_client",
        "_by_consumer",
        "_client_ids",
        "_consumers",
        "_credentials",
        "_signing_keys",
        "_tokens",
    )

    def __init__(self, revoked: Revoked | None) -> None:
        revoked = revoked or Revoked()
        self._credentials = frozenset(revoked.credentials)
        self._client_ids = frozenset(revoked.client_ids)
        self._consumers = frozenset(revoked.consumers)
        self._tokens = frozenset(token for token, _ in revoked.tokens)
        self._signing_keys = frozenset(revoked.signing_keys)
        self._before = 0
        self._by_client: dict[str, int] = {}
        self._by_consumer: dict[str, int] = {}
        for each in revoked.issued_before:
            if each.client_id:
                self._by_client[each.client_id] = max(each.time, self._by_client.get(each.client_id, 0))
            elif each.consumer:
                self._by_consumer[each.consumer] = max(each.time, self._by_consumer.get(each.consumer, 0))
            else:
                self._before = max(each.time, self._before)

    def cuts_off(self, application: Application) -> bool:
        """Whether the application, or all of its consumer, is cut off, whatever it presents."""
        return application.client_id in self._client_ids or application.consumer in self._consumers

    def withdraws(self, credential: str) -> bool:
        """Whether the credential with this public id is good no more."""
        return credential in self._credentials

    def has_withdrawn(self, issuer: str, key_id: str) -> bool:
        """Whether the issuer's signing key is believed no more, whoever still publishes it."""
        return bool(self._signing_keys) and (issuer, key_id) in self._signing_keys

    def ends(self, application: Application, issued_at: float, claims: Mapping[str, object]) -> bool:
        """Whether a token of the application, issued then (`iat`), is worth nothing any more."""
        if self.cuts_off(application):
            return True
        before = max(
            self._before,
            self._by_client.get(application.client_id, 0),
            self._by_consumer.get(application.consumer, 0),
        )
        if issued_at < before:
            return True
        # What is no text names nothing.
        token = claims.get("jti") if self._tokens else None
        if isinstance(token, str) and token in self._tokens:
            return True
        named = (claims.get(CREDENTIAL_CLAIM), claims.get(GRANT_CLAIM)) if self._credentials else ()
        return any(isinstance(each, str) and each in self._credentials for each in named)


NOTHING: Final = Revocations(None)
"""Nothing was revoked."""
