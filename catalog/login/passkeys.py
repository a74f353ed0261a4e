"""Passkeys and security keys (W3C WebAuthn Level 2), as a second factor.

Each is bound to the host of the catalog's URL, so a page of another's gets nothing that is good here. A
challenge is used once. Where the authenticator counts its signatures, one that does not count on is a copy, and
is refused.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from catalog.clock import Clock, moment, moment_or_none
from catalog.login.keys import LoginKeys
from catalog.pages.pages import origin_of
from catalog.people.members import Member
from catalog.storage.tables.login import passkeys

MAX_LABEL: Final = 64
MAX_KEYS: Final = 20
"""Of one member."""
_MAX_RESPONSE: Final = 32_768


class PasskeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of a passkey."""

    id: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser is to ask an authenticator: JSON for its script, and the challenge to remember."""

    options: str
    challenge: bytes


class Passkeys:
    """Members' passkeys at the host of `url`. `clock` gives Unix seconds."""

    def __init__(self, keys: LoginKeys, url: str, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._host = urlsplit(url).hostname or ""
        self._origin = origin_of(url)
        self.possible = not _is_address(self._host)
        """Whether browsers take the host: a domain, or `localhost`, and no address (WebAuthn §5.1.2)."""

    async def of(self, connection: AsyncConnection, member: str) -> tuple[PasskeyEntry, ...]:
        """The member's, the oldest first."""
        columns = passkeys.c
        query = (
            sa.select(passkeys).where(columns.member == member).order_by(columns.created_at, columns.credential_id)
        )
        return tuple(_entry(row) for row in (await connection.execute(query)).all())

    def registration(self, member: Member, present: tuple[PasskeyEntry, ...]) -> Question:
        """How a new one is made."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name="Ostiary",
            user_name=member.name,
            user_display_name=member.title,
            # The same for each of a member's keys, and nothing that says who it is (§14.6.1).
            user_id=self._keys.digest("step", f"user handle {member.name}"),
            exclude_credentials=[_descriptor(each.id) for each in present],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
        )
        return Question(options_to_json(options), options.challenge)

    def authentication(self, present: tuple[PasskeyEntry, ...]) -> Question:
        """How one of them is shown."""
        options = generate_authentication_options(
            rp_id=self._host,
            allow_credentials=[_descriptor(each.id) for each in present],
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        return Question(options_to_json(options), options.challenge)

    async def put(
        self, connection: AsyncConnection, member: str, response: str, challenge: bytes, label: str
    ) -> bool:
        """Takes a new one; whether the browser's response is good and no key of before."""
        if not challenge or len(response) > _MAX_RESPONSE:
            return False
        try:
            made = verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
            )
        except Exception:  # it is a stranger's text: whatever it makes the library raise, it is not good
            return False
        credential = bytes_to_base64url(made.credential_id)
        taken = await connection.scalar(
            sa.select(sa.func.count()).select_from(passkeys).where(passkeys.c.credential_id == credential)
        )
        if taken or len(await self.of(connection, member)) >= MAX_KEYS:
            return False
        await connection.execute(
            sa.insert(passkeys).values(
                credential_id=credential,
                member=member,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                label=label[:MAX_LABEL] or "Passkey",
                created_at=int(self._clock()),
            )
        )
        return True

    async def take(self, connection: AsyncConnection, member: str, response: str, challenge: bytes) -> bool:
        """Whether one of the member's keys has signed the challenge."""
        if not challenge or len(response) > _MAX_RESPONSE:
            return False
        row = await _row(connection, member, response)
        if row is None:
            return False
        try:
            shown = verify_authentication_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
            )
        except Exception:  # as above
            return False
        columns = passkeys.c
        await connection.execute(
            sa.update(passkeys)
            .where(columns.credential_id == row.credential_id)
            .values(sign_count=shown.new_sign_count, last_used_at=int(self._clock()))
        )
        return True

    async def drop(self, connection: AsyncConnection, member: str, credential: str | None = None) -> bool:
        """Ends one of the member's keys, or all; whether there was one."""
        query = sa.delete(passkeys).where(passkeys.c.member == member)
        if credential is not None:
            query = query.where(passkeys.c.credential_id == credential)
        return bool((await connection.execute(query)).rowcount)


async def _row(connection: AsyncConnection, member: str, response: str) -> sa.Row[*tuple[Any, ...]] | None:
    try:
        named = msgspec.json.decode(response, type=dict[str, Any]).get("id")
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    if not isinstance(named, str):
        return None
    columns = passkeys.c
    query = sa.select(passkeys).where(columns.credential_id == named, columns.member == member)
    return (await connection.execute(query)).one_or_none()


def _descriptor(credential: str) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(credential))


def _entry(row: sa.Row[*tuple[Any, ...]]) -> PasskeyEntry:
    return PasskeyEntry(
        id=row.credential_id,
        label=row.label,
        created_at=moment(row.created_at),
        last_used_at=moment_or_none(row.last_used_at),
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
