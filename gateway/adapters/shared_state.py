"""What workers share, opened together and closed together."""

import time
from dataclasses import dataclass

from gateway.adapters.limiting.script import SCRIPT
from gateway.adapters.shared_back_outs import SCRIPT as BACK_OUTS_SCRIPT
from gateway.adapters.shared_back_outs import SharedBackOuts
from gateway.adapters.shared_drops import SCRIPT as DROPS_SCRIPT
from gateway.adapters.shared_drops import SharedDrops
from gateway.adapters.shared_idempotency import SCRIPT as IDEMPOTENCY_SCRIPT
from gateway.adapters.shared_idempotency import SharedIdempotency
from gateway.adapters.shared_limiter import SharedLimiter
from gateway.adapters.shared_proofs import SCRIPT as PROOFS_SCRIPT
from gateway.adapters.shared_proofs import SharedProofs
from gateway.adapters.shared_slots import SCRIPT as SLOTS_SCRIPT
from gateway.adapters.shared_slots import SharedSlots
from gateway.adapters.shared_store import SharedStore
from policies.credentials.used_proofs import UsedProofs


@dataclass(frozen=True, slots=True)
class SharedState:
    """The server, the limiter that counts on it, the slots of open calls, and what is remembered there of DPoP
    proofs, of idempotent requests, and of canaries that were backed out of; `drops` has what others drop of their
    caches."""

    store: SharedStore
    limiter: SharedLimiter
    proofs: SharedProofs
    idempotency: SharedIdempotency
    slots: SharedSlots
    back_outs: SharedBackOuts
    drops: SharedDrops

    async def close(self) -> None:
        await self.store.close()
        await self.proofs.close()
        await self.idempotency.close()
        await self.slots.close()
        await self.back_outs.close()
        await self.drops.close()


def open_shared_state(url: str, *, workers: int, exact: bool) -> SharedState:
    """Connects at the first use. Raises ValueError for a URL that is none."""
    store = SharedStore(url, SCRIPT)
    proofs = SharedProofs(SharedStore(url, PROOFS_SCRIPT), UsedProofs(time.time), time.time)
    idempotency = SharedIdempotency(SharedStore(url, IDEMPOTENCY_SCRIPT))
    slots = SharedSlots(SharedStore(url, SLOTS_SCRIPT), share=workers)
    back_outs = SharedBackOuts(SharedStore(url, BACK_OUTS_SCRIPT))
    limiter = SharedLimiter(store, share=workers, exact=exact)
    drops = SharedDrops(url, SharedStore(url, DROPS_SCRIPT))
    return SharedState(store, limiter, proofs, idempotency, slots, back_outs, drops)
