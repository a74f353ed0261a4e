"""How members log in to the pages: `contract/accounts.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import Page, page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.credentials.rights import GUARDS, guards
from catalog.login.administration import Administration
from catalog.login.invitation_pages import INVITATION_PATH
from catalog.login.invitations import DEFAULT_HOURS
from catalog.login.room import LoginRoom
from catalog.login.sessions import Sessions
from catalog.people.directory import Directory
from catalog.people.members import Member
from catalog.refusal import Refusal
from contracts.estate_words import Role


class Membership(msgspec.Struct, frozen=True):
    team: str
    roles: tuple[Role, ...]


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A member's account, without anything that opens."""

    member: str
    title: str
    memberships: tuple[Membership, ...]
    password_set_at: datetime | None
    factors: tuple[str, ...]
    factor_demanded: bool
    recovery_codes: int
    sessions: int
    invited_until: datetime | None
    disabled_at: datetime | None
    disabled_reason: str


class NewInvitation(msgspec.Struct, frozen=True):
    hours: int = DEFAULT_HOURS
    resets_factors: bool = False


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, with the code that is shown this once."""

    member: str
    code: str
    url: str
    expires_at: datetime


class Reason(msgspec.Struct, frozen=True):
    reason: str


class Ended(msgspec.Struct, frozen=True):
    member: str
    ended: int


class AccountRoutes:
    """The handlers."""

    def __init__(self, login: LoginRoom, directory: Directory) -> None:
        self._administration: Administration = login.administration
        self._sessions: Sessions = login.sessions
        self._url = login.pages.url
        self._directory = directory
        self.routes = (
            AdminRoute("listAccounts", self.list_accounts),
            AdminRoute("showAccount", self.show),
            AdminRoute("inviteMember", self.invite),
            AdminRoute("disableAccount", self.disable),
            AdminRoute("enableAccount", self.enable),
            AdminRoute("listSessions", self.list_sessions),
            AdminRoute("endSessions", self.end_sessions),
        )

    async def list_accounts(self, request: AdminRequest) -> Result:
        text = request.query.get("text", "").lower()
        members = [
            member
            for name, member in sorted(self._directory.members.by_name.items())
            if text in name.lower() or text in member.title.lower()
        ]
        wanted: Page[Member] = page(request, members, lambda each: each.name)
        return Page(tuple([await self._view(each) for each in wanted.items]), wanted.next)

    async def show(self, request: AdminRequest) -> Result:
        found = self._directory.members.by_name.get(request.path["member"])
        if found is None:
            return Refusal("resource-not-found", "There is no such member in a team of the estate.")
        return await self._view(found)

    async def invite(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewInvitation)
        made = await self._administration.invite(
            request.principal,
            request.path["member"],
            wanted.hours,
            resets_factors=wanted.resets_factors,
            request_id=request.request_id,
        )
        if isinstance(made, Refusal):
            return made
        url = f"{self._url}{INVITATION_PATH}?member={made.member}"
        return InvitationView(member=made.member, code=made.code, url=url, expires_at=moment(made.expires_at))

    async def disable(self, request: AdminRequest) -> Result:
        reason = request.body_as(Reason).reason
        done = await self._administration.disable(
            request.principal, request.path["member"], reason, request_id=request.request_id
        )
        return done if isinstance(done, Refusal) else await self._view(self._member(done.member))

    async def enable(self, request: AdminRequest) -> Result:
        done = await self._administration.enable(
            request.principal, request.path["member"], request.query["reason"], request_id=request.request_id
        )
        return done if isinstance(done, Refusal) else await self._view(self._member(done.member))

    async def list_sessions(self, request: AdminRequest) -> Result:
        member: str = request.path["member"]
        if member != request.principal.name and not guards(request.principal):
            return Refusal("role-missing", "These are another member's sessions.", {"roles": list(GUARDS)})
        return page(request, await self._sessions.list(member), lambda each: each.reference)

    async def end_sessions(self, request: AdminRequest) -> Result:
        member: str = request.path["member"]
        ended = await self._administration.end_sessions(
            request.principal,
            member,
            request.query.get("reference"),
            request.query["reason"],
            request_id=request.request_id,
        )
        return ended if isinstance(ended, Refusal) else Ended(member, ended)

    def _member(self, name: str) -> Member:
        # A publication may have taken the member away in this very moment: what was done was done.
        return self._directory.members.by_name.get(name) or Member(name, "", "", {})

    async def _view(self, member: Member) -> AccountView:
        status = await self._administration.status(member.name)
        account, factors = status.account, status.factors
        return AccountView(
            member=member.name,
            title=member.title,
            memberships=tuple(
                Membership(team, tuple(sorted(roles))) for team, roles in sorted(member.memberships.items())
            ),
            password_set_at=moment_or_none(account.password_set_at),
            factors=(*(("totp",) if factors.totp else ()), *("passkey" for _ in factors.passkeys)),
            factor_demanded=status.factor_demanded,
            recovery_codes=factors.recovery_codes,
            sessions=len(status.sessions),
            invited_until=moment_or_none(account.invited_until),
            disabled_at=moment_or_none(account.disabled_at),
            disabled_reason=account.disabled_reason,
        )
