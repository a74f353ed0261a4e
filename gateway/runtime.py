"""The runtime: a snapshot made ready to serve. Built beside the one in force, then swapped in whole.

One bad API version never blocks the rest: it keeps its last good form, and is reported. What did not change is
taken over as it is: an upstream with its connections, a version and an operation with what is bound and compiled
of them. Building is a series of small steps, so that requests go on between them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.packed import Steps, at_once, read_contracts
from contracts.snapshot import (
    ContractsPart,
    Data,
    Issuer,
    Manifest,
    PackedSnapshot,
    SnapshotError,
    Upstream,
)
from gateway import protected_resource
from gateway.access import AccessView
from gateway.access_index import AccessIndex, index_after, index_of
from gateway.adapters.introspection import Introspector
from gateway.adapters.keys import IssuerKeys
from gateway.adapters.mirroring import Mirrors
from gateway.approving import Approvals
from gateway.filling import Filling
from gateway.purging import Purging
from gateway.routes import AnyUpstream, ServedOperation, ServedVersion, Server
from gateway.secrets import UpstreamSecrets
from gateway.servers import ServerMaker
from gateway.telemetry.canaries import log_back_out
from gateway.upstreams.http import HttpUpstream
from policies.caching.memory import AnswerCache
from policies.canaries import Canaries
from policies.credentials.dpop_nonces import DpopNonces
from policies.credentials.used_proofs import UsedProofs
from policies.credentials.verified_tokens import VerifiedTokens
from policies.exchange import Exchange
from policies.idempotency_keys.memory import MemoryIdempotency
from policies.idempotency_keys.records import IdempotencyStore
from policies.limits.slots import OwnSlots, Slots
from policies.path_versions import PathVersions
from policies.ports import Clock, Limiter, Ports, ProofMemory, Sandbox
from policies.routing import Router
from policies.shadows.report import MirrorReports
from policies.versioned import VersionedApis


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the pipeline reads. A runtime is never changed; the next one replaces it."""

    manifest: Manifest
    access: AccessIndex
    ports: Ports
    router: Router[ServedOperation]
    """By the path, of all versions that have a base path of their own."""
    versioned: VersionedApis[ServedOperation]
    """All others."""
    by_path: PathVersions
    """Where the former are."""
    servers: Mapping[str, Server]
    """By the upstream's name."""
    versions: Mapping[tuple[str, str], ServedVersion]
    """By API and version."""
    well_known: Mapping[str, bytes]
    rejected: Mapping[str, str]
    """Versions (`orders/v1`) that were not approved or could not be bound, with the reason; they serve their last
    good form."""
    unapproved: frozenset[str] = frozenset()
    """Those of them that were not approved."""

    @property
    def upstreams(self) -> Mapping[str, tuple[Upstream, AnyUpstream]]:
        """By name: as the estate has it, and what calls it."""
        return {name: (server.upstream, server.service) for name, server in self.servers.items()}

    def serves(self, api: str, version: str, operation: str) -> bool:
        served = self.versions.get((api, version))
        return served is not None and operation in served.ids

    def served(self, exchange: Exchange) -> ServedOperation | None:
        """What serves the method and path of an exchange now, in its own version where there are several."""
        found, version = self.router.match(exchange.path), exchange.version
        there = None if found is not None or version is None else self.versioned.find(exchange.path)
        if there is not None and version is not None:
            found = there.routes(version.version, exchange.path)
        return None if found is None else found[0].get(exchange.method)

    @property
    def size(self) -> int:
        """How many operations there are."""
        return sum(len(served.operations) for served in self.versions.values())

    def operations(self) -> Iterator[ServedOperation]:
        for served in self.versions.values():
            yield from served.operations.values()


