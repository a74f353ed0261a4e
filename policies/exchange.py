"""An exchange: one request on its way through the gateway, and what became of it.

It is the one mutable thing of the data plane. The listener sets the first group of fields; each stage sets
what its own group says and reads only what an earlier stage has set (the order is in `policies.stages`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import msgspec

from contracts.limits import RateLimit
from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem
from contracts.snapshot import Subscription
from contracts.usage.fields import Observable

if TYPE_CHECKING:
    from policies.verdict import Reply

Header = tuple[bytes, bytes]


class CredentialUse:
    """What one credential was used for since it was last told of. `credential` is its public id; `last` is
    `time.monotonic()` seconds, `peer` the client's address then, and `grants` what it was used by."""

    __slots__ = ("application", "credential", "grants", "last", "last_grant", "peer", "taking")

    def __init__(self, credential: str, application: str, taking: object) -> None:
        self.credential = credential
        self.application = application
        self.taking = taking
        self.grants: list[Grant] = []
        self.last = 0.0
        self.last_grant: Grant | None = None
        self.peer = ""


class Grant:
    """What the access part of a `generation` gives a principal on one version: looked up once for many calls.

    `scopes` are those that an operation asked for; `use` is whom it was noted for that the grant was used.
    """

    __slots__ = ("generation", "scopes", "subscription", "use")

    def __init__(self, generation: int, subscription: Subscription, scopes: frozenset[str] = frozenset()) -> None:
        self.generation = generation
        self.subscription = subscription
        self.scopes = scopes
        self.use: CredentialUse | None = None


class Binding(msgspec.Struct, frozen=True, gc=False):
    """To whose key an access token is bound: that of a DPoP proof (`dpop`, RFC 9449 §6) or of a client's
    certificate (`mtls`, RFC 8705 §3.1), by its SHA-256 thumbprint in base64url."""

    kind: Literal["dpop", "mtls"]
    thumbprint: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, as the verified access token says.

    `scopes` are those in the token; `expires` is Unix seconds; `token_id` is the `jti`, for the log. `resources`
    are those of the gateway that the token is for (RFC 8707), None for all; `binding` is the key to which it is
    bound. `grants` holds what was found out already, by what an operation needs; `log_members` is what the record
    says of the caller, as members of a JSON object that follow others.
    """

    issuer: str
    client_id: str
    subject: str
    consumer: str
    scopes: frozenset[str]
    expires: float
    token_id: str
    claims: Mapping[str, Any]
    resources: frozenset[str] | None = None
    binding: Binding | None = None
    grants: dict[object, Grant] = field(default_factory=dict, compare=False, repr=False)
    log_members: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        members = {"client_id": self.client_id, "consumer": self.consumer, "token_id": self.token_id}
        object.__setattr__(self, "log_members", "," + json_members(members))


class ClientCertificate(msgspec.Struct, frozen=True, gc=False):
    """The certificate by which a client proved itself in the TLS handshake, verified by the listener.

    `thumbprint` is the `x5t#S256` of RFC 8705 §3.1 (base64url, no padding); `subject` is in the form of RFC 4514.
    """

    thumbprint: str
    subject: str


class LimitState(msgspec.Struct, frozen=True, gc=False):
    """What one limit has left after a decision: `remaining` units, for `reset` more seconds."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int


class Allowance:
    """A limiter's decision over several limits at once: all taken, or none (`violated` names those full).

    `left` holds two numbers for each limit: the units that remain, and the seconds until all of it is free again;
    where it refused, until it would not. `undecided` names limits that let nobody through while they cannot be
    counted.
    """

    __slots__ = ("left", "limits", "undecided", "violated")

    def __init__(
        self,
        limits: tuple[RateLimit, ...],
        left: list[int],
        violated: tuple[str, ...] = (),
        undecided: tuple[str, ...] = (),
    ) -> None:
        self.limits = limits
        self.left = left
        self.violated = violated
        self.undecided = undecided

    @property
    def states(self) -> tuple[LimitState, ...]:
        """The same, limit by limit: for those who look closer than a request's way has time for."""
        left = self.left
        return tuple(
            LimitState(limit.name, limit.quota, limit.window, left[2 * index], left[2 * index + 1])
            for index, limit in enumerate(self.limits)
        )


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a message does not match its contract. It never holds the value.

    `location` is `path`, `query`, `header`, `cookie` or `body`; `pointer` is a JSON pointer, below the
    parameter's name for parameters; `rule` is the JSON Schema keyword or the OpenAPI rule.
    """

    location: str
    pointer: str
    rule: str
    message: str

    def as_member(self) -> dict[str, str]:
        """The form in a problem document's `violations`."""
        return {"in": self.location, "pointer": self.pointer, "rule": self.rule, "message": self.message}


