"""How protected a class a caller may see: by the scopes that its token has and its subscription grants."""

from collections.abc import Mapping
from typing import Final

from contracts.openapi.classification import LEVELS
from policies.exchange import Exchange

FULL: Final = len(LEVELS) - 1
"""The clearance for everything. What a contract does not know is as protected as can be."""


class Clearances:
    """The clearances that callers may have, as indexes of `LEVELS`. `scopes` are by the class that they open, with
    all below it; `least` is what nobody needs a scope for."""

    __slots__ = ("_scopes", "least")

    def __init__(self, least: str, scopes: Mapping[str, str]) -> None:
        self.least = LEVELS.index(least)
        ranked = ((LEVELS.index(level), scope) for level, scope in scopes.items())
        self._scopes = sorted((each for each in ranked if each[0] > self.least), reverse=True)

    @property
    def below_full(self) -> tuple[int, ...]:
        """All that leave something to be taken out."""
        return tuple(sorted({self.least, *(level for level, _ in self._scopes)} - {FULL}))

    def scope(self, level: int) -> str | None:
        """The scope that opens a class, of those the one that opens the least beside it."""
        return next((scope for each, scope in reversed(self._scopes) if each >= level), None)

    def exercise(self, exchange: Exchange, level: int) -> None:
        """Has the scope that opened a class for the caller counted as used: who needs it must not lose it."""
        scope, grant = self.scope(level), exchange.grant
        if grant is not None and scope is not None and level > self.least and scope not in grant.scopes:
            grant.scopes |= {scope}

    def of(self, exchange: Exchange) -> int:
        """The caller's."""
        principal, subscription = exchange.principal, exchange.subscription
        if principal is None or subscription is None:
            return self.least
        for level, scope in self._scopes:
            if scope in principal.scopes and scope in subscription.scopes:
                return level
        return self.least
