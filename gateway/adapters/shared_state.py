"""What workers share, opened together and closed together."""

import time
from dataclasses import dataclass

from gateway.adapters.shared_limiter import SCRIPT, SharedLimiter
from gateway.adapters.shared_proofs import SCRIPT as PROOFS_SCRIPT
from gateway.adapters.shared_proofs import SharedProofs
from gateway.adapters.shared_store import SharedStore
from policies.used_proofs import UsedProofs


@dataclass(frozen=True, slots=True)
class SharedState:
    """The server, the limiter that counts on it, and the memory of DPoP proofs that is kept there."""

    store: SharedStore
    limiter: SharedLimiter
    proofs: SharedProofs

    async def close(self) -> None:
        await self.store.close()
        await self.proofs.close()


def open_shared_state(url: str, *, workers: int, exact: bool) -> SharedState:
    """Connects at the first use. Raises ValueError for a URL that is none."""
    store = SharedStore(url, SCRIPT)
    proofs = SharedProofs(SharedStore(url, PROOFS_SCRIPT), UsedProofs(time.time), time.time)
    return SharedState(store, SharedLimiter(store, share=workers, exact=exact), proofs)
