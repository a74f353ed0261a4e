"""What the policies need from outside: small protocols, implemented in `gateway/adapters`."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.policy_settings import PolicyUse
from contracts.public_keys import PublicKey
from contracts.snapshot import Application, RateLimit
from policies.caching.memory import AnswerCache
from policies.canaries import Canaries
from policies.credentials.dpop_nonces import DpopNonces
from policies.credentials.known_keys import KnownKey
from policies.credentials.revocation import Revocations
from policies.credentials.token_claims import TokenClaims
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.credentials.used_proofs import UsedProofs
from policies.credentials.verified_tokens import VerifiedTokens
from policies.exchange import Allowance as Allowance
from policies.idempotency_keys.memory import MemoryIdempotency
from policies.idempotency_keys.records import IdempotencyStore
from policies.limits.meter import Meter
from policies.limits.slots import OwnSlots, Slots
from policies.shadows.report import MirrorReports
from policies.shadows.shadow import Mirroring, NoMirroring


class Clock(Protocol):
    """Wall-clock time in Unix seconds."""

    def __call__(self) -> float: ...


class Limiter(Protocol):
    def take(self, meter: Meter, cost: int, /) -> Allowance | Awaitable[Allowance]:
        """Takes `cost` units from every limit of the meter, or from none of them."""
        ...


class IssuerUnavailableError(Exception):
    """The issuer gives no keys, or no word on a token, now. This is an outage (503), not a bad token (401)."""


class KeySource(Protocol):
    """The public keys of trusted issuers."""

    def trusted(self, issuer: str, /) -> TrustedIssuer | None:
        """How the tokens of a trusted issuer are read; None for an issuer that is not trusted."""
        ...

    def find(self, issuer: str, key_id: str, /) -> PublicKey | None:
        """The key, if it is known now."""
        ...

    def fetch(self, issuer: str, key_id: str, /) -> Awaitable[PublicKey | None]:
        """Fetches the issuer's keys (once for all who ask at the same time), then as `find`.

        Raises IssuerUnavailableError.
        """
        ...


class TokenWitness(Protocol):
    """Issuers that are asked about tokens which say nothing of themselves (RFC 7662)."""

    def issuer_of(self, token: bytes, /) -> str | None:
        """The one to ask about a token, if there is one."""
        ...

    def ask(self, issuer: str, token: bytes, /) -> Awaitable[TokenClaims]:
        """What the issuer says of it. Raises TokenFault, IssuerUnavailableError."""
        ...


class NoWitness:
    """Nobody is asked about any token."""

    def issuer_of(self, token: bytes, /) -> str | None:
        return None

    def ask(self, issuer: str, token: bytes, /) -> Awaitable[TokenClaims]:
        raise IssuerUnavailableError(issuer)


class ProofMemory(Protocol):
    """DPoP proofs that were used, for as long as they could be used again."""

    def use(self, digest: bytes, until: float, /) -> bool | Awaitable[bool]:
        """Whether it was not used before; from now on it is, until then (Unix seconds). Raises NoRoomError."""
        ...


class Access(Protocol):
    """The access part in force. The object stays the same over swaps; what it answers changes."""

    @property
    def generation(self) -> int:
        """Grows with each swap, so that what was derived from an older one can be dropped."""
        ...

    @property
    def applications(self) -> Mapping[str, Application]:
        """By client id."""
        ...

    @property
    def identities(self) -> Mapping[tuple[str, str], Application]:
        """By issuer and client, of issuers that are not the catalog."""
        ...

    @property
    def keys(self) -> Mapping[str, KnownKey]:
        """API keys by their public id."""
        ...

    @property
    def revocations(self) -> Revocations:
        """What was revoked, of tokens that would be good otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a gateway has that is a sandbox: faults are simulated there."""

    pause: Callable[[float], Awaitable[Any]] = asyncio.sleep
    """Waits for so many seconds."""
    chance: Callable[[], float] = random.random
    """Numbers in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All that the stages are given when they are bound."""

    clock: Clock
    limiter: Limiter
    keys: KeySource
    access: Access
    audience: str
    plans: Mapping[str, tuple[RateLimit, ...]]
    """Limits by plan."""
    plan_policies: Mapping[str, tuple[PolicyUse, ...]] = field(default_factory=dict)
    """Settings of policies by plan."""
    residency: Mapping[str, str | None] = field(default_factory=dict)
    """Where each upstream is, by name."""
    key_plans: frozenset[str] = frozenset()
    """Plans under which API keys are good."""
    key_pepper: bytes | None = field(default=None, repr=False)
    """What API keys are checked with; None where the gateway was not given it."""
    witness: TokenWitness = field(default_factory=NoWitness)
    proofs: ProofMemory = field(default_factory=lambda: UsedProofs(time.time))
    canaries: Canaries = field(default_factory=Canaries)
    sandbox: Sandbox | None = None
    """What a gateway that is a sandbox has; None for any other."""
    mirroring: Mirroring = field(default_factory=NoMirroring)
    mirror_reports: MirrorReports = field(default_factory=MirrorReports)
    idempotency: IdempotencyStore = field(default_factory=MemoryIdempotency)
    cache: AnswerCache = field(default_factory=AnswerCache)
    nonces: DpopNonces | None = None
    """What DPoP proofs must have in them; None where they need no nonce."""
    slots: Slots = field(default_factory=OwnSlots)
    """Which open calls hold."""
    tokens: VerifiedTokens = field(default_factory=VerifiedTokens)
    """Shared by all operations that are bound with these ports, and dropped with them."""
