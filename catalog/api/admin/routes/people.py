"""Who acts, their tokens and what they delegate: `contract/people.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment
from catalog.people.delegated_decisions import DelegatedDecisions
from catalog.people.delegations import Delegations
from catalog.people.directory import Directory
from catalog.people.tokens import MemberTokens
from catalog.refusal import Refusal
from contracts.estate_words import Role


class Membership(msgspec.Struct, frozen=True):
    team: str
    roles: tuple[Role, ...]


class DelegatedRole(msgspec.Struct, frozen=True):
    role: Role
    giver: str
    until: datetime


class Me(msgspec.Struct, frozen=True):
    """The one who asks."""

    name: str
    title: str
    email: str
    credential: str
    memberships: tuple[Membership, ...]
    delegated: tuple[DelegatedRole, ...]


class NewDelegation(msgspec.Struct, frozen=True):
    receiver: str
    role: Role
    until: datetime
    reason: str


class PeopleRoutes:
    """The handlers."""

    def __init__(
        self, directory: Directory, tokens: MemberTokens, delegations: Delegations, decisions: DelegatedDecisions
    ) -> None:
        self._decisions = decisions
        self._directory = directory
        self._tokens = tokens
        self._delegations = delegations
        self.routes = (
            AdminRoute("whoAmI", self.who_am_i),
            AdminRoute("listTokens", self.list_tokens),
            AdminRoute("revokeToken", self.revoke_token),
            AdminRoute("listDelegatedDecisions", self.list_decisions),
            AdminRoute("listDelegations", self.list_delegations),
            AdminRoute("grantDelegation", self.grant_delegation),
            AdminRoute("revokeDelegation", self.revoke_delegation),
        )

    async def who_am_i(self, request: AdminRequest) -> Result:
        principal = request.principal
        member = self._directory.members.by_name.get(principal.name)
        if member is None:  # a publication has just taken the member away
            return Refusal("member-unknown", "The member is in no team of the estate any more.")
        return Me(
            name=principal.name,
            title=member.title,
            email=member.email,
            credential=principal.credential,
            memberships=tuple(
                Membership(team, tuple(sorted(roles))) for team, roles in sorted(principal.memberships.items())
            ),
            delegated=tuple(
                DelegatedRole(each.role, each.giver, moment(each.until)) for each in principal.delegated
            ),
        )

    async def list_tokens(self, request: AdminRequest) -> Result:
        principal = request.principal
        member: str = request.query.get("member", principal.name)
        if member != principal.name and not any(principal.right(role) for role in ("security", "operator")):
            roles = ["operator", "security"]
            return Refusal("role-missing", "Another member's tokens are not to be seen.", {"roles": roles})
        return page(request, await self._tokens.list(member), lambda each: each.key_id)

    async def revoke_token(self, request: AdminRequest) -> Result:
        return await self._tokens.revoke(
            request.principal, request.path["key_id"], request.query["reason"], request_id=request.request_id
        )

    async def list_decisions(self, request: AdminRequest) -> Result:
        found = await self._decisions.list(request.query.get("giver"))
        return page(request, found, lambda each: each.key)

    async def list_delegations(self, request: AdminRequest) -> Result:
        return page(request, await self._delegations.all(), lambda each: each.id)

    async def grant_delegation(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewDelegation)
        granted = await self._delegations.grant(
            request.principal,
            self._directory.members,
            wanted.receiver,
            wanted.role,
            int(wanted.until.timestamp()),
            wanted.reason,
            request_id=request.request_id,
        )
        if isinstance(granted, Refusal):
            return granted
        return Answer(granted, 201, location=f"/delegations/{granted.id}")

    async def revoke_delegation(self, request: AdminRequest) -> Result:
        return await self._delegations.revoke(
            request.principal, request.path["delegation"], request.query["reason"], request_id=request.request_id
        )
