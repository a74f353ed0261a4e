"""An application as an OAuth client: what of the snapshot in force decides at every OAuth endpoint."""

from dataclasses import dataclass
from typing import Final

import msgspec

from catalog.publishing.published import CurrentPublished
from contracts.access import Application
from contracts.oauth_client import AuthMethod, Constraint, GrantType, OAuthSettings, Profile

_DEFAULT: Final = OAuthSettings()


def granted_scopes(application: Application) -> tuple[str, ...]:
    """The scopes of all the application's subscriptions, sorted."""
    return tuple(sorted({scope for subscription in application.subscriptions for scope in subscription.scopes}))


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """A client that is known. `oauth` has its keys, redirect URIs and rules; nothing of it is secret."""

    application: Application
    oauth: OAuthSettings

    @classmethod
    def of(cls, application: Application) -> "ClientSettings":
        """Those of an application; one that says nothing has a secret and uses client credentials."""
        return cls(application, application.oauth or _DEFAULT)

    def limited_to(self, scopes: tuple[str, ...]) -> "ClientSettings":
        """As granted no more than these, by what it proved itself with; without any, all that it is granted."""
        if not scopes:
            return self
        subscriptions = tuple(
            msgspec.structs.replace(each, scopes=tuple(scope for scope in each.scopes if scope in scopes))
            for each in self.application.subscriptions
        )
        return ClientSettings(msgspec.structs.replace(self.application, subscriptions=subscriptions), self.oauth)

    @property
    def client_id(self) -> str:
        return self.application.client_id

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it is granted, by all its subscriptions."""
        return granted_scopes(self.application)

    @property
    def public(self) -> bool:
        """Whether it cannot authenticate (RFC 6749 §2.1)."""
        return self.oauth.auth_methods == ("none",)

    @property
    def profile(self) -> Profile:
        return self.oauth.profile

    @property
    def constraint(self) -> Constraint:
        return self.oauth.constraint

    def authenticates_by(self, method: AuthMethod) -> bool:
        """Whether it is registered for the method."""
        return method in self.oauth.auth_methods

    def uses(self, grant: GrantType) -> bool:
        """Whether it is registered for the grant."""
        return grant in self.oauth.grants


class Clients:
    """The clients of the snapshot in force that are not cut off."""

    def __init__(self, current: CurrentPublished) -> None:
        self._current = current

    def find(self, client_id: str) -> ClientSettings | None:
        """By client id; None also for one that was revoked, or whose consumer was."""
        published = self._current()
        application = None if published is None else published.applications.get(client_id)
        if published is None or application is None or published.cuts_off(application):
            return None
        return ClientSettings.of(application)

    def has_withdrawn(self, credential: str) -> bool:
        """Whether a key or a certificate was revoked, though the client has it still."""
        published = self._current()
        revoked = None if published is None else published.revoked
        return revoked is not None and credential in revoked.credentials
