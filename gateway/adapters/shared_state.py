"""What workers share, opened together and closed together."""

from dataclasses import dataclass

from gateway.adapters.shared_limiter import SCRIPT, SharedLimiter
from gateway.adapters.shared_store import SharedStore


@dataclass(frozen=True, slots=True)
class SharedState:
    """The server, and the limiter that counts on it."""

    store: SharedStore
    limiter: SharedLimiter

    async def close(self) -> None:
        await self.store.close()


def open_shared_state(url: str, *, workers: int, exact: bool) -> SharedState:
    """Connects at the first use. Raises ValueError for a URL that is none."""
    store = SharedStore(url, SCRIPT)
    return SharedState(store, SharedLimiter(store, share=workers, exact=exact))
