"""What is new in feeds whose member wants it by e-mail: put into the outbox, once."""

from typing import Final

from catalog.clock import DAY, Clock
from catalog.feeds.desk import FeedDesk
from catalog.feeds.entries import Entries
from catalog.feeds.feed import Entry, Feed, FeedKind
from catalog.notices.notice import Notice
from catalog.notices.outbox import post
from catalog.people.directory import Directory
from catalog.storage.engine import Store

NEWS: Final = 7 * DAY
"""Seconds after which what nobody was told is old, as after a catalog that was down."""


class FeedRounds:
    """Made as often as one likes: what was told is in the outbox, and so a second round tells nothing."""

    def __init__(
        self, store: Store, desk: FeedDesk, entries: Entries, directory: Directory, base: str, clock: Clock
    ) -> None:
        self._store = store
        self._desk = desk
        self._entries = entries
        self._directory = directory
        self._base = base
        self._clock = clock

    async def make(self) -> int:
        """One round; how many notices came of it. Raises SQLAlchemyError."""
        now, read = self._clock(), dict[tuple[FeedKind, str], tuple[Entry, ...]]()
        wanted: list[Notice] = []
        for feed in await self._desk.mailed():
            about = (feed.kind, feed.name)
            if about not in read:
                read[about] = await self._entries.of(*about, now)
            since = max(feed.created_at, int(now) - NEWS)
            news = [each for each in read[about] if each.at > since]
            if news and await self._desk.is_good(feed):
                wanted += [self._notice(feed, each) for each in news]
        if not wanted:
            return 0
        async with self._store.write() as connection:
            return await post(connection, wanted, now)

    def _notice(self, feed: Feed, entry: Entry) -> Notice:
        member = self._directory.members.by_name.get(feed.member)
        why = f"You get this since you follow the {feed.kind} {feed.name}; end it at {self._base}/portal/feeds."
        return Notice(
            kind="something-new",
            key=f"feed:{feed.key_id}:{entry.id}",
            about=f"feed/{feed.key_id}",
            recipients=() if member is None else (member.email,),
            subject=entry.title,
            body=f"{entry.text}\n\n{self._base}{entry.path}\n\n{why}\n",
            due_at=entry.at,
            useless_at=entry.at + NEWS,
        )
