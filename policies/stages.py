"""The order of the stages, written once, with the reason beside each.

Before the first of them, the listener has refused what is no sound message, `policies.target` has made the path
one string, and the router has found the operation. After the last, the upstream is called.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from contracts.operations import ApiVersion, Operation
from policies import (
    authentication,
    body_limits,
    content_digest,
    lifecycle,
    rate_limit,
    request_schema,
    response_schema,
    sender_constraint,
    subscription,
    websocket,
)
from policies.exchange import Labels
from policies.ports import Ports
from policies.response_schema import ResponseCheck
from policies.verdict import Stage


class Phase(Enum):
    """When a stage runs."""

    HEAD = "head"
    """On the request's head, before a byte of its body is read."""
    BODY = "body"
    """When the body is there, or the request is known to have none."""
    RESPONSE = "response"
    """On the upstream's answer; it reports and refuses nothing."""


BODY_ARRIVAL: Final = "request-body"
"""What is timed between the stages on the head and those on the body."""

Bind: TypeAlias = Callable[[ApiVersion, Operation, Ports], Stage | None]
BindResponse: TypeAlias = Callable[[ApiVersion, Operation, Ports], ResponseCheck | None]


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """A stage before the upstream: the policy's id, when it runs, what binds it to an operation, and why here."""

    policy: str
    phase: Phase
    bind: Bind
    why: str


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """A check of the upstream's answer."""

    policy: str
    phase: Phase
    bind: BindResponse
    why: str


REQUEST_ORDER: Final[tuple[RequestEntry, ...]] = (
    RequestEntry(
        authentication.POLICY,
        Phase.HEAD,
        authentication.bind,
        "First, as everything after it depends on who calls; a stranger learns nothing but how to get a token.",
    ),
    RequestEntry(
        sender_constraint.POLICY,
        Phase.HEAD,
        sender_constraint.bind,
        "Right after the token: who cannot prove that it is theirs is nobody to whom anything is granted.",
    ),
    RequestEntry(
        subscription.POLICY,
        Phase.HEAD,
        subscription.bind,
        "Before the limits, so that a call that is not allowed takes nothing from the application's quota.",
    ),
    RequestEntry(
        rate_limit.POLICY,
        Phase.HEAD,
        rate_limit.bind,
        "Before the body is read, so that a client over its quota costs no bandwidth and no validation.",
    ),
    RequestEntry(
        lifecycle.POLICY,
        Phase.HEAD,
        lifecycle.bind,
        "After the limits, so that whoever hammers an ended version is metered; before any work on the body.",
    ),
    RequestEntry(
        body_limits.POLICY,
        Phase.HEAD,
        body_limits.bind,
        "Late on the head: a body that is too long, or of a type that the contract lacks, is not read at all.",
    ),
    RequestEntry(
        websocket.POLICY,
        Phase.HEAD,
        websocket.bind,
        "Where the contract opens a WebSocket: its handshake is judged once the call itself is allowed.",
    ),
    RequestEntry(
        content_digest.POLICY,
        Phase.BODY,
        content_digest.bind,
        "First on a signed body: what is parsed has to be what was signed.",
    ),
    RequestEntry(
        request_schema.POLICY,
        Phase.BODY,
        request_schema.bind,
        "The dearest comes last: only a request that may be made is parsed and checked against the contract.",
    ),
)

RESPONSE_ORDER: Final[tuple[ResponseEntry, ...]] = (
    ResponseEntry(
        response_schema.POLICY,
        Phase.RESPONSE,
        response_schema.bind,
        "On what the client gets; what does not match the contract is reported and not held back.",
    ),
)

ORDER: Final[tuple[RequestEntry | ResponseEntry, ...]] = REQUEST_ORDER + RESPONSE_ORDER


@dataclass(frozen=True, slots=True)
class BoundStages:
    """One operation's stages, in order; those that have nothing to do on it are not there.

    `every` are all of them; those from `body_at` on run when the body is there. `policies` names them, in the
    same order. `timed` names what passes between two of an exchange's marks: the head's stages, the body's
    arrival, the body's stages. `labels` are the operation's, for the record.
    """

    every: tuple[Stage, ...]
    body_at: int
    policies: tuple[str, ...]
    timed: tuple[str, ...]
    labels: Labels

    @property
    def head(self) -> tuple[Stage, ...]:
        return self.every[: self.body_at]

    @property
    def body(self) -> tuple[Stage, ...]:
        return self.every[self.body_at :]


def bind_all(version: ApiVersion, operation: Operation, ports: Ports) -> BoundStages:
    """Everything that can be computed before the first request, computed. Raises what a policy's `bind` raises."""
    stages: list[Stage] = []
    body_at = 0
    policies: list[str] = []
    for entry in REQUEST_ORDER:  # the head's come before the body's
        stage = entry.bind(version, operation, ports)
        if stage is not None:
            stages.append(stage)
            body_at += entry.phase is Phase.HEAD
            policies.append(entry.policy)
    timed = (*policies[:body_at], BODY_ARRIVAL, *policies[body_at:])
    return BoundStages(tuple(stages), body_at, tuple(policies), timed, Labels(version, operation))
