"""Who may do what about upstream credentials. No I/O.

Security members and operators see, set and revoke all of them; an api-owner those of the own team. Nobody reads a
value: it goes to gateways, and to nobody else.
"""

from typing import Final

from catalog.credentials.rights import GUARDS, guards
from catalog.people.principal import Principal
from catalog.refusal import Refusal

UNKNOWN: Final = Refusal("resource-not-found", "There is no such upstream credential, or it is another team's.")
NOT_ALL: Final = Refusal(
    "role-missing",
    "Master keys are the matter of security members and operators.",
    {"roles": list(GUARDS)},
)


def may_see(principal: Principal, team: str) -> bool:
    """Whether a credential for which this team answers is its own to see, replace and revoke."""
    return guards(principal) or principal.right("api-owner", team=team) is not None


def refuse_team(principal: Principal, team: str) -> Refusal | None:
    """Why it may not make a credential for which this team answers."""
    if may_see(principal, team):
        return None
    detail = f"A credential of team {team} is set by a security member, by an operator, or by an api-owner of it."
    return Refusal("role-missing", detail, {"roles": [*GUARDS, "api-owner"]})
