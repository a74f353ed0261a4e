"""A gateway report: how one gateway process is now, and a sample of the calls that it refused or that failed.

It is sent every few seconds beside usage, and is no part of its batches: those are counts, of which none may be
lost, and this is a state, of which only the newest matters. Nothing in it is free text from a request but the
request's id: names are those of the estate and its contracts, and of a path the operation alone is told.
"""

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from contracts.usage.batch import Count, Given, Name, Time

MAX_REPORT: Final = 1 << 20
"""Bytes of an encoded report, at most."""
MAX_FAILURES: Final = 500
MAX_UPSTREAMS: Final = 1_000
MAX_HELD: Final = 100
MAX_MISMATCHED: Final = 100

Id = Annotated[str, msgspec.Meta(max_length=63)]

Breaker: TypeAlias = Literal["closed", "half-open", "open"]
Upstream: TypeAlias = Literal["not-called", "answered", "unanswered"]
"""What an upstream had to do with a call: nothing, it answered, or no answer of it came."""


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A call that ended with a status of 400 or above, or whose answer broke off.

    `at` is Unix seconds, `milliseconds` how long it took. API, version and operation are empty where no route was
    found, `application` where nobody has proved to be it. `problem` is the id of the problem type that the gateway
    answered with, and `policy` who refused; both are empty where the answer is the upstream's own. `aborted` says
    that an answer had begun with this status and was broken off.
    """

    request_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._\-]{8,128}$")]
    at: Time
    status: Annotated[int, msgspec.Meta(ge=0, le=599)]
    milliseconds: Count
    upstream: Upstream
    method: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{0,16}$")] = ""
    api: Name = ""
    version: Name = ""
    operation: Name = ""
    application: Name = ""
    consumer: Name = ""
    problem: Id = ""
    policy: Id = ""
    aborted: bool = False


class UpstreamState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An upstream as this process sees it. `serving`, `ejected` and `unhealthy` are numbers of its targets;
    `opened` is how often the breaker has opened since the process has this upstream."""

    name: Given
    breaker: Breaker
    opened: Count
    serving: Count
    ejected: Count
    unhealthy: Count
    in_use: Count
    queued: Count


class HeldVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of which a process does not serve what was published: it could not compile it, or has no approval
    of it."""

    api: Given
    version: Given
    why: Literal["rejected", "unapproved"]


class Mismatched(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An operation that could not be carried out as its contract maps it to Odoo: what does not fit, and its
    `name` where that is a model's, a field's, a method's or an argument's. `calls` met it since the report before,
    `request_id` is the last one's."""

    api: Given
    version: Given
    operation: Given
    part: Literal["model", "method", "field", "argument", "value", "answer", "call"]
    request_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._\-]{1,128}$")]
    calls: Count
    name: Name = ""


class GatewayReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`gateway` names the process (with the worker's number after a slash), `boot` this start of it, at random;
    `sequence` grows by each report, so that a repetition is known. `at` and `started` are Unix seconds, `interval`
    is how many seconds pass until the next. `serial` and `issued` are of the snapshot in force, 0 without one;
    `age` is seconds since the catalog last confirmed it, None where it never has. `beyond` counts failures that
    were more than a sample holds, since the report before. `mismatched` is no sample: each kind is in it once."""

    format: Literal[1]
    gateway: Given
    boot: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
    sequence: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    at: Time
    started: Time
    interval: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    serial: Count
    issued: Time
    age: Annotated[float, msgspec.Meta(ge=0)] | None = None
    catalog_failing: bool = False
    sandbox: bool = False
    open_requests: Count = 0
    upstreams: Annotated[tuple[UpstreamState, ...], msgspec.Meta(max_length=MAX_UPSTREAMS)] = ()
    held: Annotated[tuple[HeldVersion, ...], msgspec.Meta(max_length=MAX_HELD)] = ()
    failures: Annotated[tuple[Failure, ...], msgspec.Meta(max_length=MAX_FAILURES)] = ()
    beyond: Count = 0
    mismatched: Annotated[tuple[Mismatched, ...], msgspec.Meta(max_length=MAX_MISMATCHED)] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(GatewayReport)


def encode(report: GatewayReport) -> bytes:
    """As JSON."""
    return _encoder.encode(report)


def decode(data: bytes) -> GatewayReport:
    """Raises msgspec.DecodeError for what is no JSON, and its subclass ValidationError for what is no report."""
    return _decoder.decode(data)
