"""What is served, operation by operation: as text until it is called, and bound from the first call on.

Of tens of thousands of operations few are called in any hour. All of them are bound once before a snapshot is put
in force, to see that they can be; what was bound is dropped again, but of those that were in use.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from contracts.operations import ApiVersion, HttpBackend, OdooBackend, Operation
from contracts.packed import decode_operation, decode_version
from contracts.problems import Problem, problem
from contracts.snapshot import SnapshotError, Upstream
from gateway import event_streams, shedding
from gateway.upstreams.resilience.http_service import HttpService, Repeat
from gateway.upstreams.resilience.odoo_service import OdooService
from gateway.wire.headers import UpstreamLines, upstream_lines
from policies.binding import BoundStages, bind_all
from policies.ports import Ports
from policies.routing import template_of
from policies.validation.validators import Validators, validators_of

AnyUpstream: TypeAlias = HttpService | OdooService

Credential: TypeAlias = tuple[tuple[bytes, bytes] | None, Problem | None]
"""The header that proves the gateway to an upstream, or why nothing is sent to it; neither where none is named."""

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_CREDENTIAL: Final[Credential] = (None, None)
_NOT_TRUSTED: Final = problem("upstream-unreachable", "The gateway cannot verify this upstream.")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation, bound: everything that a request needs is looked up here, nothing is computed."""

    version: ApiVersion
    """Without its schemas, and without its operations but for those that Odoo's answers may have to name: see
    `ServedVersion`."""
    operation: Operation
    stages: BoundStages
    event_stream: bool
    """Whether the answer may be a stream of server-sent events."""
    buffers: bool
    """Whether the request body is read whole before the upstream is called."""
    http: HttpService | None
    credential: tuple[bytes, bytes] | None
    """The header that authenticates the gateway to the upstream."""
    unusable: Problem | None
    """Why nothing is sent to the upstream: the credential that the estate names is not there, or is none."""
    lines: UpstreamLines
    room: int
    """Open requests of the gateway up to which this one is taken."""
    elsewhere: Mapping[str, "Destination"]
    """Other upstreams than the contract's, by name, to which policies may have a request sent."""
    prefix: str
    """The path of the upstream's URL; it takes the place of the version's base path."""
    credentials: tuple[bytes, ...]
    """The names of the fields in which the gateway proves itself to any of these upstreams."""
    judged: frozenset[bytes]
    """The names of those header fields by which this operation is chosen or its requests are judged."""
    repeat: Repeat
    """What of calls to the HTTP upstream may be tried again."""
    odoo: OdooService | None
    odoo_backend: OdooBackend | None


@dataclass(frozen=True, slots=True)
class Destination:
    """An upstream that is not the contract's own, as `Route` has that one. It is of the same kind; of `http` and
    `odoo` there is neither where it cannot be used at all."""

    http: HttpService | None
    odoo: OdooService | None
    credential: tuple[bytes, bytes] | None
    unusable: Problem | None
    lines: UpstreamLines
    prefix: str


@dataclass(frozen=True, slots=True)
class Server:
    """An upstream as a version is bound to it."""

    upstream: Upstream
    service: AnyUpstream
    credential: Credential = _NO_CREDENTIAL
    secrets: bytes = b""
    """A digest of the secrets that it was made with, and of those for TLS alone."""
    trust: bytes = b""


