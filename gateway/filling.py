"""Fills a router with the versions of a snapshot, each tried before it is taken, in small steps."""

from collections.abc import Mapping
from typing import Protocol

import msgspec
import structlog

from contracts.asked_scopes import asked_scopes
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.packed import PackedVersion, Steps, decode_operation
from contracts.snapshot import SnapshotError
from gateway.approving import Approvals, NotApprovedError
from gateway.routes import Binding, ServedOperation, ServedVersion, Server
from policies.binding import upstreams_of
from policies.path_versions import PathVersions
from policies.ports import Ports
from policies.routing import Router
from policies.versioned import VersionedApis

log = structlog.get_logger()


class Current(Protocol):
    """What is in force."""

    @property
    def ports(self) -> Ports: ...

    @property
    def versions(self) -> Mapping[tuple[str, str], ServedVersion]: ...


class Filling:
    """A router on its way. `servers` are by name; `unusable` says why an upstream cannot be used; without
    `approvals` none are asked for."""

    def __init__(
        self,
        ports: Ports,
        servers: Mapping[str, Server],
        unusable: Mapping[str, str],
        max_open: int,
        current: Current | None,
        approvals: Approvals | None,
    ) -> None:
        self.ports = ports
        self.router: Router[ServedOperation] = Router()
        self.versioned: VersionedApis[ServedOperation] = VersionedApis()
        self.by_path = PathVersions()
        self.versions: dict[tuple[str, str], ServedVersion] = {}
        self.rejected: dict[str, str] = {}
        self.unapproved: set[str] = set()
        """Those of the rejected that were not approved as they are."""
        self._servers = servers
        self._unusable = unusable
        self._max_open = max_open
        self._approvals = approvals
        self._in_force: Mapping[tuple[str, str], ServedVersion] = current.versions if current is not None else {}
        self._same_ports = current is not None and current.ports is ports

    def fill(self, packed: list[PackedVersion]) -> Steps[None]:
        """Raises SnapshotError where none of the versions can be served."""
        refused: dict[tuple[str, str], str] = {}
        for version in packed:
            try:
                yield from self._take(version)
            except Exception as error:  # whatever is wrong with one API stays with that API
                refused[version.name] = f"{type(error).__name__}: {error}"
                if isinstance(error, NotApprovedError):
                    self.unapproved.add("/".join(version.name))
        # After all that is good: what was yesterday's form of one must not be in the way of another.
        for name, reason in refused.items():
            kept = name not in self.versions and (yield from self._keep(name))
            self.rejected["/".join(name)] = reason
            log.error("api version not bound", version="/".join(name), error=reason, kept=kept)
        if self.rejected and not self.versions:
            raise SnapshotError(f"no API version of the snapshot could be bound: {self.rejected}")

    def _take(self, packed: PackedVersion) -> Steps[None]:
        if packed.name in self.versions:
            raise SnapshotError("the version comes twice")
        if self._approvals is not None:
            yield from self._approvals.check(packed)
        before = self._in_force.get(packed.name)
        if before is not None and self._bound_alike(before, packed):
            if (yield from _unchanged(before, packed)):
                yield from self._place(before, packed.name)
                return
            version = yield from version_of(packed)
            if version.operations == before.version.operations:
                yield from self._bind(packed, before.binding, before)
                return
        else:
            version = yield from version_of(packed)
        binding = Binding(packed.frame, version, self.ports, self._servers, self._max_open)
        yield from self._bind(packed, binding, before)

    def _bound_alike(self, before: ServedVersion, packed: PackedVersion) -> bool:
        """Whether an operation with the same text would be bound to the same."""
        servers = before.binding.servers
        return (
            self._same_ports
            and before.frame == packed.frame
            and all(self._servers.get(name) == servers.get(name) for name in before.upstreams)
        )

    def _bind(self, packed: PackedVersion, binding: Binding, before: ServedVersion | None) -> Steps[None]:
        """Tries every operation, and keeps bound those that are in use now: their next request finds them so."""
        operations: dict[bytes, ServedOperation] = {}
        taken_over = before.operations if before is not None and before.binding is binding else {}
        busy = set() if before is None else (yield from _in_use(before))
        binding.widen(self._servers, self._unusable)
        ids, scopes, upstreams = set[str](), set[str](), set[str]()
        router = self._router_for(binding.version)
        try:
            for text in packed.operations:
                yield
                operation = decode_operation(text)
                name = operation.backend.upstream
                if name in self._unusable:
                    raise SnapshotError(self._unusable[name])
                served = taken_over.get(text)
                if served is None:
                    served = ServedOperation(binding, text, operation)
                    route = binding.bind(operation)
                    if (served.method, served.template) in busy:
                        served.route = route
                router.add(served.method, served.template, served)
                operations[text] = served
                ids.add(operation.id)
                scopes |= asked_scopes(operation)
                upstreams.add(name)
                upstreams |= upstreams_of(operation, self.ports.plan_policies)
            self._join(binding.version, router)
        except Exception:
            if before is not None and before.binding is binding:
                binding.narrow(before.upstreams)
            yield from _take_back(operations, router)
            raise
        binding.narrow(upstreams)
        if not any(served.route is not None for served in operations.values()):
            yield
            binding.rest()
            yield
        elif before is not None and binding.validators is not None and before.binding.validators is not None:
            yield from binding.validators.warm_up(before.binding.validators)
        self.versions[packed.name] = ServedVersion(
            packed.frame, binding, operations, frozenset(ids), frozenset(scopes), frozenset(upstreams)
        )

    def _place(self, served: ServedVersion, name: tuple[str, str]) -> Steps[None]:
        """Raises ValueError where one of its places is taken."""
        placed: dict[bytes, ServedOperation] = {}
        router = self._router_for(served.version)
        try:
            for text, operation in served.operations.items():
                yield
                router.add(operation.method, operation.template, operation)
                placed[text] = operation
            self._join(served.version, router)
        except ValueError:
            yield from _take_back(placed, router)
            raise
        self.versions[name] = served

    def _keep(self, name: tuple[str, str]) -> Steps[bool]:
        """Goes on with a version's last good form, where there is one and nobody has taken its place."""
        before = self._in_force.get(name)
        if before is None:
            return False
        try:
            yield from self._place(before, name)
        except ValueError:
            return False
        return True

    def _router_for(self, version: ApiVersion) -> Router[ServedOperation]:
        """The one router of all that is found by its path alone; for another version, a router of its own."""
        return self.router if version.choice is None else Router()

    def _join(self, version: ApiVersion, router: Router[ServedOperation]) -> None:
        """Raises ValueError where another API has the base path, or chooses its versions in another way."""
        if version.choice is None:
            self.by_path.add(version)
        else:
            self.versioned.add(version, version.choice, router)


