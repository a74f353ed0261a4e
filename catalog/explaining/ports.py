"""The ports of a request that nobody sends: time stands still, every window is new, and nobody is asked."""

from collections.abc import Awaitable, Mapping
from typing import Final

from contracts.public_keys import PublicKey
from contracts.snapshot import Application, ContractsPart
from policies.credentials.known_keys import KnownKey
from policies.credentials.revocation import NOTHING, Revocations
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.exchange import Allowance
from policies.limits.meter import Meter
from policies.ports import Ports


class NotOffline(Exception):
    """A stage asks what cannot be known here; the message says what."""


_KEYS: Final = "the keys of its issuer are needed"


class NoKeys:
    """Implements `policies.ports.KeySource`."""

    def trusted(self, issuer: str, /) -> TrustedIssuer | None:
        raise NotOffline(_KEYS)

    def find(self, issuer: str, key_id: str, /) -> PublicKey | None:
        raise NotOffline(_KEYS)

    def fetch(self, issuer: str, key_id: str, /) -> Awaitable[PublicKey | None]:
        raise NotOffline(_KEYS)


class EstateAccess:
    """Implements `policies.ports.Access`: the estate's applications, of which nothing was revoked."""

    def __init__(self, applications: Mapping[str, Application]) -> None:
        self.generation = 1
        self.applications = applications
        self.identities: Mapping[tuple[str, str], Application] = {}
        self.keys: Mapping[str, KnownKey] = {}
        self.revocations: Revocations = NOTHING


class NewWindows:
    """Implements `policies.ports.Limiter`: each call is the first in all of its windows."""

    def take(self, meter: Meter, cost: int, /) -> Allowance:
        limits = meter.limits
        full = tuple(limit.name for limit in limits if cost > limit.most)
        left = [number for limit in limits for number in (limit.most - (0 if full else cost), limit.window)]
        return Allowance(limits, left, full)


def offline_ports(part: ContractsPart, applications: Mapping[str, Application], at: float) -> Ports:
    """At a moment (Unix seconds), for what a gateway would enforce."""
    return Ports(
        clock=lambda: at,
        limiter=NewWindows(),
        keys=NoKeys(),
        access=EstateAccess(applications),
        audience=part.audience,
        plans={plan.name: plan.limits for plan in part.plans},
        plan_policies={plan.name: plan.policies for plan in part.plans if plan.policies},
        residency={each.name: each.residency for each in part.upstreams if each.residency},
        key_plans=frozenset(plan.name for plan in part.plans if plan.api_keys),
    )
