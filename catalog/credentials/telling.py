"""Credentials and revocations as the admin API shows them."""

from datetime import datetime
from typing import Any

import msgspec

from catalog.clock import moment, moment_or_none
from catalog.credentials.credential import Credential, CredentialKind, CredentialState
from catalog.credentials.revocation import Revocation, RevocationKind
from catalog.people.tokens import TokenEntry


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    """All that may be known of a credential. What does not apply is null."""

    key_id: str
    kind: CredentialKind
    state: CredentialState
    environment: str
    application: str | None
    team: str | None
    owner: str
    purpose: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    created_at: datetime
    created_by: str | None
    expires_at: datetime
    ends_at: datetime
    last_used_at: datetime | None
    last_used_from: str | None
    last_used_for: str | None
    predecessor: str | None
    successor: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_reason: str | None


class IssuedView(msgspec.Struct, frozen=True, kw_only=True):
    """A new credential with its text, which is shown this once."""

    credential: CredentialView
    secret: str

    def __repr__(self) -> str:
        return f"IssuedView({self.credential.key_id})"


class RevocationView(msgspec.Struct, frozen=True, kw_only=True):
    """A revocation of more than one credential."""

    number: int
    kind: RevocationKind
    application: str | None
    consumer: str | None
    issued_before: datetime | None
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None
    lifted_by: str | None


def credential_view(each: Credential, environment: str, now: float) -> CredentialView:
    return CredentialView(
        key_id=each.key_id,
        kind=each.kind,
        state=each.state(now),
        environment=each.environment or environment,
        application=each.application,
        team=each.team or None,
        owner=each.owner,
        purpose=each.purpose,
        scopes=each.scopes,
        networks=each.networks,
        created_at=moment(each.created_at),
        created_by=each.created_by,
        expires_at=moment(each.expires_at),
        ends_at=moment(each.ends_at),
        last_used_at=moment_or_none(each.last_used_at),
        last_used_from=each.last_used_from,
        last_used_for=each.last_used_for,
        predecessor=each.predecessor or None,
        successor=each.successor or None,
        revoked_at=moment_or_none(each.revoked_at),
        revoked_by=each.revoked_by or None,
        revoked_reason=each.revoked_reason or None,
    )


def token_view(each: TokenEntry, team: str | None, environment: str, now: float) -> CredentialView:
    """A member token, as one of the ledger: its owner is its member."""
    over = each.expires_at.timestamp() <= now
    return CredentialView(
        key_id=each.key_id,
        kind="member-token",
        state="revoked" if each.revoked_at is not None else "expired" if over else "active",
        environment=environment,
        application=None,
        team=team,
        owner=each.member,
        purpose=each.label,
        scopes=(),
        networks=(),
        created_at=each.created_at,
        created_by=None,
        expires_at=each.expires_at,
        ends_at=each.expires_at,
        last_used_at=each.last_used_at,
        last_used_from=None,
        last_used_for=None,
        predecessor=None,
        successor=None,
        revoked_at=each.revoked_at,
        revoked_by=None,
        revoked_reason=None,
    )


def revocation_view(each: Revocation) -> RevocationView:
    return RevocationView(
        number=each.number,
        kind=each.kind,
        application=each.application or None,
        consumer=each.consumer or None,
        issued_before=moment_or_none(each.issued_before),
        reason=each.reason,
        by=each.by,
        at=moment(each.at),
        lifted_at=moment_or_none(each.lifted_at),
        lifted_by=each.lifted_by or None,
    )


def current_of(credential: Credential | None, now: float) -> dict[str, Any]:
    """The members of a conflict: how it stands now."""
    return {} if credential is None else {"current": {"key_id": credential.key_id, "state": credential.state(now)}}
