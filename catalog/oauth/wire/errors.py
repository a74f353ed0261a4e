"""The token endpoint's errors (RFC 6749 §5.2): stable texts that repeat nothing from the request."""

from authlib.oauth2.rfc6749.errors import OAuth2Error

REALM = "ostiary"


class InvalidRequest(OAuth2Error):  # type: ignore[misc]
    error = "invalid_request"


class InvalidClient(OAuth2Error):  # type: ignore[misc]
    """One text and one status for every cause: nothing tells whether such a client exists."""

    error = "invalid_client"
    status_code = 401
    description = "Client authentication failed."

    def get_headers(self) -> list[tuple[str, str]]:
        # A 401 names the scheme to use (RFC 9110 §11.6.1), whichever way the client had tried.
        challenge = ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"')
        return [*super().get_headers(), challenge]


class UnsupportedGrantType(OAuth2Error):  # type: ignore[misc]
    error = "unsupported_grant_type"
    description = "The grant types of this server are listed in its metadata."


class InvalidScope(OAuth2Error):  # type: ignore[misc]
    error = "invalid_scope"
    description = "The scope is malformed, unknown, or beyond what the application was granted."


class InvalidGrant(OAuth2Error):  # type: ignore[misc]
    """One text for every cause: nothing tells whether a code or a refresh token was once good."""

    error = "invalid_grant"
    description = "The code or refresh token is unknown, used, expired or revoked, or it was issued otherwise."


class InvalidTarget(OAuth2Error):  # type: ignore[misc]
    """RFC 8707 §2."""

    error = "invalid_target"
    description = "A resource is malformed, unknown, or beyond what was granted."


class UnauthorizedClient(OAuth2Error):  # type: ignore[misc]
    error = "unauthorized_client"
    description = "The client is not registered for this grant type."


class InvalidDpopProof(OAuth2Error):  # type: ignore[misc]
    """RFC 9449 §5."""

    error = "invalid_dpop_proof"


class UseDpopNonce(OAuth2Error):  # type: ignore[misc]
    """RFC 9449 §8: the proof is to be made anew, with this nonce."""

    error = "use_dpop_nonce"
    description = "The proof needs the nonce in the DPoP-Nonce field."

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self._nonce = nonce

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("DPoP-Nonce", self._nonce)]


class TemporarilyUnavailable(OAuth2Error):  # type: ignore[misc]
    """RFC 7009 §2.2.1: the token must be taken for one that is good still."""

    error = "temporarily_unavailable"
    status_code = 503
    description = "It cannot be done now; try again."

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", "60")]
