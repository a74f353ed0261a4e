"""The pace of log-ins: who fails has to wait, longer each time, for the account and for the address.

Nobody is locked out. A wait is bounded, it is forgotten after a quiet hour, and who tries while it lasts does not
make it longer. And a browser that has logged in to the account before has a count of its own (OWASP's device
cookies): a stranger who goes on guessing slows down strangers, not the account's owner.

An attempt is counted before its password is looked at, so a thousand of them at the same moment are not one.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.login.keys import LoginKeys
from catalog.people.principal import CATALOG
from catalog.storage.engine import Store
from catalog.storage.tables.login import login_failures
from contracts.problems import Problem, problem

_FORGOTTEN_SECONDS: Final = 3600
_IPV6_NETWORK: Final = 64  # what one subscriber has at least (RFC 6177)
_TOLD: Final = 5  # failures that the audit log first hears of, and then at each doubling


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` failures cost nothing; the wait after the next is `first` seconds, and it doubles up to `most`."""

    free: int
    first: int
    most: int

    def wait(self, failures: int) -> int:
        """Seconds to wait after so many failures in a row."""
        over = failures - self.free
        return 0 if over <= 0 else min(self.first << min(over - 1, 32), self.most)


ACCOUNT: Final = Pace(5, 2, 300)
ADDRESS: Final = Pace(20, 2, 900)  # behind one there may be an office


@dataclass(frozen=True, slots=True)
class Bucket:
    """What failures are counted for. `subject` is what the audit log calls it: a member, or an address."""

    kind: str
    key: str
    pace: Pace
    subject: str


def of_account(member: str) -> Bucket:
    """Log-ins to an account from browsers that were never in it."""
    return Bucket("account", member, ACCOUNT, member)


def of_unknown(name: str) -> Bucket:
    """Log-ins to an account that does not exist: as slow as those that do. What was typed stays here: it may be a
    password in the wrong field."""
    return Bucket("account", name, ACCOUNT, "unknown")


def of_browser(member: str, mark: str) -> Bucket:
    """Log-ins to an account from a browser that was in it."""
    return Bucket("browser", mark, ACCOUNT, member)


def of_factor(member: str) -> Bucket:
    """Second factors, which only they get to try who know the password."""
    return Bucket("factor", member, ACCOUNT, member)


def of_address(address: str) -> Bucket:
    """Everything from one address; of IPv6, from one network."""
    key = address
    try:
        found = ipaddress.ip_address(address)
        if found.version == 6:
            key = str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
    except ValueError:
        pass  # a Unix socket's peer has no address: all of them count together
    return Bucket("address", key, ADDRESS, key or "unknown")


def too_many(wait: int) -> Problem:
    """The refusal of an attempt that has to wait, in seconds."""
    detail = f"There were too many attempts. Try again in {wait} s."
    return problem("too-many-attempts", detail, headers=(("Retry-After", str(wait)),))


class Throttle:
    """Counts attempts and says how long to wait. `clock` gives Unix seconds."""

    def __init__(self, store: Store, keys: LoginKeys, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._audit = audit
        self._clock = clock

    async def take(self, *buckets: Bucket, request_id: str = "") -> int:
        """Counts an attempt as failed, until `clear` says otherwise. Where one has to wait it is not made and not
        counted: the seconds to wait, else 0. Raises SQLAlchemyError."""
        now = int(self._clock())
        async with self._store.write() as connection:
            columns = login_failures.c
            await connection.execute(
                sa.delete(login_failures).where(columns.failed_at <= now - _FORGOTTEN_SECONDS)
            )
            counted: list[tuple[Bucket, bytes, int]] = []
            wait = 0
            for bucket in buckets:
                digest = self._digest(bucket)
                row = (
                    await connection.execute(sa.select(login_failures).where(columns.bucket == digest))
                ).one_or_none()
                counted.append((bucket, digest, 0 if row is None else row.failures))
                wait = max(wait, 0 if row is None else row.free_at - now)
            if wait > 0:
                return wait
            for bucket, digest, failures in counted:
                await self._count(connection, bucket, digest, failures, now, request_id)
        return 0

    async def clear(self, connection: AsyncConnection, *buckets: Bucket) -> None:
        """What was counted is forgotten: the attempt was good."""
        digests = [self._digest(bucket) for bucket in buckets]
        await connection.execute(sa.delete(login_failures).where(login_failures.c.bucket.in_(digests)))

    async def give_back(self, connection: AsyncConnection, bucket: Bucket) -> None:
        """One attempt less: it was good, and what was counted before it stays. For an address, whose owner could
        wash away his guesses by logging in to an account of his own."""
        columns = login_failures.c
        await connection.execute(
            sa.update(login_failures)
            .where(columns.bucket == self._digest(bucket), columns.failures > 0)
            .values(failures=columns.failures - 1, free_at=0)
        )

    async def _count(
        self, connection: AsyncConnection, bucket: Bucket, digest: bytes, failures: int, now: int, request_id: str
    ) -> None:
        values = {"failures": failures + 1, "failed_at": now, "free_at": now + bucket.pace.wait(failures + 1)}
        if failures:
            statement = sa.update(login_failures).where(login_failures.c.bucket == digest).values(**values)
            await connection.execute(statement)
        else:
            await connection.execute(sa.delete(login_failures).where(login_failures.c.bucket == digest))
            await connection.execute(sa.insert(login_failures).values(bucket=digest, **values))
        # `failures` attempts have failed for sure, and this one is open: told of in bulk, at 5, 10, 20, 40, …
        times, rest = divmod(failures, _TOLD)
        if rest == 0 and times > 0 and times & (times - 1) == 0:
            event = Event(
                subject="log-in",
                action="failed",
                object=f"{bucket.kind}/{bucket.subject}",
                actor=CATALOG,
                reason=f"{failures} attempts in a row",
                request_id=request_id,
            )
            await self._audit.append(connection, event)

    def _digest(self, bucket: Bucket) -> bytes:
        return self._keys.digest("failures", f"{bucket.kind}/{bucket.key}")
