"""Nonces for DPoP proofs (RFC 9449 §8, §9): time, and a MAC over it, so that every process which has the secret
knows them and none has to remember them."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from contracts.base64url import base64url

LIFE: Final = 120
"""Seconds for which a nonce is given out; it is good for as long again."""


class DpopNonces:
    """Those of one `secret`, of which the key is derived. `clock` gives Unix seconds."""

    def __init__(self, secret: bytes, clock: Callable[[], float]) -> None:
        self._key = hmac.digest(secret, b"ostiary dpop nonces", hashlib.sha256)
        self._clock = clock

    def current(self) -> str:
        """The nonce to use now."""
        return self._of(int(self._clock()) // LIFE)

    def is_good(self, nonce: str | None) -> bool:
        """Whether it is the current one, or the one before."""
        if nonce is None or not nonce.isascii():
            return False
        window = int(self._clock()) // LIFE
        return any(hmac.compare_digest(nonce, self._of(each)) for each in (window, window - 1))

    def _of(self, window: int) -> str:
        return base64url(hmac.digest(self._key, window.to_bytes(8), hashlib.sha256)[:18])
