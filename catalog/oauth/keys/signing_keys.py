"""The keys of one issuer in this process: those that are published, and the one that signs.

What is in force is what the store has; this process looks every few seconds, and whenever it changed something
itself. A private key that is not among its files is one that it cannot sign with: then an older one goes on, as
long as that is published.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import structlog

from catalog.clock import Clock
from catalog.key_files import KeyFileError
from catalog.oauth.keys import table as key_table
from catalog.oauth.keys.schedule import KeyRecord, published
from catalog.oauth.keys.schedule import signing as signs_now
from catalog.oauth.keys.signing import SigningAlgorithm, SigningKey
from catalog.oauth.keys.store import KeyStore
from catalog.oauth.wire.errors import TemporarilyUnavailable
from catalog.storage.engine import Store

log = structlog.get_logger("catalog.oauth")

_LOOK_AGAIN: Final = 5.0
"""Seconds after which it is asked again which key signs: a file may have come, or an older key have ended."""


class SigningKeys:
    """Implements `catalog.oauth.keys.signing.Signer`. Before `refresh` it knows the first key alone."""

    def __init__(self, files: KeyStore, clock: Clock) -> None:
        self.files = files
        self._clock = clock
        self._records: tuple[KeyRecord, ...] = (first_record(files.first, 0),)
        self._until = 0.0
        self._signing: SigningKey | None = files.first

    async def refresh(self, store: Store) -> None:
        """Takes up what the store has. Raises SQLAlchemyError."""
        found = tuple(key_table.record_of(row) for row in await store.all(key_table.every()))
        if found:
            self._records = found
        self._until = 0.0

    @property
    def records(self) -> tuple[KeyRecord, ...]:
        """All keys that there were."""
        return self._records

    def sign(self, claims: Mapping[str, Any], kind: str, /) -> str:
        """Raises TemporarilyUnavailable where no published key is among the files."""
        if self._clock() >= self._until:
            self._choose()
        if self._signing is None:
            raise TemporarilyUnavailable()
        return self._signing.sign(claims, kind)

    def can_sign(self) -> bool:
        """Whether there is a key for it."""
        self._choose()
        return self._signing is not None

    def jwks(self) -> dict[str, Any]:
        """The JWK set (RFC 7517 §5) with which our tokens are verified: the public halves alone."""
        return jwks_of(published(self._records, self._clock()))

    def _choose(self) -> None:
        """The key that signs, until the next one's time."""
        now = self._clock()
        candidates = list(published(self._records, now))
        self._signing, self._until = None, now + _LOOK_AGAIN
        while self._signing is None and (record := signs_now(candidates, now)) is not None:
            self._signing = self._private(record)
            if self._signing is None:
                log.error("signing key not found among the key files", kid=record.kid)
                candidates.remove(record)
        # Not beyond the next one's time.
        self._until = min([self._until, *(each.signs_from for each in candidates if each.signs_from > now)])

    def _private(self, record: KeyRecord) -> SigningKey | None:
        try:
            return self.files.find(record.kid, cast("SigningAlgorithm", record.algorithm))
        except KeyFileError as error:
            log.error("signing key not usable", reason=str(error))
            return None


def first_record(key: SigningKey, now: int) -> KeyRecord:
    """The key that a catalog begins with, as a record."""
    return KeyRecord(
        kid=key.kid,
        number=1,
        algorithm=key.algorithm,
        jwk=key.public_jwk,
        created_at=now,
        created_by="catalog",
        signs_from=now,
    )


def jwks_of(records: Sequence[KeyRecord]) -> dict[str, Any]:
    """As a key set."""
    return {"keys": [each.jwk for each in records]}


def algorithms_of(records: Sequence[KeyRecord]) -> tuple[str, ...]:
    """Theirs, sorted."""
    return tuple(sorted({each.algorithm for each in records}))