class RuntimeBuilder:
    """Builds runtimes, one after the other, out of the process's collaborators. `approved_by` is the catalog's
    snapshot key: every version then needs an approval that it signed."""

    def __init__(
        self,
        *,
        clock: Clock,
        limiter: Limiter,
        keys: IssuerKeys,
        access: AccessView,
        secrets: UpstreamSecrets,
        session: aiohttp.ClientSession,
        make_http: Callable[..., HttpUpstream] = HttpUpstream,
        max_open: int = 4_096,
        approved_by: Ed25519PublicKey | None = None,
        key_pepper: bytes | None = None,
        proofs: ProofMemory | None = None,
        idempotency: IdempotencyStore | None = None,
        slots: Slots | None = None,
        cache: AnswerCache | None = None,
        nonces: DpopNonces | None = None,
        canaries: Canaries | None = None,
        sandbox: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._limiter = limiter
        self._keys = keys
        self._access = access
        self._witness = Introspector(session, secrets, clock, monotonic)
        self._max_open = max_open
        self._approved_by = approved_by
        self._key_pepper = key_pepper
        self._proofs: ProofMemory = UsedProofs(clock) if proofs is None else proofs
        self._slots: Slots = OwnSlots() if slots is None else slots
        self._servers = ServerMaker(secrets, session, make_http, self._slots, limiter)
        self._idempotency: IdempotencyStore = MemoryIdempotency() if idempotency is None else idempotency
        self._cache = AnswerCache() if cache is None else cache
        self._purging = Purging(self._cache)
        self._nonces = nonces
        self._canaries = Canaries(log_back_out) if canaries is None else canaries
        self._sandbox = Sandbox() if sandbox else None
        self._mirrors = Mirrors()
        self._mirror_reports = MirrorReports()

    def build(self, snapshot: PackedSnapshot, current: Runtime | None, *, stored: bool = False) -> Runtime:
        """`steps`, one right after the other."""
        return at_once(self.steps(snapshot, current, stored=stored))

    def steps(self, snapshot: PackedSnapshot, current: Runtime | None, *, stored: bool = False) -> Steps[Runtime]:
        """The runtime of a snapshot; `stored`: it was in force before. Raises SnapshotError where nothing of it
        can be served."""
        manifest = snapshot.manifest
        access = yield from self._index(snapshot, current)
        if current is not None and current.manifest.contracts == manifest.contracts:
            known = current.well_known
            if access.issuers != current.access.issuers:
                known = yield from _documents(current.ports.audience, current.versions.values(), access.issuers)
            return replace(current, manifest=manifest, access=access, well_known=known)
        if snapshot.contracts is None:
            raise SnapshotError("there is no contracts part")
        part, packed = yield from read_contracts(snapshot.contracts)
        there = current.servers if current is not None else {}
        servers, unusable = yield from self._servers.steps(part.upstreams, there)
        filling = self._filling(part, servers, unusable, current, stored)
        yield from filling.fill(packed)
        return Runtime(
            manifest,
            access,
            filling.ports,
            filling.router,
            filling.versioned,
            filling.by_path,
            servers,
            filling.versions,
            (yield from _documents(part.audience, filling.versions.values(), access.issuers)),
            filling.rejected,
            frozenset(filling.unapproved),
        )

    def renewed(self, contracts: Data, current: Runtime) -> Steps[Runtime]:
        """`current`, which was made of `contracts`, with the upstreams' secrets as they are now; `current` itself
        where nothing comes of that. Raises SnapshotError as `steps`."""
        part, packed = yield from read_contracts(contracts)
        servers, unusable = yield from self._servers.steps(part.upstreams, current.servers)
        if servers == current.servers:
            return current
        filling = self._filling(part, servers, unusable, current, stored=True)
        yield from filling.fill(packed)
        return replace(
            current,
            router=filling.router,
            versioned=filling.versioned,
            by_path=filling.by_path,
            servers=servers,
            versions=filling.versions,
            well_known=(yield from _documents(part.audience, filling.versions.values(), current.access.issuers)),
            rejected=filling.rejected,
            unapproved=frozenset(filling.unapproved),
        )

    @staticmethod
    def _index(snapshot: PackedSnapshot, current: Runtime | None) -> Steps[AccessIndex]:
        change = snapshot.change
        if change is not None and current is not None and current.manifest.access == change.base:
            return index_after(current.access, change)
        if snapshot.access is not None:
            return (yield from index_of(snapshot.access))
        if current is not None:
            return current.access
        raise SnapshotError("there is no access part")

    def _filling(
        self,
        part: ContractsPart,
        servers: Mapping[str, Server],
        unusable: Mapping[str, str],
        current: Runtime | None,
        stored: bool,
    ) -> Filling:
        ports, approvals = self._ports(part, current), self._approvals(part, stored)
        return Filling(ports, servers, unusable, self._max_open, current, approvals)

    def adopt(self, runtime: Runtime, previous: Runtime | None) -> None:
        """Puts the access part in force and closes the upstreams that the new runtime no longer has."""
        if previous is None or previous.manifest.access != runtime.manifest.access:
            self._keys.update(runtime.access.issuers)
            self._witness.update(runtime.access.issuers)
            runtime.access.settle()
            self._access.swap(runtime.access)
            self._purging.follow(runtime.access.purges)
        self._mirrors.servers = runtime.servers
        for _, upstream in runtime.upstreams.values():
            upstream.start()
        if previous is None:
            return
        kept = {id(upstream) for _, upstream in runtime.upstreams.values()}
        for _, upstream in previous.upstreams.values():
            if id(upstream) not in kept:
                upstream.retire()

    def close(self, runtime: Runtime) -> None:
        """Breaks off what is still open, when the process ends."""
        self._mirrors.close()
        for _, upstream in runtime.upstreams.values():
            upstream.close()

    def _approvals(self, part: ContractsPart, stored: bool) -> Approvals | None:
        # What a gateway stored before there were approvals it goes on with: to refuse that at an upgrade, with the
        # catalog down perhaps, would be an outage. A catalog that gives none at all is refused.
        if self._approved_by is None or (stored and not part.approvals):
            return None
        return Approvals(self._approved_by, part.approvals)

    def _ports(self, part: ContractsPart, current: Runtime | None) -> Ports:
        """Those in force where nothing of them changed, so that what is bound with them can stay."""
        plans = {plan.name: plan.limits for plan in part.plans}
        known = current.ports if current is not None and current.ports.audience == part.audience else None
        key_plans = frozenset(plan.name for plan in part.plans if plan.api_keys)
        policies = {plan.name: plan.policies for plan in part.plans if plan.policies}
        residency = {upstream.name: upstream.residency for upstream in part.upstreams if upstream.residency}
        there = (plans, key_plans, policies, residency)
        if known is not None and (known.plans, known.key_plans, known.plan_policies, known.residency) == there:
            return known
        return Ports(
            clock=self._clock,
            limiter=self._limiter,
            keys=self._keys,
            access=self._access,
            audience=part.audience,
            plans=plans,
            plan_policies=policies,
            residency=residency,
            key_plans=key_plans,
            key_pepper=self._key_pepper,
            witness=self._witness,
            proofs=self._proofs,
            idempotency=self._idempotency,
            slots=self._slots,
            cache=self._cache,
            nonces=self._nonces,
            canaries=self._canaries,
            sandbox=self._sandbox,
            mirroring=self._mirrors,
            mirror_reports=self._mirror_reports,
            # A token is verified for an audience; to it the plans are nothing.
            tokens=VerifiedTokens() if known is None else known.tokens,
        )


def dismantle(old: Runtime, runtime: Runtime) -> Steps[None]:
    """Takes what `runtime` has replaced apart in small steps. Nobody may look anything up in `old` any more."""
    if old.router is runtime.router:
        return
    yield from old.router.dismantle()
    yield from old.versioned.dismantle()
    for name, served in old.versions.items():
        if runtime.versions.get(name) is not served:
            while served.operations:
                served.operations.popitem()
                yield


def _documents(
    audience: str, versions: Iterable[ServedVersion], issuers: tuple[Issuer, ...]
) -> Steps[dict[str, bytes]]:
    found: dict[str, bytes] = {}
    everyone = tuple(versions)
    for served in everyone:
        yield
        # Versions that share a base path are one resource, with the scopes of all.
        at_base = (each.scopes for each in everyone if each.version.base_path == served.version.base_path)
        scopes = served.scopes if served.version.choice is None else frozenset().union(*at_base)
        found |= protected_resource.documents(audience, served.version, scopes, issuers)
    return found
