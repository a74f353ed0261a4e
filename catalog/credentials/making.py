"""New credentials: what may be asked for, and what is made of it. No I/O."""

import ipaddress
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from catalog.clock import DAY
from catalog.credentials.credential import Credential, Issued
from catalog.credentials.secrets import generate
from catalog.people.members import Members
from catalog.refusal import Refusal
from contracts.access import Application
from contracts.estate_files import CredentialsEntry
from contracts.sealed_text import Sealing
from contracts.secret_text import API_KEY_MARK, SIGNING_MARK

_MARKS: Final[Mapping[str, str]] = {"api-key": API_KEY_MARK, "hmac-key": SIGNING_MARK}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is asked for. `owner` is a member of `team`. Networks are for what gateways check."""

    kind: Literal["client-secret", "api-key", "hmac-key"]
    application: str
    team: str
    owner: str
    purpose: str
    expires_days: int
    scopes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


class Maker:
    """Makes credentials of one environment. `pepper` is for client secrets, which the catalog alone checks;
    `key_pepper` for what gateways check: API keys, and keys that sign requests. Neither shows in a repr."""

    def __init__(self, environment: str, pepper: bytes, key_pepper: bytes) -> None:
        self._environment = environment
        self._peppers = {"client-secret": pepper, "api-key": key_pepper}
        self._sealing = Sealing(key_pepper)

    def make(self, wanted: Wanted, by: str, now: int) -> tuple[Issued, bytes]:
        """The credential, and what is stored of its text. `now` in Unix seconds."""
        return self._issued(
            Credential(
                key_id="",
                kind=wanted.kind,
                application=wanted.application,
                team=wanted.team,
                owner=wanted.owner,
                purpose=wanted.purpose,
                created_at=now,
                created_by=by,
                expires_at=now + wanted.expires_days * DAY,
                scopes=wanted.scopes,
                networks=wanted.networks,
            )
        )

    def succeed(self, old: Credential, by: str, now: int, expires_days: int) -> tuple[Issued, bytes]:
        """One like `old`, to replace it."""
        return self._issued(
            msgspec.structs.replace(
                old,
                created_at=now,
                created_by=by,
                expires_at=now + expires_days * DAY,
                last_used_at=None,
                last_used_from=None,
                last_used_for=None,
                predecessor=old.key_id,
                successor="",
                overlap_until=None,
            )
        )

    def _issued(self, credential: Credential) -> tuple[Issued, bytes]:
        secret = generate(self._environment, _MARKS.get(credential.kind, ""))
        made = msgspec.structs.replace(credential, key_id=secret.key_id, environment=self._environment)
        if credential.kind == "hmac-key":
            # Whoever checks an HMAC needs its key, and not a digest of it.
            return Issued(made, secret.text), self._sealing.seal(secret.key_id, secret.text)
        return Issued(made, secret.text), secret.digest(self._peppers[credential.kind])


def fault_of_wanted(
    wanted: Wanted, application: Application, members: Members, policy: CredentialsEntry
) -> Refusal | None:
    """Why this is not issued, whoever asks."""
    member = members.by_name.get(wanted.owner)
    if member is None or wanted.team not in member.memberships:
        return _wrong("/owner", "member", f"must be a member of the team {wanted.team!r}")
    if wanted.expires_days > policy.max_days:
        return _wrong("/expires_days", "maximum", f"the estate lets none live longer than {policy.max_days} days")
    if wanted.kind == "client-secret" and wanted.networks:
        return _wrong("/networks", "kind", "only what gateways check is bound to networks")
    granted = {scope for each in application.subscriptions for scope in each.scopes}
    if not set(wanted.scopes) <= granted:
        return _wrong("/scopes", "granted", "the application's subscriptions do not grant all of them")
    for index, text in enumerate(wanted.networks):
        try:
            ipaddress.ip_network(text)
        except ValueError:
            return _wrong(f"/networks/{index}", "network", "must be a network in CIDR notation, host bits zero")
    return None


def fault_of_rotation(
    overlap_until: int, expires_days: int | None, now: int, policy: CredentialsEntry
) -> Refusal | None:
    """Why a credential is not replaced so."""
    if overlap_until < now:
        return _wrong("/overlap_until", "future", "must not be in the past")
    if expires_days is not None and expires_days > policy.max_days:
        return _wrong("/expires_days", "maximum", f"the estate lets none live longer than {policy.max_days} days")
    return None


def _wrong(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "The credential is not as it should be.", {"violations": [violation]})
