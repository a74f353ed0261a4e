"""Puts notices into the outbox that are not there yet, without a write where there are none."""

from collections.abc import Sequence

from catalog.notices.notice import Notice
from catalog.notices.outbox import Outbox, post
from catalog.storage.engine import Store


async def tell(store: Store, wanted: Sequence[Notice], now: float) -> None:
    """For what is looked at again and again. Raises SQLAlchemyError."""
    told = await Outbox(store).told(sorted({each.about for each in wanted}))
    fresh = [each for each in wanted if each.key not in told and each.recipients]
    if fresh:
        async with store.write() as connection:
            await post(connection, fresh, now)
