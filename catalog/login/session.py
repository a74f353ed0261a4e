"""A session: who is logged in, since when, and by what."""

from dataclasses import dataclass, field
from typing import Final

from catalog.people.principal import Principal
from contracts.estate_words import Role

GUARDED: Final[tuple[Role, ...]] = ("security", "architect")
"""Roles that nobody has by a password alone: they revoke credentials and let changes pass."""

SECOND: Final = frozenset({"otp", "hwk", "mfa"})
"""Methods (RFC 8176) that make a log-in one by two factors: a one-time password, a key, or a provider's word."""


@dataclass(frozen=True, slots=True)
class Session:
    """One person's log-in in one browser. `principal` is the member with the roles of this very moment;
    `reference` names the session and opens nothing; `methods` are values of RFC 8176, such as `pwd` and `otp`.
    Times are Unix seconds. `csrf_token` goes into every form."""

    principal: Principal
    reference: str
    methods: tuple[str, ...]
    authenticated_at: int
    csrf_token: str = field(repr=False)

    @property
    def member(self) -> str:
        """The member's name: its key in `teams.yaml`."""
        return self.principal.name


def needs_second_factor(principal: Principal) -> bool:
    """Whether a role of it, its own or delegated, is one that a password alone does not give."""
    return any(principal.right(role) is not None for role in GUARDED)


def suffices(principal: Principal, methods: tuple[str, ...]) -> bool:
    """Whether it was proved by enough to be who it is now."""
    return not needs_second_factor(principal) or not SECOND.isdisjoint(methods)
