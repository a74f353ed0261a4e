"""Whom orphans are told to: an API of which the owner is gone, to those who can give it another.

Each is told when it is found, and once a month for as long as nobody does anything about it.
"""

from datetime import UTC, datetime

from catalog.calendar.entries import CurrentView, EstateView
from catalog.clock import Clock
from catalog.notices.audiences import holders_of
from catalog.notices.notice import Notice
from catalog.notices.outbox import Outbox, post
from catalog.storage.engine import Store
from contracts.estate.ownership import Orphan, orphans


def orphan_notices(view: EstateView, now: int) -> list[Notice]:
    """To architects and operators, one for each API that nobody answers for. A consumer without an application is
    in the list of orphans, and wakes nobody."""
    audience = holders_of(view, "architect", "operator")
    month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
    return [
        Notice(
            kind="orphan",
            key=f"orphan:{each.name}:{each.rule}:{month}",
            about=f"api/{each.name}",
            recipients=audience.recipients,
            subject=f"Nobody answers for {each.name}",
            body=_body(each),
            due_at=now,
        )
        for each in orphans(view.teams, view.apis, view.consumers)
        if each.kind == "api"
    ]


def _body(orphan: Orphan) -> str:
    return (
        f"{orphan.message[:1].upper()}{orphan.message[1:]}.\n\n"
        f"Whatever is told about {orphan.name} reaches nobody who would do something about it. Give it an owner "
        f"again, in apis/{orphan.name}/api.yaml or in teams.yaml. All of them:\n\n    ostiary owners --orphans\n"
    )


class OrphanRounds:
    """Made as often as one likes: what was told is in the outbox, and so a second round tells nothing."""

    def __init__(self, store: Store, view: CurrentView, clock: Clock) -> None:
        self._store = store
        self._outbox = Outbox(store)
        self._view = view
        self._clock = clock

    async def make(self) -> int:
        """One round; how many notices came of it. Raises SQLAlchemyError."""
        view, now = self._view(), self._clock()
        found = [] if view is None else orphan_notices(view, int(now))
        told = await self._outbox.told(sorted({each.about for each in found}))
        wanted = [each for each in found if each.key not in told]
        if not wanted:
            return 0
        async with self._store.write() as connection:
            return await post(connection, wanted, now)
