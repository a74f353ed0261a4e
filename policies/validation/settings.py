"""What may be set of the policies that hold messages against contracts.

Beside those policies and not in their modules, which are compiled: mypyc keeps of a field's type too little to
check a value by, or to write it down.
"""

from typing import Annotated, Final, Literal

import msgspec

from policies.policy import PolicyConfig

MOST_DECODED: Final = 16_777_216
"""Bytes that are decoded at once, whatever is asked for: all other requests wait meanwhile."""

Many = Annotated[int, msgspec.Meta(ge=1, le=1 << 30)]


class RequestContentConfig(PolicyConfig, frozen=True):
    """Bounds that hold beside the contract's own."""

    depth: Annotated[int, msgspec.Meta(ge=1, le=64)] = 64
    """Arrays and objects in each other, in JSON."""
    array_items: Many = 10_000
    """Items of one array."""
    object_members: Many = 1_000
    """Members of one object."""
    string_length: Many = 1_048_576
    """Characters of one text, or of a member's name."""
    number_digits: Annotated[int, msgspec.Meta(ge=16, le=4_096)] = 100
    """Bytes of one number as it is written. A double has at most 17 digits that count."""
    charset: Literal["utf-8", "any"] = "utf-8"
    """What a `charset` of the Content-Type may say. Of JSON it is always UTF-8."""
    encodings: tuple[Literal["gzip", "br", "zstd"], ...] = ()
    """Content codings that are taken, and undone. Such a request is read whole before the upstream is called."""
    decoded_bytes: Annotated[int, msgspec.Meta(ge=1, le=MOST_DECODED)] | None = None
    """The most that an encoded body may come to; where it is not set, the operation's `max-body`, up to 16 MiB."""
    parts: Many = 1_000
    """Parts of a multipart body, and pairs of a form."""
    part_bytes: Many | None = None
    """The most bytes of one part; where it is not set, the operation's `max-body`."""
    part_header_bytes: Annotated[int, msgspec.Meta(ge=128, le=65_536)] = 4_096
    """Bytes of one header field of a part."""
    file_names: Literal["plain", "any"] = "plain"
    """`plain`: a part's file name has at most 255 characters, none of them a slash or a control character."""
    ratio: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    """How many times its encoded bytes a body may come to, beyond 64 KiB."""


class RequestSchemaConfig(PolicyConfig, frozen=True):
    """How strictly a request is held against its contract."""

    unknown_query: Literal["refuse", "ignore", "strip"] | None = None
    """What becomes of query parameters that the contract does not have. `ignore` sends them on, `strip` does not.
    Where it is not set, `defaults.unknown-query` of the estate holds."""
    defaults: Literal["leave", "inject"] = "leave"
    """Whether what is missing of query, header fields and JSON bodies is filled in with its schema's `default`."""
    read_only: Literal["allow", "refuse"] = "allow"
    """Whether a body may have properties that are `readOnly`."""
    accept: Literal["any", "contract"] = "any"
    """`contract`: a client whose `Accept` takes none of the media types of successful answers is refused (406).
    There is nothing to refuse where one of those has no content."""


class ResponseSchemaConfig(PolicyConfig, frozen=True):
    """Settings of `response-schema`."""

    sample: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """The share of answers that are looked at where the policy reports for everybody. Where it enforces for some
    consumer or plan, each answer is."""