def _take_back(placed: Mapping[bytes, ServedOperation], router: Router[ServedOperation]) -> Steps[None]:
    for operation in placed.values():
        yield
        router.remove(operation.method, operation.template)


def version_of(packed: PackedVersion) -> Steps[ApiVersion]:
    """The version with only those of its operations that read a record of Odoo: see `ServedVersion`."""
    yield  # what comes before and after it is not to be in one step with the longest there is
    version = packed.decode()
    yield
    reading: list[Operation] = []
    for text in packed.operations:
        yield
        if b'"kind":"odoo"' in text:
            operation = decode_operation(text)
            if isinstance(operation.backend, OdooBackend) and operation.backend.action == "get":
                reading.append(operation)
    return msgspec.structs.replace(version, operations=tuple(reading))


def _unchanged(before: ServedVersion, packed: PackedVersion) -> Steps[bool]:
    if len(before.operations) != len(packed.operations):
        return False
    for text in packed.operations:
        yield
        if text not in before.operations:
            return False
    return True


def _in_use(before: ServedVersion) -> Steps[set[tuple[str, str]]]:
    """Methods and templates of what was called."""
    busy: set[tuple[str, str]] = set()
    for operation in before.operations.values():
        yield
        if operation.route is not None:
            busy.add((operation.method, operation.template))
    return busy