class Trace(Protocol):
    """The exchange's place in a trace."""

    def header_lines(self) -> bytes:
        """The header lines that tell an upstream of it."""
        ...


class Kept:
    """What was found out of a request's fields, kept for further requests with the very same.

    An upstream is told `lines` by the rule `passes`, and `origin` of the client `peer` by `scheme`. They are those
    of `principal`, by the verified tokens of that `mark` and in that `generation` of the access part.
    """

    __slots__ = ("generation", "lines", "mark", "origin", "passes", "peer", "principal", "scheme")

    def __init__(self) -> None:
        self.principal: Principal | None = None
        self.mark: object = None
        self.generation = 0
        self.passes: object = None
        self.peer = ""
        self.scheme = ""
        self.lines = b""
        self.origin = b""


_NO_PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {}


class Labels:
    """An operation as the record names it, worked out when it is bound: `key` is API, version and operation id,
    `log_members` the same and the path's template as members of a JSON object that follow others. What of its
    requests can be `observable` is worked out when it is first asked for."""

    __slots__ = ("_made_of", "_observable", "key", "log_members")

    def __init__(self, version: ApiVersion, operation: Operation) -> None:
        self._made_of = (version, operation)
        self._observable: Observable | None = None
        self.key = (version.api, version.version, operation.id)
        path = version.base_path + operation.path
        members = {"api": version.api, "version": version.version, "operation": operation.id, "path": path}
        self.log_members = "," + json_members(members)

    @property
    def observable(self) -> Observable:
        if self._observable is None:
            version, operation = self._made_of
            self._observable = Observable(operation, version.documents)
        return self._observable


def json_members(members: dict[str, str]) -> str:
    """The members of a JSON object, without its braces."""
    return msgspec.json.encode(members)[1:-1].decode("utf-8")


class Forward:
    """The request that goes upstream where it is not simply the one that came.

    `path` is below the version's base path and starts with a slash. `upstream` names another than the contract's;
    the policy has to have it among its `upstreams`. With `fall_back` the contract's own is called where that other
    one cannot be, as long as nothing is done twice that may be done once only; `fell_back` then names the other. A
    `body` of None is the one that came. An Odoo is called by `parameters` and `value` in place of the exchange's
    own, where there are `parameters`.
    """

    __slots__ = (
        "body",
        "fall_back",
        "fell_back",
        "headers",
        "method",
        "parameters",
        "path",
        "query",
        "upstream",
        "value",
    )

    def __init__(self, method: str, path: str, query: bytes, headers: list[Header]) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body: bytes | None = None
        self.upstream = ""
        self.fall_back = False
        self.fell_back = ""
        self.parameters: Mapping[str, Mapping[str, Any]] | None = None
        self.value: Any = None

    def copy(self) -> "Forward":
        """The same request for another exchange."""
        made = Forward(self.method, self.path, self.query, list(self.headers))
        made.body, made.parameters, made.value = self.body, self.parameters, self.value
        made.upstream, made.fall_back, made.fell_back = self.upstream, self.fall_back, self.fell_back
        return made


