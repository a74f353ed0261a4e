"""An application as Authlib's grants see it."""

from authlib.oauth2.rfc6749 import ClientMixin

from contracts.snapshot import Application

AUTHENTICATION_METHODS = ("client_secret_basic", "client_secret_post")
GRANT_TYPES = ("client_credentials",)


def granted_scopes(application: Application) -> tuple[str, ...]:
    """The scopes of all the application's subscriptions, sorted."""
    return tuple(sorted({scope for subscription in application.subscriptions for scope in subscription.scopes}))


class OAuthClient(ClientMixin):  # type: ignore[misc]
    """An application that has proved its identity. It is confidential and has no redirect URI. `credential` is the
    public id of what proved it."""

    def __init__(self, application: Application, credential: str) -> None:
        self.client_id = application.client_id
        self.credential = credential
        self.scopes = granted_scopes(application)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def check_redirect_uri(self, _redirect_uri: str) -> bool:
        return False

    def check_response_type(self, _response_type: str) -> bool:
        return False

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANT_TYPES

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method in AUTHENTICATION_METHODS

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """RFC 6749 §3.3: all that was granted where nothing is asked; else what is asked, if all of it is granted.

        None (an invalid_scope error) where it is not: a token with less than was asked for would fail later and
        further from its cause.
        """
        if scope is None:
            return " ".join(self.scopes)
        asked = scope.split(" ")
        return " ".join(sorted(set(asked))) if set(asked) <= set(self.scopes) else None
