"""Who governs an API: by which model, and which teams' architects where that is its own domain's."""

from contracts.estate_files import ApiFile, EstateFile, TeamsFile
from contracts.estate_words import Governance


def governance_of(api: ApiFile, estate: EstateFile) -> Governance:
    """The API's own model, else the estate's."""
    return api.governance or estate.governance


def domain_of(api: ApiFile, teams: TeamsFile) -> str | None:
    """The domain of an API: its own, else its owner's; None where neither says one."""
    owner = teams.teams.get(api.owner)
    return api.domain or (None if owner is None else owner.domain)


def domain_teams(api: ApiFile, teams: TeamsFile) -> frozenset[str]:
    """The teams of an API's domain; its owner alone where it has none."""
    domain = domain_of(api, teams)
    if domain is None:
        return frozenset((api.owner,))
    return frozenset((api.owner, *(name for name, team in teams.teams.items() if team.domain == domain)))
