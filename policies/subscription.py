"""Subscription and scope: may this application call this version, and does its token allow this operation?

What counts is the intersection: a scope must be in the token and be granted by the subscription, so that a grant
that was withdrawn ends at once and not with the token. The alternatives come from the contract's `security`.
"""

from functools import lru_cache
from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from contracts.snapshot import Application, Subscription
from policies.authentication import resource_metadata
from policies.exchange import Exchange
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "subscription"

_CAPACITY: Final = 1024

_Right = tuple[Subscription, tuple[frozenset[str], ...]]


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a public operation."""
    if operation.public:
        return None
    return SubscriptionCheck(version, operation, ports).check


@lru_cache(maxsize=4096)  # many operations ask for the same
def _sets(alternatives: tuple[tuple[str, ...], ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(alternative) for alternative in alternatives)


class SubscriptionCheck:
    """Sets `exchange.subscription`. Reads `exchange.principal`."""

    __slots__ = ("_access", "_alternatives", "_api", "_generation", "_metadata", "_rights", "_version")

    def __init__(self, version: ApiVersion, operation: Operation, ports: Ports) -> None:
        self._access = ports.access
        self._api, self._version = version.api, version.version
        self._alternatives = _sets(operation.scopes)
        self._metadata = resource_metadata(ports.audience, version)
        # By client: its subscription and the alternatives that it was granted; of one generation.
        self._rights: dict[str, _Right] = {}
        self._generation = -1

    def check(self, exchange: Exchange) -> Verdict:
        principal = exchange.principal
        assert principal is not None
        if self._access.generation != self._generation:
            self._rights = {}
            self._generation = self._access.generation
        right = self._rights.get(principal.client_id)
        if right is None:
            right = self._find(principal.client_id)
            if right is None:
                return self._no_subscription()
        subscription, alternatives = right
        for alternative in alternatives:
            if alternative <= principal.scopes:
                exchange.subscription = subscription
                return ALLOW
        return self._no_scope(principal.scopes, subscription)

    def _find(self, client_id: str) -> _Right | None:
        application = self._access.applications.get(client_id)
        subscription = None if application is None else self._subscription(application)
        if subscription is None:
            return None
        granted = frozenset(subscription.scopes)
        right = subscription, tuple(wanted for wanted in self._alternatives if wanted <= granted)
        if len(self._rights) >= _CAPACITY:
            self._rights.clear()
        self._rights[client_id] = right
        return right

    def _subscription(self, application: Application) -> Subscription | None:
        for subscription in application.subscriptions:
            if subscription.api == self._api and subscription.version == self._version:
                return subscription
        return None

    def _no_subscription(self) -> Deny:
        detail = f"The application has no subscription to {self._api} {self._version}."
        return Deny(POLICY, problem("subscription-missing", detail))

    def _no_scope(self, held: frozenset[str], subscription: Subscription) -> Deny:
        """Names the alternative that the least is lacking of: scopes of the contract, which is public."""
        usable = held.intersection(subscription.scopes)
        nearest = min(self._alternatives, key=lambda wanted: len(wanted - usable), default=frozenset())
        scope = " ".join(sorted(nearest))
        ungranted = sorted(nearest.difference(subscription.scopes))
        detail = (
            f"The application's subscription does not grant {' '.join(ungranted)}."
            if ungranted
            else f"The operation needs a token with the scope {scope}."
        )
        challenge = f'Bearer error="insufficient_scope", scope="{scope}", {self._metadata}'
        return Deny(POLICY, problem("scope-insufficient", detail, headers=(("www-authenticate", challenge),)))