class Binding:
    """What all operations of one version are bound with."""

    __slots__ = ("_frame", "_judged", "_room", "_unusable", "_validators", "_whole", "ports", "servers", "version")

    def __init__(
        self, frame: bytes, version: ApiVersion, ports: Ports, servers: Mapping[str, Server], max_open: int
    ) -> None:
        """`frame` is the text of `version`."""
        self.version = msgspec.structs.replace(version, documents={})
        """Without its schemas: they are as large as all the rest, and of most versions no one asks for any."""
        self.ports = ports
        self.servers = servers
        self._unusable: frozenset[str] = frozenset()
        self._room = shedding.room(max_open, version.criticality)
        self._judged = b"" if version.choice is None else version.choice.header.lower().encode("ascii")
        self._frame = frame
        self._whole: ApiVersion | None = version
        # Kept, so that operations that are bound one now and one later share what is compiled.
        self._validators: Validators | None = validators_of(version)

    @property
    def whole(self) -> ApiVersion:
        """The version with its schemas."""
        whole = self._whole
        if whole is None:
            documents = decode_version(self._frame).documents
            whole = self._whole = msgspec.structs.replace(self.version, documents=documents)
            self._validators = validators_of(whole)
        return whole

    @property
    def validators(self) -> Validators | None:
        """None while nothing is bound."""
        return self._validators

    def rest(self) -> None:
        """Nothing is bound: lets go of the schemas until something is."""
        self._whole = self._validators = None

    def widen(self, servers: Mapping[str, Server], unusable: Collection[str]) -> None:
        """Lets operations that are new in a version name upstreams that none of its operations named before. There
        is no server of those that are `unusable`."""
        self.servers, self._unusable = servers, frozenset(unusable)

    def narrow(self, upstreams: Collection[str]) -> None:
        """Lets go of all servers but these: a version that is taken over from snapshot to snapshot must not keep
        others alive that were retired long ago."""
        self.servers = {name: self.servers[name] for name in upstreams if name in self.servers}

    def bind(self, operation: Operation) -> Route:
        """Raises SnapshotError for an upstream of the wrong kind, KeyError for one that is not there, and what a
        policy raises."""
        server = self.servers[operation.backend.upstream]
        upstream, service = server.upstream, server.service
        http = service if isinstance(service, HttpService) else None
        odoo = service if isinstance(service, OdooService) else None
        if isinstance(operation.backend, HttpBackend) is not (http is not None):
            raise SnapshotError(f"{operation.id}: upstream {upstream.name!r} is of kind {upstream.kind!r}")
        whole = self.whole
        credential, unusable = server.credential
        authority, prefix = place_of(upstream)
        stages = bind_all(whole, operation, self.ports)
        elsewhere = {name: self._destination(name, upstream.kind, stages.plain) for name in stages.upstreams}
        presented = (credential, *(each.credential for each in elsewhere.values()))
        return Route(
            version=self.version,
            operation=operation,
            stages=stages,
            event_stream=event_streams.opened_by(operation),
            buffers=stages.whole or odoo is not None,
            http=http,
            credential=credential,
            unusable=unusable,
            lines=upstream_lines(authority, credential, plain=stages.plain, judged=self._judged),
            elsewhere=elsewhere,
            credentials=tuple({header[0] for header in presented if header is not None}),
            prefix=prefix,
            room=self._room,
            judged=_judged(operation, self._judged),
            repeat=_repeat(operation),
            odoo=odoo,
            odoo_backend=operation.backend if isinstance(operation.backend, OdooBackend) else None,
        )

    def _destination(self, name: str, kind: str, plain: bool) -> Destination:
        """Where policies may have requests sent. One that cannot be used takes nothing from those that go to the
        contract's own upstream, so that the operation is bound all the same."""
        if name in self._unusable:
            return Destination(None, None, None, _NOT_TRUSTED, upstream_lines(b"", None), "")
        server = self.servers[name]
        upstream, service = server.upstream, server.service
        if upstream.kind != kind:
            raise SnapshotError(
                f"a policy names upstream {name!r}, which is of kind {upstream.kind!r}, not {kind!r}"
            )
        credential, unusable = server.credential
        authority, prefix = place_of(upstream)
        lines = upstream_lines(authority, credential, plain=plain, judged=self._judged)
        if isinstance(service, OdooService):
            return Destination(None, service, credential, unusable, lines, prefix)
        return Destination(service, None, credential, unusable, lines, prefix)


class ServedOperation:
    """One operation as the router has it. `route` is None until the operation is called."""

    __slots__ = ("_binding", "method", "route", "template", "text")

    def __init__(self, binding: Binding, text: bytes, operation: Operation) -> None:
        self._binding = binding
        self.text = text
        self.method = operation.method
        self.template = template_of(binding.version, operation)
        self.route: Route | None = None

    def bind(self) -> Route:
        """The operation, bound. That this raises nothing was tried before the snapshot was put in force."""
        route = self.route
        if route is None:
            route = self.route = self._binding.bind(decode_operation(self.text))
        return route


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """One API version in force.

    `frame` is the text that it was made from, without its operations, and `operations` are by theirs: what has
    the same text in the next snapshot is taken over. `version` holds those operations only that read a record of
    Odoo: an answer about a new record says where it is served.
    """

    frame: bytes
    binding: Binding
    operations: dict[bytes, ServedOperation]
    ids: frozenset[str]
    scopes: frozenset[str]
    upstreams: frozenset[str]
    """The names of those upstreams that its operations call, or policies on them."""

    @property
    def version(self) -> ApiVersion:
        return self.binding.version


def place_of(upstream: Upstream) -> tuple[bytes, str]:
    """The authority of an upstream's URL, and its path without a slash at the end."""
    authority, _, path = upstream.url.partition("://")[2].partition("/")
    path = path.rstrip("/")
    return authority.encode("ascii"), "/" + path if path else ""


def _judged(operation: Operation, choice: bytes) -> frozenset[bytes]:
    """`choice` is the name of the field that chooses the version, or empty."""
    declared = (each.name.lower().encode("ascii") for each in operation.parameters if each.location == "header")
    return frozenset((choice, *declared) if choice else declared)


def _repeat(operation: Operation) -> Repeat:
    """What the contract says; else RFC 9110 §9.2.1: what only reads may be repeated. That a PUT or DELETE is
    idempotent (§9.2.2) is more than most servers keep, so that it has to be said."""
    if operation.retry is not None:
        return Repeat.SAFE if operation.retry == "safe" else Repeat.NEVER
    method = operation.method if operation.adapted is None else operation.adapted.method
    return Repeat.SAFE if method in _READING else Repeat.UNSENT
