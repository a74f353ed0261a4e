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
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.exchange import Exchange, Grant, Principal
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "subscription"


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a public operation."""
    if operation.public:
        return None
    tokens = SubscriptionCheck(version, operation.scopes, ports)
    if operation.api_key is None:
        return tokens.check
    return EitherCheck(tokens, SubscriptionCheck(version, operation.api_key.scopes, ports)).check


class EitherCheck:
    """What a contract asks of an API key is not what it asks of a token."""

    __slots__ = ("_keys", "_tokens")

    def __init__(self, tokens: "SubscriptionCheck", keys: "SubscriptionCheck") -> None:
        self._tokens = tokens
        self._keys = keys

    def check(self, exchange: Exchange) -> Verdict:
        principal = exchange.principal
        assert principal is not None
        return (self._keys if principal.issuer == API_KEY_ISSUER else self._tokens).check(exchange)


class _Need:
    """What operations of one version ask for, of which many ask for the same: the key of a principal's grants."""

    __slots__ = ("alternatives", "api", "version")

    def __init__(self, api: str, version: str, alternatives: tuple[tuple[str, ...], ...]) -> None:
        self.api = api
        self.version = version
        self.alternatives = tuple(frozenset(alternative) for alternative in alternatives)


@lru_cache(maxsize=4096)
def _need(api: str, version: str, alternatives: tuple[tuple[str, ...], ...]) -> _Need:
    return _Need(api, version, alternatives)


class SubscriptionCheck:
    """Sets `exchange.subscription` and `exchange.grant`. Reads `exchange.principal`, and keeps there what it
    found."""

    __slots__ = ("_access", "_metadata", "_need")

    def __init__(self, version: ApiVersion, alternatives: tuple[tuple[str, ...], ...], ports: Ports) -> None:
        self._access = ports.access
        self._need = _need(version.api, version.version, alternatives)
        self._metadata = resource_metadata(ports.audience, version)

    def check(self, exchange: Exchange) -> Verdict:
        principal = exchange.principal
        assert principal is not None
        grant = principal.grants.get(self._need)
        if grant is None or grant.generation != self._access.generation:
            return self._first(exchange, principal)
        exchange.grant = grant
        exchange.subscription = grant.subscription
        return ALLOW

    def _first(self, exchange: Exchange, principal: Principal) -> Verdict:
        application = self._access.applications.get(principal.client_id)
        subscription = None if application is None else self._subscription(application)
        if subscription is None:
            return self._no_subscription()
        granted = frozenset(subscription.scopes)
        for alternative in self._need.alternatives:
            if alternative <= granted and alternative <= principal.scopes:
                grant = Grant(self._access.generation, subscription, alternative)
                exchange.grant = principal.grants[self._need] = grant
                exchange.subscription = subscription
                return ALLOW
        return self._no_scope(principal.scopes, subscription)

    def _subscription(self, application: Application) -> Subscription | None:
        need = self._need
        for subscription in application.subscriptions:
            if subscription.api == need.api and subscription.version == need.version:
                return subscription
        return None

    def _no_subscription(self) -> Deny:
        detail = f"The application has no subscription to {self._need.api} {self._need.version}."
        return Deny(POLICY, problem("subscription-missing", detail))

    def _no_scope(self, held: frozenset[str], subscription: Subscription) -> Deny:
        """Names the alternative that the least is lacking of: scopes of the contract, which is public."""
        usable = held.intersection(subscription.scopes)
        nearest = min(self._need.alternatives, key=lambda wanted: len(wanted - usable), default=frozenset())
        scope = " ".join(sorted(nearest))
        ungranted = sorted(nearest.difference(subscription.scopes))
        detail = (
            f"The application's subscription does not grant {' '.join(ungranted)}."
            if ungranted
            else f"The operation needs a token with the scope {scope}."
        )
        challenge = f'Bearer error="insufficient_scope", scope="{scope}", {self._metadata}'
        return Deny(POLICY, problem("scope-insufficient", detail, headers=(("www-authenticate", challenge),)))
