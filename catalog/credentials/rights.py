"""Who may do what about credentials. No I/O.

Security members and operators see, issue and revoke all of them. Whoever owns an API issues credentials to the
applications that may call it, and the partner developers of a consumer's team to that consumer's applications, for
which their team then answers. The team that answers for a credential sees, rotates and revokes it.
"""

from collections.abc import Mapping
from typing import Final

from catalog.people.principal import Principal
from catalog.refusal import Refusal
from contracts.access import Application
from contracts.estate_words import Role

GUARDS: Final[tuple[Role, ...]] = ("security", "operator")
HOLDERS: Final[tuple[Role, ...]] = ("api-owner", "partner-developer")

UNKNOWN: Final = Refusal("resource-not-found", "There is no such credential, or it is another team's.")


def guards(principal: Principal) -> bool:
    """Whether it sees and revokes everything."""
    return any(principal.right(role) is not None for role in GUARDS)


def holds(principal: Principal, team: str) -> bool:
    """Whether a credential for which this team answers is its own to see, rotate and revoke."""
    return guards(principal) or (team != "" and any(principal.right(role, team=team) for role in HOLDERS))


def teams_of(principal: Principal) -> frozenset[str]:
    """The teams whose credentials are its own to see."""
    delegated = (team for each in principal.delegated for team in each.giver_teams)
    return frozenset(team for team in (*principal.teams, *delegated) if holds(principal, team))


def may_issue(
    principal: Principal, application: Application, owners: Mapping[str, str], *, acting: str | None, team: str
) -> Refusal | None:
    """Why it may not issue to an application. `owners` are the teams that own APIs, by API; `acting` is the team
    that acts for the application's consumer, `team` the one that is to answer for the credential."""
    teams = {owners[each.api] for each in application.subscriptions if each.api in owners}
    if guards(principal) or any(principal.right("api-owner", team=each) for each in teams):
        return None
    if acting is not None and acting == team and principal.right("partner-developer", team=acting) is not None:
        return None
    detail = (
        f"Credentials of {application.client_id} are issued by a security member, by an operator, by the owner "
        "of an API that it may call, or, for their own team, by partner developers of its consumer."
    )
    return Refusal("role-missing", detail, {"roles": [*GUARDS, *HOLDERS]})
