"""Who may propose, approve, waive and break the glass: rights, from the API's traits and the estate's rules."""

from collections.abc import Iterable
from typing import Final

import msgspec

from catalog.changes.facts import Approval, Traits
from catalog.changes.rules import Needed
from catalog.people.principal import Principal, Right
from catalog.refusal import Refusal
from contracts.estate_words import Role

NOBODY: Final[frozenset[str]] = frozenset()

_COMPANY_WIDE: Final[tuple[Role, ...]] = ("architect", "operator")
"""Roles that may propose a change of anything; what it needs is another question."""

EMERGENCY_ROLES: Final[tuple[Role, ...]] = ("architect", "operator")
REVIEW_ROLES: Final[tuple[Role, ...]] = ("architect", "security")


def approval_by(principal: Principal, needed: Needed, without: frozenset[str]) -> Approval | None:
    """The principal's approval where it counts for what is needed. Nobody in `without` counts, neither as who acts
    nor as who delegated."""
    for role in needed.roles:
        for team in (None,) if needed.teams is None else sorted(needed.teams):
            right = principal.right(role, team=team, without=without)
            if right is not None:
                return Approval(principal.name, role, _teams(principal, right), right.giver)
    return None


def _teams(principal: Principal, right: Right) -> frozenset[str]:
    """In which teams the right is had."""
    if not right.giver:
        return frozenset(team for team, roles in principal.memberships.items() if right.role in roles)
    return frozenset().union(
        *(each.giver_teams for each in principal.delegated if (each.role, each.giver) == (right.role, right.giver))
    )


def may_propose(principal: Principal, unit: str, traits: Iterable[Traits]) -> Refusal | None:
    """An API is changed by the API owners of its team, as it was and as it will be, and by architects and
    operators; the estate's own files by the latter two and by security."""
    if any(principal.right(role) is not None for role in _COMPANY_WIDE):
        return None
    owners = {each.owner for each in traits}
    if not owners and principal.right("security") is not None:
        return None
    if owners and any(principal.right("api-owner", team=owner) is not None for owner in owners):
        return None
    roles: list[Role] = [*_COMPANY_WIDE, "api-owner" if owners else "security"]
    of = f" (API owners of {' or '.join(sorted(owners))})" if owners else ""
    detail = f"A change of {unit!r} is proposed by members with the role {' or '.join(roles)}{of}."
    return role_missing(principal, detail, roles)


def waiver_deciders(traits: Traits | None) -> tuple[Needed, ...]:
    """Who lets a finding pass, one of these: an architect; of the domain, where that decides for itself; also an
    API owner, where nobody else is asked. Of the estate's own files an architect or security."""
    if traits is None:
        return (Needed(("architect", "security"), 1, None, ()),)
    architect = Needed(("architect",), 1, traits.domain if traits.governance == "federated" else None, ())
    if traits.governance != "decentralised":
        return (architect,)
    return (architect, Needed(("api-owner",), 1, frozenset((traits.owner,)), ()))


def waiver_right(
    principal: Principal, traits: Iterable[Traits | None], without: frozenset[str] = NOBODY
) -> Right | None:
    """By which right the principal decides about waivers of an API that is all of this; None for none. It is their
    own or of one giver: the roles of two are not one right."""
    found = [_waiver_approval(principal, each, without) for each in traits]
    approvals = [each for each in found if each is not None]
    givers = {each.giver for each in approvals if each.giver}
    if len(approvals) < len(found) or not approvals or len(givers) > 1:
        return None
    return Right(approvals[0].role, "".join(givers))


def _waiver_approval(principal: Principal, traits: Traits | None, without: frozenset[str]) -> Approval | None:
    approvals = (approval_by(principal, each, without) for each in waiver_deciders(traits))
    return next((each for each in approvals if each is not None), None)


def has_any(principal: Principal, roles: Iterable[Role], without: frozenset[str] = NOBODY) -> Right | None:
    """The first right among these roles, in whichever team."""
    for role in roles:
        right = principal.right(role, without=without)
        if right is not None:
            return right
    return None


def role_missing(principal: Principal, detail: str, roles: Iterable[Role]) -> Refusal:
    """403, with the roles that would do."""
    return Refusal("role-missing", f"{detail} {principal.name} is none of them.", {"roles": sorted(set(roles))})


def own_change(principal: Principal, what: str, authors: Iterable[str]) -> Refusal:
    """403: separation of duties, for everyone."""
    detail = (
        f"Nobody decides about {what} of their own, whatever their roles, nor in the name of an author: "
        f"{principal.name} needs somebody else for that."
    )
    return Refusal("own-change", detail, {"authors": sorted(authors)})


def conflict(detail: str, current: msgspec.Struct) -> Refusal:
    """409, with how it stands now."""
    return Refusal("state-conflict", detail, {"current": msgspec.to_builtins(current)})
