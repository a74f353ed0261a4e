"""Questions to the ledger by somebody: of what is asked for, only what is theirs to see."""

from typing import Any

import sqlalchemy as sa

from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.credentials.questions import Chosen, Standing, conditions
from catalog.credentials.rights import guards, teams_of
from catalog.people.members import Members
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.storage.tables.credentials import credentials


class Asking:
    """Narrows queries of the ledger by the estate in force."""

    def __init__(self, view: CurrentView, published: CurrentPublished, clock: Clock) -> None:
        self._view = view
        self._published = published
        self._clock = clock

    def narrowed(self, query: sa.Select[Any], principal: Principal, chosen: Chosen) -> sa.Select[Any]:
        """The query, for those of the chosen that the principal holds or sees."""
        query = query.where(*conditions(chosen, self._standing(), self._clock()))
        if guards(principal):
            return query
        return query.where(credentials.c.team.in_(sorted(teams_of(principal))))

    def _standing(self) -> Standing:
        view, published = self._view(), self._published()
        return Standing(
            None if view is None else Members(view.teams), {} if published is None else published.applications
        )
