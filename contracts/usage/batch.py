"""A usage batch: what one gateway process counted since its batch before, as it is sent to the catalog.

Batches of one process are sent in order and one at a time, each until the catalog has taken it; `sequence` grows
by each, with gaps where batches were given up. So a number that is not above the highest taken is a repetition.
Counts are by operation and application. Nothing in a batch is free text from a request: names are those of the
estate and its contracts, values are those that a contract enumerates. Of credentials it is told when each was used
last, by which API, with which scopes and from which network: the address itself stays at the gateway.
"""

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

FORMAT: Final = 1

MAX_BATCH: Final = 4 << 20
"""Bytes of an encoded batch, at most."""
MAX_ROWS: Final = 1_000
MAX_SIGHTS: Final = 1_024
"""Sights of one row."""
MAX_CREDENTIALS: Final = 1_000
MAX_EXERCISED: Final = 256
"""API versions of one credential in a batch, each with a set of scopes."""

BOUNDS: Final = (0.025, 0.1, 0.5, 2.5)
"""Upper bounds of the buckets of durations, in seconds; a fifth bucket has what took longer. Coarse, as each
application has its own: enough to tell a slow partner from a slow API."""

ABORTED: Final = "aborted"
"""In place of a status, where an answer had begun and was broken off."""

Kind: TypeAlias = Literal[
    "accepted", "query", "header", "cookie", "body", "would-refuse", "rpc", "rpc-read", "rpc-filter", "rpc-write"
]
"""What a sight is of. `accepted`: the request matched its contract, which all others but `would-refuse` imply.
`query`, `header`, `cookie`: a parameter, `body`: a place in a JSON body. `would-refuse`: a policy that reports.
Those that begin with `rpc` are of guarded calls: see `contracts.usage.guarded`."""

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Time = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
Name = Annotated[str, msgspec.Meta(max_length=255)]
Given = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Buckets = Annotated[tuple[Count, ...], msgspec.Meta(min_length=len(BOUNDS) + 1, max_length=len(BOUNDS) + 1)]


class Tally(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Calls that ended with one status: `status` is a code that the contract declares, else a class such as `4xx`,
    or `aborted`. `microseconds` and `buckets` are of their durations, `bytes` of their requests' bodies."""

    status: Annotated[str, msgspec.Meta(pattern=r"^([1-5][0-9xX]{2}|aborted|other)$")]
    calls: Count
    microseconds: Count
    bytes: Count
    buckets: Buckets


class Sight(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """How many calls had something: see `contracts.usage.fields` for `name`. `value` is the JSON text of an
    enumerated value, and empty where it is the place itself that was there."""

    kind: Kind
    name: Annotated[str, msgspec.Meta(max_length=512)]
    value: Name
    calls: Count


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calls of one application to one operation. `application` and `consumer` are empty where an operation is
    open to everyone. `first` and `last` are Unix seconds; what was seen is dated by `last`."""

    api: Given
    version: Given
    operation: Given
    application: Name
    consumer: Name
    first: Time
    last: Time
    tallies: Annotated[tuple[Tally, ...], msgspec.Meta(min_length=1, max_length=64)]
    seen: Annotated[tuple[Sight, ...], msgspec.Meta(max_length=MAX_SIGHTS)] = ()


class Exercised(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """An API version that was called, and the scopes that its operations asked for."""

    api: Given
    version: Given
    scopes: Annotated[tuple[Given, ...], msgspec.Meta(max_length=64)]


class CredentialUsed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """That an application used a credential. `id` is the public one; `last` in Unix seconds; `network` is where
    the last call came from (CIDR, /24 or /48), `api` and `version` whom it called, empty where it was refused."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
    application: Given
    last: Time
    network: Annotated[str, msgspec.Meta(max_length=43)] = ""
    api: Name = ""
    version: Name = ""
    exercised: Annotated[tuple[Exercised, ...], msgspec.Meta(max_length=MAX_EXERCISED)] = ()


class Lost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the process could not tell since it began: `batches` that were given up, and `calls` in them or beyond
    what it may hold."""

    batches: Count = 0
    calls: Count = 0


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`gateway` names the process, `boot` this start of it, at random. `begin` and `end` are Unix seconds;
    a batch does not go over the full hour of its `begin`."""

    format: Literal[1]
    gateway: Given
    boot: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
    sequence: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    begin: Time
    end: Time
    rows: Annotated[tuple[Row, ...], msgspec.Meta(max_length=MAX_ROWS)]
    lost: Lost = Lost()
    credentials: Annotated[tuple[CredentialUsed, ...], msgspec.Meta(max_length=MAX_CREDENTIALS)] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Batch)


def encode(batch: Batch | Row | CredentialUsed) -> bytes:
    """As JSON."""
    return _encoder.encode(batch)


def decode(data: bytes) -> Batch:
    """Raises msgspec.DecodeError for what is no JSON, and its subclass ValidationError for what is no batch."""
    return _decoder.decode(data)
