"""Keys and certificates that clients have made themselves, as items of the ledger.

The estate, or a registration that was approved, says which an application has; the ledger adds who answers for it,
until when, and when it was used. None is without an end: a certificate has its own, and a key that of the estate's
policy. Where it has ended, or was revoked, it proves nothing any more, though the estate still names it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog
from cryptography import x509
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.calendar.entries import EstateView
from catalog.clock import DAY
from catalog.credentials import table
from catalog.credentials.credential import PUBLIC_KINDS, Credential, CredentialKind
from catalog.people.principal import CATALOG
from catalog.publishing.published import Published
from catalog.storage.tables.credentials import credentials
from contracts.access import Application
from contracts.base64url import base64url, canonical_base64url
from contracts.client_certificates import thumbprint
from contracts.public_keys import KeyFault, public_key

log = structlog.get_logger("catalog.credentials")


_PURPOSE: Final[Mapping[CredentialKind, str]] = {
    "jwk": "private_key_jwt, by a key of its own",
    "jwks": "private_key_jwt, by the keys at an address of its own",
    "certificate": "TLS client authentication, by a certificate of its own",
}


@dataclass(frozen=True, slots=True)
class Item:
    """What a client has: its thumbprint, and until when it says itself that it is good (Unix seconds)."""

    key_id: str
    kind: CredentialKind
    not_after: int | None = None

    @property
    def digest(self) -> bytes:
        """What no two items have in common, and so no two clients."""
        return canonical_base64url(self.key_id.encode())


def items_of(application: Application) -> Iterator[Item]:
    """Every key and certificate of an application. No I/O."""
    oauth = application.oauth
    if oauth is None:
        return
    keys = None if oauth.jwks is None else oauth.jwks.get("keys")
    for jwk in keys if isinstance(keys, list) else ():
        try:
            yield Item(public_key(jwk).thumbprint, "jwk")
        except KeyFault:
            continue  # nobody can prove anything with it
    if oauth.jwks_uri:
        yield Item(base64url(hashlib.sha256(oauth.jwks_uri.encode()).digest()), "jwks")
    ends = {thumbprint(each): _not_after(each) for each in oauth.trusted}
    for each in oauth.certificates:
        yield Item(each, "certificate", ends.get(each))


async def keep_client_keys(connection: AsyncConnection, published: Published, view: EstateView, now: int) -> int:
    """Brings the ledger up to date with what is in force; how many items have changed. Raises SQLAlchemyError."""
    found = {
        item.key_id: (application, item)
        for application in published.applications.values()
        for item in items_of(application)
    }
    rows = await connection.execute(sa.select(credentials).where(credentials.c.kind.in_(PUBLIC_KINDS)))
    known = {row.key_id: table.credential_of(row._mapping) for row in rows}
    changed = 0
    for key_id, (application, item) in found.items():
        there = known.get(key_id)
        if there is None:
            await table.add(connection, _entered(item, application, published, view, now), item.digest)
            changed += 1
        elif there.application != application.client_id:
            log.error("key of two clients", key_id=key_id, applications=(there.application, application.client_id))
        elif there.overlap_until is not None:
            await table.replace(connection, msgspec.structs.replace(there, overlap_until=None))
            changed += 1
    for key_id, there in known.items():
        if key_id not in found and there.overlap_until is None:
            await table.replace(connection, msgspec.structs.replace(there, overlap_until=now))
            changed += 1
    return changed


def _entered(item: Item, application: Application, published: Published, view: EstateView, now: int) -> Credential:
    """Answering for it is the team whose API it was made for, and of that team who owns APIs, until it is handed
    over: the estate names people of the company, and of a partner only an address."""
    owners = {each.api: each.owner for each in published.contracts.versions}
    team = next((owners[each.api] for each in application.subscriptions if each.api in owners), "")
    entry = view.teams.teams.get(team)
    members = {} if entry is None else entry.members
    named = sorted(members, key=lambda name: ("api-owner" not in members[name].roles, name))
    longest = now + view.file.credentials.max_days * DAY
    return Credential(
        key_id=item.key_id,
        kind=item.kind,
        application=application.client_id,
        team=team,
        owner=named[0] if named else CATALOG,
        purpose=_PURPOSE[item.kind],
        created_at=now,
        created_by=CATALOG,
        expires_at=longest if item.not_after is None else min(item.not_after, longest),
    )


def _not_after(certificate: bytes) -> int | None:
    try:
        return int(x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp())
    except ValueError:
        return None
