"""Delivery: takes what is due out of the outbox, and tries until it has arrived, is refused, or is old news."""

import random
from collections.abc import Sequence
from typing import Final

import structlog

from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.notices.channels import Channel, DeliveryError
from catalog.notices.outbox import Delivery, Outbox, Posted

log = structlog.get_logger("catalog.notices")

KEEP_TRYING: Final = 7 * 86_400
"""Seconds after which what nobody could deliver is left, and what an old outbox holds for a new channel."""

LEASE: Final = 120
"""Seconds after which an attempt that nobody reported back of is made again; longer than any can take."""

_FIRST_PAUSE: Final = 30.0  # seconds, doubled with each attempt
_LONGEST_PAUSE: Final = 3_600.0


class Deliverer:
    """Delivers by each of the channels on its own: one that is down holds no other up."""

    def __init__(self, outbox: Outbox, channels: Sequence[Channel], audit: AuditLog, clock: Clock) -> None:
        self._outbox = outbox
        self._audit = audit
        self._channels = channels
        self._clock = clock

    async def deliver(self) -> int:
        """One pass over what is due now; how many notices were sent. Raises SQLAlchemyError."""
        sent = 0
        for channel in self._channels:
            now = self._clock()
            for posted in await self._outbox.due(channel.name, now, since=now - KEEP_TRYING):
                sent += await self._try(channel, posted)
        return sent

    async def _try(self, channel: Channel, posted: Posted) -> bool:
        now = self._clock()
        attempts = await self._outbox.begin(posted, channel.name, int(now) + LEASE)
        error, outcome = "", "sent"
        useless_at = posted.notice.useless_at
        if useless_at is not None and now >= useless_at:
            outcome = "useless"
        else:
            try:
                await channel.send(posted)
            except DeliveryError as failure:
                error, outcome = str(failure), "refused" if failure.final else "pending"
            except Exception as fault:  # a fault of ours with one notice must not hold up all others
                log.exception("notice not delivered", notice=posted.id, channel=channel.name)
                error, outcome = f"a fault of the catalog: {type(fault).__name__}", "pending"
        ended = None if outcome == "pending" else int(self._clock())
        next_at = int(now + pause(attempts)) if ended is None else int(now)
        await self._outbox.settle(
            posted,
            Delivery(
                channel=channel.name,
                attempts=attempts,
                next_at=next_at,
                ended_at=ended,
                outcome=outcome,
                error=error,
            ),
            self._audit,
        )
        told = {"notice": posted.id, "kind": posted.notice.kind, "channel": channel.name, "attempts": attempts}
        if error:
            log.warning("notice not delivered", reason=error, gives_up=ended is not None, **told)
        else:
            log.info("notice sent" if outcome == "sent" else "notice is old news", **told)
        return outcome == "sent"


def pause(attempts: int) -> float:
    """Seconds until the next attempt, with chance in it, so that many notices do not come back at once."""
    longest = min(_FIRST_PAUSE * 2.0 ** min(attempts - 1, 16), _LONGEST_PAUSE)
    return longest * random.uniform(0.75, 1.0)  # noqa: S311 (chance, not secrecy)
