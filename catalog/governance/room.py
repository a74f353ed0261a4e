"""What there is about governance, put together for those that show it."""

from typing import Final

from catalog.clock import Clock
from catalog.governance.activity import activity
from catalog.governance.graph import Graph, graph_of
from catalog.governance.look_table import LookTable
from catalog.governance.overview import Overview, overview
from catalog.governance.scorecards import Scorecard, scorecards
from catalog.storage.engine import Store
from contracts.estate.estate import CurrentEstate

TREND: Final = 60
"""Looks of the linter that an overview has."""


class Governance:
    """Of the estate in force; None where there is none. Every method raises SQLAlchemyError."""

    def __init__(self, store: Store, estate: CurrentEstate, clock: Clock) -> None:
        self._store = store
        self._estate = estate
        self._clock = clock
        self._looks = LookTable(store)

    async def overview(self) -> Overview | None:
        """The estate at a glance."""
        estate = self._estate()
        if estate is None:
            return None
        looks = await self._looks.last(TREND)
        counted = await self._looks.counted()
        return overview(estate, await activity(self._store), looks, counted, int(self._clock()))

    def graph(self, about: str | None) -> Graph | None:
        """All of it, or what is around one node; None too where there is no such node."""
        estate = self._estate()
        if estate is None:
            return None
        found = graph_of(estate, about)
        return None if about is not None and about not in {each.id for each in found.nodes} else found

    async def scorecards(self) -> tuple[Scorecard, ...]:
        """Of all APIs and teams, the worst first."""
        estate = self._estate()
        if estate is None:
            return ()
        counted = await self._looks.counted() if await self._looks.last(1) else None
        return scorecards(estate, await activity(self._store), counted, int(self._clock()))
