"""A key that an exchange has claimed, and what is said of it when the exchange has ended."""

from typing import Final

from policies.exchange import Exchange
from policies.idempotency_keys.records import Claim, IdempotencyStore, packed

_UNTOLD: Final = frozenset({"outcome-unknown", "mediation-failed"})
"""Problems of mediated calls of which nobody knows what became."""


class Claimed:
    """What the stage keeps for the filter and for the end: the claim, the status of what the upstream has begun to
    answer, and whether there is nothing left to say."""

    __slots__ = ("claim", "settled", "status", "store")

    def __init__(self, store: IdempotencyStore, claim: Claim) -> None:
        self.store = store
        self.claim = claim
        self.status = 0
        self.settled = False

    def at_end(self, exchange: Exchange) -> None:
        if self.settled:
            return
        self.settled = True
        if surely_not_done(exchange):
            self.store.release(self.claim)
        elif self.status and exchange.refusal is None:
            self.store.answered(self.claim, packed(self.status, [], b"", -1))  # longer than what can be held
        else:
            self.store.lost(self.claim)


def surely_not_done(exchange: Exchange) -> bool:
    """Whether an exchange that has ended had no effect upstream."""
    refusal = exchange.refusal
    if not exchange.upstream_sent_at:
        return True
    if refusal is None:
        return False
    if exchange.refused_by == "mediation":  # what Odoo refuses it has rolled back
        return refusal.type.id not in _UNTOLD
    # An upstream that has refused the gateway never looked at what it was asked.
    return refusal.type.id == "upstream-refused-credential" or (
        exchange.refused_by == "upstream" and not exchange.reached
    )
