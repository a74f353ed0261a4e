"""A dynamic registration (RFC 7591): a client that somebody asked for, and what became of that. No I/O.

It becomes an application when a security member or an operator approves it, and says of which consumer it is and
what it may call. Until then, and when it is over, nothing knows its client id.
"""

import hashlib
from typing import Any, Literal

import msgspec

from catalog.oauth.registration.metadata import ClientMetadata
from contracts.access import Application, Subscription
from contracts.oauth_client import Constraint, OAuthSettings, Profile

RegistrationState = Literal["pending", "approved", "refused", "expired", "deleted"]


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """One registration. Times are Unix seconds.

    `wanted` is what an approved client would like to be instead; it waits for approval, and what was approved
    holds. `team` answers for the client, and of it `owner`; all of it is over at `expires_at`. `consumer` is whose
    application it is; while it waits, whose it is to be.
    """

    client_id: str
    metadata: ClientMetadata
    state: RegistrationState
    team: str
    owner: str
    created_at: int
    expires_at: int
    wanted: ClientMetadata | None = None
    consumer: str = ""
    profile: Profile = "baseline"
    subscriptions: tuple[Subscription, ...] = ()
    decided_at: int | None = None
    decided_by: str = ""
    decided_reason: str = ""

    def state_at(self, now: float) -> RegistrationState:
        """The state as it is then: what ends by its time needs no hand to do it."""
        return "expired" if self.state in ("pending", "approved") and self.expires_at <= now else self.state

    def is_open(self, now: float) -> bool:
        """Whether its client may still see and change it."""
        return self.state_at(now) in ("pending", "approved")

    @property
    def under_review(self) -> ClientMetadata:
        """What an approver decides about."""
        return self.wanted or self.metadata

    @property
    def etag(self) -> str:
        """The version of all that an approver sees, so that nobody approves what they did not."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]

    @property
    def application(self) -> Application:
        """As a snapshot has it, once it is approved."""
        return Application(
            client_id=self.client_id,
            name=self.metadata.client_name,
            consumer=self.consumer,
            subscriptions=self.subscriptions,
            oauth=oauth_settings(self.metadata, self.profile),
        )


def oauth_settings(metadata: ClientMetadata, profile: Profile) -> OAuthSettings:
    """How the client is treated."""
    constraint: Constraint = "any" if profile == "fapi-2" else "none"
    if metadata.dpop_bound_access_tokens:
        constraint = "dpop"
    elif metadata.tls_client_certificate_bound_access_tokens:
        constraint = "mtls"
    return OAuthSettings(
        auth_methods=(metadata.token_endpoint_auth_method,),
        grants=metadata.grant_types,
        redirect_uris=metadata.redirect_uris,
        jwks=metadata.jwks,
        jwks_uri=metadata.jwks_uri,
        subject=metadata.subject,
        constraint=constraint,
        profile=profile,
    )


def widens(old: ClientMetadata, new: ClientMetadata) -> bool:
    """Whether an update gives the client, or whoever holds its registration token, more than was approved.

    What people read on the consent page counts, and so does each key: otherwise a leaked registration token would
    be as good as the client's own credential.
    """
    same = (
        "client_name",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "token_endpoint_auth_method",
        "jwks_uri",
        "subject",
    )
    if any(getattr(old, name) != getattr(new, name) for name in same):
        return True
    if not set(new.redirect_uris) <= set(old.redirect_uris) or not set(new.grant_types) <= set(old.grant_types):
        return True
    if old.scope and not (new.scope and set(new.scope.split()) <= set(old.scope.split())):
        return True
    if any(each not in _keys(old) for each in _keys(new)):
        return True
    loosened = ("dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens")
    return any(getattr(old, name) and not getattr(new, name) for name in loosened)


def _keys(metadata: ClientMetadata) -> list[Any]:
    keys: list[Any] = (metadata.jwks or {}).get("keys", [])
    return keys
