"""What guards do about members' accounts: invite, reset, shut, open, end sessions.

Security members and operators do; but whoever has a guarded role (`catalog.login.session.GUARDED`) is invited,
reset and shut by security members alone. An operator could otherwise become an architect by giving itself the
account of one.
"""

from dataclasses import dataclass

from catalog.clock import Clock
from catalog.credentials.rights import GUARDS, guards
from catalog.login.accounts import Account, Accounts
from catalog.login.factors import Enrolled, Factors
from catalog.login.invitations import Invitation, Invitations
from catalog.login.session import needs_second_factor
from catalog.login.sessions import SessionEntry, Sessions
from catalog.people.directory import Directory
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store

_UNKNOWN = Refusal("resource-not-found", "There is no such member in a team of the estate.")


@dataclass(frozen=True, slots=True)
class Status:
    """How a member can log in, without anything that opens."""

    account: Account
    factors: Enrolled
    factor_demanded: bool
    sessions: tuple[SessionEntry, ...]


class Administration:
    """The acts. `clock` gives Unix seconds."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        accounts: Accounts,
        invitations: Invitations,
        factors: Factors,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._accounts = accounts
        self._invitations = invitations
        self._factors = factors
        self._sessions = sessions
        self._clock = clock

    async def status(self, member: str) -> Status:
        """One member's. Raises SQLAlchemyError."""
        principal = await self._directory.principal(member)
        return Status(
            account=await self._accounts.of(member),
            factors=await self._factors.of(member),
            factor_demanded=principal is not None and needs_second_factor(principal),
            sessions=await self._sessions.list(member),
        )

    async def invite(
        self, principal: Principal, member: str, hours: int, *, resets_factors: bool, request_id: str
    ) -> Invitation | Refusal:
        """A code by which the member sets a password. Raises SQLAlchemyError."""
        refusal = await self._refusal(principal, member)
        if refusal is not None:
            return refusal
        if (await self._accounts.of(member)).disabled_at is not None:
            current = {"current": {"member": member}}
            return Refusal("state-conflict", "The account is disabled. Enable it first.", current)
        async with self._store.write() as connection:
            await self._accounts.make(connection, member)
            made = await self._invitations.make(
                connection, member, hours, principal.name, resets_factors=resets_factors
            )
            reason = f"for {hours} h{', second factors too' if resets_factors else ''}"
            await self._accounts.tell(connection, "invited", member, principal.name, reason, request_id)
        return made

    async def disable(
        self, principal: Principal, member: str, reason: str, *, request_id: str
    ) -> Account | Refusal:
        """Shuts an account, also to an external provider, and ends its sessions. To shut it again is a conflict.
        Raises SQLAlchemyError."""
        refusal = await self._refusal(principal, member)
        if refusal is not None:
            return refusal
        account = await self._accounts.of(member)
        if account.disabled_at is not None:
            return Refusal("state-conflict", "The account is disabled already.", {"current": {"member": member}})
        async with self._store.write() as connection:
            await self._accounts.set_disabled(connection, member, int(self._clock()), reason)
            await self._invitations.drop(connection, member)
            await self._accounts.tell(connection, "disabled", member, principal.name, reason, request_id)
            await self._sessions.end_all(connection, member, principal.name, reason, request_id)
        return await self._accounts.of(member)

    async def enable(
        self, principal: Principal, member: str, reason: str, *, request_id: str
    ) -> Account | Refusal:
        """Opens it again, as it was. Raises SQLAlchemyError."""
        refusal = await self._refusal(principal, member)
        if refusal is not None:
            return refusal
        account = await self._accounts.of(member)
        if account.disabled_at is None:
            return Refusal("state-conflict", "The account is not disabled.", {"current": {"member": member}})
        async with self._store.write() as connection:
            await self._accounts.set_disabled(connection, member, None, "")
            await self._accounts.tell(connection, "enabled", member, principal.name, reason, request_id)
        return await self._accounts.of(member)

    async def end_sessions(
        self, principal: Principal, member: str, reference: str | None, reason: str, *, request_id: str
    ) -> int | Refusal:
        """Logs a member out, of one session or of all: one's own, or anyone's for a guard. Raises
        SQLAlchemyError."""
        if member != principal.name and not guards(principal):
            return Refusal("role-missing", "These are another member's sessions.", {"roles": list(GUARDS)})
        async with self._store.write() as connection:
            ended = await self._sessions.end_all(connection, member, principal.name, reason, request_id, reference)
        if reference is not None and not ended:
            return Refusal("resource-not-found", "There is no such session.")
        return ended

    async def _refusal(self, principal: Principal, member: str) -> Refusal | None:
        target = await self._directory.principal(member)
        if target is None:
            return _UNKNOWN
        if not needs_second_factor(target) or principal.right("security") is not None:
            return None
        detail = f"{member} has a role that a password alone does not give: a security member sees to the account."
        return Refusal("role-missing", detail, {"roles": ["security"]})
