"""Keys of idempotent requests, remembered on the server that workers and gateways share.

All that is said of a key is said by one script in one step, by the server's clock, so that of two requests that
come to two gateways at once one finds the other. What is said outlives the worker that said it, a worker that is
killed included: its claim is there until the lease ends, and as an unknown outcome from then on.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final

from gateway.adapters.shared_store import Answer, SharedStore, StateUnavailableError
from policies.idempotency_keys.records import CLAIMED, Claim, Found, State, StoreUnavailableError

SCRIPT: Final = """
-- KEYS[1]: a hash with s (open, answered, lost), f (fingerprint), o (owner), e (lease's end, ms), a (answer).
-- ARGV: what is said, the owner, then for `claim` the fingerprint, lease and lifetime in ms, for `answered` the
-- answer. Returns what a claim met, and the answer; for all else 1 where the key was the owner's.
local said, owner = ARGV[1], ARGV[2]
if said == 'claim' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local held = redis.call('HMGET', KEYS[1], 's', 'f', 'e', 'a')
  if not held[1] then
    redis.call('HSET', KEYS[1], 's', 'open', 'f', ARGV[3], 'o', owner, 'e', now + ARGV[4])
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
    return {'claimed', ''}
  end
  if held[2] ~= ARGV[3] then return {'other-payload', ''} end
  if held[1] == 'answered' then return {'answered', held[4]} end
  if held[1] == 'open' and tonumber(held[3]) > now then return {'in-flight', ''} end
  return {'unknown', ''}
end
if redis.call('HGET', KEYS[1], 'o') ~= owner then return {0} end
if said == 'released' then
  redis.call('DEL', KEYS[1])
elseif said == 'answered' then
  redis.call('HSET', KEYS[1], 's', 'answered', 'a', ARGV[3])
else
  redis.call('HSET', KEYS[1], 's', 'lost')
end
return {1}
"""

_PREFIX: Final = "ostiary:idempotency:"
_STATES: Final[dict[bytes, State]] = {
    b"claimed": "claimed",
    b"in-flight": "in-flight",
    b"other-payload": "other-payload",
    b"answered": "answered",
    b"unknown": "unknown",
}


class SharedIdempotency:
    """Implements `policies.idempotency_keys.records.IdempotencyStore`."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._saying: set[asyncio.Task[bool]] = set()

    async def claim(self, claim: Claim, /) -> Found:
        """Raises StoreUnavailableError."""
        lease, lifetime = claim.lease * 1000, claim.lifetime * 1000
        try:
            state, answer = await self._store.run(
                _PREFIX + claim.key, "claim", claim.owner, claim.fingerprint, lease, lifetime
            )
        except StateUnavailableError:
            raise StoreUnavailableError("the shared state cannot be asked") from None
        return CLAIMED if state == b"claimed" else Found(_STATES[state], answer)

    def answered(self, claim: Claim, answer: bytes, /) -> Awaitable[bool]:
        return self._say(claim, "answered", answer)

    def release(self, claim: Claim, /) -> None:
        self._say(claim, "released")

    def lost(self, claim: Claim, /) -> None:
        self._say(claim, "lost")

    async def close(self) -> None:
        """Says first what is still to be said."""
        await asyncio.gather(*self._saying)
        await self._store.close()

    def _say(self, claim: Claim, said: str, *more: bytes) -> asyncio.Task[bool]:
        # At once: it must be said before whatever is asked next.
        pending = self._store.run(_PREFIX + claim.key, said, claim.owner, *more)
        task = asyncio.get_running_loop().create_task(_heard(pending))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        return task


async def _heard(pending: asyncio.Future[Answer]) -> bool:
    try:
        return bool((await pending)[0])
    except StateUnavailableError:
        return False
