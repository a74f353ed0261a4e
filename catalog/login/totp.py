"""One-time passwords by time (TOTP, RFC 6238): six digits, SHA-1, 30 s, as every authenticator app takes them.

A code is good in its own step, the one before and the one after (RFC 6238 §5.2), and once: the step of the last
code that was taken is kept, and nothing up to it is taken again.
"""

import hmac
import re
from dataclasses import dataclass, field
from typing import Final

import pyotp
import segno
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.login.keys import LoginKeys
from catalog.storage.tables.login import totp_secrets

STEP_SECONDS: Final = 30
_WINDOW: Final = 1
_CODE: Final = re.compile(r"[0-9]{6}")
_SECRET_CHARACTERS: Final = 32  # 160 bits in base32 (RFC 4226 §4, R6)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new secret as a person takes it over: as text to type, and as a QR code in SVG."""

    secret: str = field(repr=False)
    picture: str = field(repr=False)

    @property
    def groups(self) -> str:
        """The secret in groups of four."""
        return " ".join(re.findall("....", self.secret))


def new_secret() -> str:
    """A random secret in base32."""
    return pyotp.random_base32(_SECRET_CHARACTERS)


def enrolment(secret: str, member: str, issuer: str) -> Enrolment:
    """How a secret is shown; `issuer` is what the app calls us."""
    address = pyotp.TOTP(secret).provisioning_uri(name=member, issuer_name=issuer)
    picture = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2, omitsize=True)
    return Enrolment(secret, picture)


class Totp:
    """Members' secrets, sealed in the store. `clock` gives Unix seconds."""

    def __init__(self, keys: LoginKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def step(self, secret: str, code: str) -> int | None:
        """The step whose code this is, now; None for a wrong one."""
        code = "".join(code.split())
        if not _CODE.fullmatch(code):
            return None
        now = int(self._clock()) // STEP_SECONDS
        generator = pyotp.HOTP(secret)
        found = None
        for step in range(now - _WINDOW, now + _WINDOW + 1):
            if hmac.compare_digest(generator.at(step), code):
                found = step
        return found

    async def take(self, connection: AsyncConnection, member: str, code: str) -> bool:
        """Whether the code is good, which it is no more afterwards. In the caller's transaction."""
        columns = totp_secrets.c
        row = (await connection.execute(sa.select(totp_secrets).where(columns.member == member))).one_or_none()
        secret = None if row is None else self._keys.unseal("totp", row.sealed, member)
        step = None if secret is None else self.step(secret.decode(), code)
        if row is None or step is None or step <= row.last_step:
            return False
        await connection.execute(sa.update(totp_secrets).where(columns.member == member).values(last_step=step))
        return True

    async def put(self, connection: AsyncConnection, member: str, secret: str, step: int) -> None:
        """Enrols a secret by whose code of that step the member has shown to have it; one before it ends."""
        await self.drop(connection, member)
        await connection.execute(
            sa.insert(totp_secrets).values(
                member=member,
                sealed=self._keys.seal("totp", secret.encode(), member),
                last_step=step,
                created_at=int(self._clock()),
            )
        )

    async def drop(self, connection: AsyncConnection, member: str) -> bool:
        """Ends it; whether there was one."""
        return bool(
            (await connection.execute(sa.delete(totp_secrets).where(totp_secrets.c.member == member))).rowcount
        )
