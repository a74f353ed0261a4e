"""DPoP proofs that were used, remembered on the server that workers and gateways share.

Each process remembers its own as well: a proof that comes back to the same worker is refused without a question,
and while the server is lost that is what remains. A proof could then be used once at each worker; refusing all who
call with bound tokens would make an outage of the limits' server one of theirs.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.adapters.shared_store import SharedStore, StateUnavailableError
from policies.credentials.used_proofs import UsedProofs

SCRIPT: Final = "return {redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) and 1 or 0}"
_PREFIX: Final = "ostiary:dpop:"


class SharedProofs:
    """Implements `policies.ports.ProofMemory`. `clock` gives Unix seconds."""

    def __init__(self, store: SharedStore, own: UsedProofs, clock: Callable[[], float]) -> None:
        self._store = store
        self._own = own
        self._clock = clock

    def use(self, digest: bytes, until: float, /) -> bool | Awaitable[bool]:
        """Raises NoRoomError."""
        if not self._own.use(digest, until):
            return False
        return self._first_of_all(digest, until) if self._store.worth_asking else True

    async def close(self) -> None:
        await self._store.close()

    async def _first_of_all(self, digest: bytes, until: float) -> bool:
        seconds = max(1, math.ceil(until - self._clock()) + 1)
        try:
            return bool((await self._store.run(_PREFIX + digest.hex(), seconds))[0])
        except StateUnavailableError:
            return True
