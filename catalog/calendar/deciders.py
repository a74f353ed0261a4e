"""Who decides about the calendar of an API: an architect; of its domain, where that governs itself. No I/O."""

from catalog.calendar.entries import EstateView
from catalog.notices.audiences import Audience, distinct, holders_of
from catalog.people.members import Members
from catalog.people.principal import Principal, Right
from contracts.estate.domains import domain_teams, governance_of

NOBODY: frozenset[str] = frozenset()


def deciding_teams(view: EstateView | None, api: str) -> frozenset[str] | None:
    """The teams whose architects decide; None where any architect does."""
    entry = None if view is None else view.apis.get(api)
    if view is None or entry is None or governance_of(entry, view.file) != "federated":
        return None
    return domain_teams(entry, view.teams)


def architect_right(
    principal: Principal, view: EstateView | None, api: str, without: frozenset[str] = NOBODY
) -> Right | None:
    """By which right the principal decides; None for none. Nobody in `without` counts, neither as who acts nor as
    who delegated."""
    teams = deciding_teams(view, api)
    if teams is None:
        return principal.right("architect", without=without)
    rights = (principal.right("architect", team=team, without=without) for team in sorted(teams))
    return next((right for right in rights if right is not None), None)


def in_words(view: EstateView | None, api: str) -> str:
    """`an architect`, or `an architect of sales or trade`."""
    teams = deciding_teams(view, api)
    return "an architect" if teams is None else f"an architect of {' or '.join(sorted(teams))}"


def deciders_of(view: EstateView, api: str) -> Audience:
    """The architects who decide."""
    teams = deciding_teams(view, api)
    if teams is None:
        return holders_of(view, "architect")
    members = Members(view.teams)
    found = (each.email for team in sorted(teams) for each in members.holders("architect", team))
    return Audience("architect", distinct(found))