class Exchange:
    """See the module's text. Times are `time.monotonic()` seconds; 0.0 where it has not happened."""

    __slots__ = (
        "allowance",
        "answer_headers",
        "answered_by",
        "at_end",
        "body",
        "body_value",
        "bytes_in",
        "bytes_out",
        "client_certificate",
        "ended_at",
        "fields",
        "forward",
        "grant",
        "headers",
        "http_version",
        "instead",
        "kept",
        "labels",
        "lasting",
        "marks",
        "method",
        "notes",
        "operation",
        "outlives",
        "parameters",
        "path",
        "path_values",
        "peer",
        "principal",
        "query",
        "reached",
        "received_at",
        "refusal",
        "refused_by",
        "request_id",
        "scheme",
        "status",
        "subscription",
        "target",
        "timed",
        "trace",
        "upgrade",
        "upstream_ended_at",
        "upstream_first_byte_at",
        "upstream_sent_at",
        "version",
        "violations",
        "would_refuse",
    )

    def __init__(
        self,
        method: str,
        target: bytes,
        headers: list[Header],
        fields: dict[bytes, bytes],
        peer: str,
        scheme: str = "http",
        http_version: str = "1.1",
        received_at: float = 0.0,
    ) -> None:
        # From the listener. `headers` are as received, order and duplicates kept; `fields` maps a lower-case
        # name to its value (duplicates joined with ", "; duplicates of what decides were refused).
        self.method = method
        self.target = target
        self.headers = headers
        self.fields = fields
        self.peer = peer
        self.scheme = scheme
        self.http_version = http_version
        self.received_at = received_at
        self.client_certificate: ClientCertificate | None = None
        self.kept: Kept | None = None  # where others with the same fields may share it
        self.upgrade = False  # the client would go on as a WebSocket (RFC 6455 §4.1)
        self.lasting = False  # it has become a WebSocket or an event stream
        self.request_id = ""
        # From the pipeline, where traces are on.
        self.trace: Trace | None = None
        # From `target`: the normalised path (the very string that is routed and forwarded) and raw query. The
        # listener sets them where it has asked already.
        self.path = ""
        self.query = b""
        # From routing. `path_values` are the raw, still percent-encoded segments, in template order.
        self.version: ApiVersion | None = None
        self.operation: Operation | None = None
        self.labels: Labels | None = None
        self.path_values: tuple[str, ...] = ()
        # From `authentication` and `subscription`.
        self.principal: Principal | None = None
        self.subscription: Subscription | None = None
        self.grant: Grant | None = None
        # From `rate_limit`.
        self.allowance: Allowance | None = None
        # From the body's arrival and `request_schema`. `parameters` maps a location to decoded values by name.
        self.body: bytes | None = None
        self.body_value: Any = None
        self.parameters: Mapping[str, Mapping[str, Any]] = _NO_PARAMETERS
        # From the stages and the upstream's answer: headers to add to what the client gets.
        self.answer_headers: list[Header] = []
        self.status = 0
        self.refusal: Problem | None = None
        self.refused_by = ""
        self.answered_by = ""  # the policy that answered in place of an upstream
        self.violations: tuple[Violation, ...] = ()
        self.would_refuse: tuple[str, ...] = ()
        # From a policy that sends another request upstream than came: what is sent.
        self.forward: Forward | None = None
        # From a policy that may have an answer where the upstream gives none.
        self.instead: Callable[[Exchange, Problem], Reply | None] | None = None
        # What a policy keeps from its stage to its filter, by its id, and what is to be called when the exchange
        # has ended, however it did. Both are made by the first that needs them.
        self.notes: dict[str, Any] | None = None
        self.at_end: list[Callable[[Exchange], None]] | None = None
        # Whether the upstream's call is completed even if the client goes away, and whether one that was given up
        # or has failed may have reached the upstream.
        self.outlives = False
        self.reached = False
        # For the record. `marks` are when the stages began and when each of them had its verdict, once for those
        # on the head and once for those on the body; `timed` names what passed between two of them.
        self.marks: list[float] = []
        self.timed: tuple[str, ...] = ()
        self.bytes_in = 0
        self.bytes_out = 0
        self.upstream_sent_at = 0.0
        self.upstream_first_byte_at = 0.0
        self.upstream_ended_at = 0.0
        self.ended_at = 0.0

    def note(self, policy: str, value: Any) -> None:
        """Keeps something of a policy's for its filter, or for the exchange's end."""
        if self.notes is None:
            self.notes = {}
        self.notes[policy] = value

    def noted(self, policy: str) -> Any:
        """What the policy has kept; None where that is nothing."""
        return None if self.notes is None else self.notes.get(policy)

    def when_ended(self, call: "Callable[[Exchange], None]") -> None:
        """Has `call` called once, when the exchange has ended in whatever way; it must neither wait nor raise."""
        if self.at_end is None:
            self.at_end = []
        self.at_end.append(call)

    def forwarded(self) -> Forward:
        """The request that goes upstream, to be changed: the one that came, where no policy has changed it yet."""
        if self.forward is None:
            assert self.version is not None
            path = self.path[len(self.version.base_path) :]
            self.forward = Forward(self.method, path, self.query, self.headers)
        return self.forward

    @property
    def limits(self) -> tuple[LimitState, ...]:
        """What every limit of the caller's plan has left; empty where none was asked."""
        return () if self.allowance is None else self.allowance.states
